import numpy as np

from gnomon.containers.box import Box
from gnomon.containers.coadd import CellCoadd, PatchCoadd
from gnomon.containers.image import Image
from gnomon.containers.skymap import PatchGrid
from gnomon.containers.wcs import tangent_wcs


def patch():
    grid = PatchGrid(1e-6, cell_inner=10, cell_border=4, cells_inner=2, cells_border=0)
    cells = []
    for cell in grid.cells():
        value = np.full(cell.outer.shape, cell.index + 1, np.float32)
        image = Image(value, value, np.zeros(value.shape, np.uint32))
        counts = np.full(value.shape, cell.index + 1, np.uint16), value / 10
        names = np.array([1]), np.array([2]), np.array([3.0])
        cells.append(CellCoadd(cell, cell.outer, image, *counts, np.zeros((5, 5), np.float32), *names))
    wcs = tangent_wcs((0.0, 0.0), (0.0, 0.0), np.eye(2))
    return PatchCoadd(tuple(cells), wcs, (grid.patch_outer, grid.patch_outer))


def test_inner_boxes_show_their_own_cell_and_the_border_the_cell_beside():
    made = patch()
    whole = made.stitched()
    assert not whole.mask.any()
    for cell in made.cells:
        assert (whole.flux[cell.cell.inner.slices()] == cell.cell.index + 1).all()
        assert (made.count()[cell.cell.inner.slices()] == cell.cell.index + 1).all()
    assert whole.flux[0, 0] == 1
    assert whole.flux[-1, -1] == 4
    assert made.masked_fraction().max() == np.float32(0.4)


def test_cell_at_a_position():
    made = patch()
    assert made.cell_at(5, 5).cell.index == 0
    assert made.cell_at(13.6, 5).cell.index == 1
    assert made.cell_at(0, 0) is None
    assert isinstance(made.cells[0].cell.inner, Box)
