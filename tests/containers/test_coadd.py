import numpy as np

from gnomon.containers.coadd import CellCoadd, PatchCoadd, Rows
from gnomon.containers.image import Image
from gnomon.containers.skymap import PatchGrid
from gnomon.flags import MASK


def patch():
    grid = PatchGrid(1e-6, cell_inner=10, cell_border=4, cells_inner=2, cells_border=0)
    cells = []
    for cell in grid.cells():
        value = np.full(cell.outer.shape, cell.index + 1, np.float32)
        image = Image(value, value, np.zeros(value.shape, np.uint32))
        counts = np.full(value.shape, cell.index + 1, np.uint16), value / 10
        names = np.array([1]), np.array([2]), np.array([3.0])
        cells.append(CellCoadd(cell, cell.outer, image, *counts, np.zeros((5, 5), np.float32), *names))
    return grid, cells


def test_inner_boxes_show_their_own_cell_and_the_border_the_cell_beside():
    grid, cells = patch()
    made = PatchCoadd.of(reversed(cells), (grid.patch_outer,) * 2)
    rows, whole = made.rows, made.rows.image
    assert not whole.mask.any()
    for number, cell in enumerate(made.cells):
        assert cell.cell.index == number
        assert not cell.image.flux.size
        assert (whole.flux[cell.cell.inner.slices()] == number + 1).all()
        assert (rows.count[cell.cell.inner.slices()] == number + 1).all()
    assert whole.flux[0, 0] == 1
    assert whole.flux[-1, -1] == 4
    assert rows.masked_fraction.max() == np.float32(0.4)


def test_rows_of_a_patch_are_those_of_the_whole():
    grid, cells = patch()
    side = grid.patch_outer
    whole = PatchCoadd.of(cells, (side, side)).rows.image
    upper = Rows((side, side), 14)
    for made in cells[2:]:
        upper.put(made)
    np.testing.assert_array_equal(upper.image.flux, whole.flux[14:])
    assert (Rows((side, side), 3, 5).image.mask == MASK["NO_DATA"]).all()
