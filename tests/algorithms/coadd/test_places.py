"""Patches where coordinates are awkward, and inputs that give little."""

import numpy as np
import pytest

from gnomon.algorithms.coadd.artifacts import ArtifactSettings
from gnomon.algorithms.coadd.patch import CoaddInput, PatchOptions, coadd_patch
from gnomon.containers.calibrated import DetectorView, Smooth
from gnomon.containers.coadd import PatchCoadd
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.skymap import PatchGrid
from gnomon.containers.wcs import tangent_wcs
from gnomon.flags import MASK

SCALE = np.radians(0.2 / 3600)
GRID = PatchGrid(SCALE, cell_inner=50, cell_border=15, cells_inner=2, cells_border=1)
SIDE = GRID.patch_outer
SIZE = int(1.5 * SIDE)


def seen(visit, middle, mask=0):
    """One star in the middle of the patch on a turned detector."""
    rng = np.random.default_rng(visit)
    turn, (x, y) = 0.3 * visit, SIZE / 2 + rng.uniform(-5, 5, 2)
    c, s = SCALE * np.cos(turn), SCALE * np.sin(turn)
    v, u = np.mgrid[:SIZE, :SIZE]
    star = 1e5 / (2 * np.pi * 4) * np.exp(-((u - x) ** 2 + (v - y) ** 2) / 8)
    image = Image(
        (star + rng.normal(0, 3, star.shape)).astype(np.float32),
        np.full(star.shape, 9, np.float32),
        np.full(star.shape, mask, np.uint32),
    )
    basis = np.exp(-(((np.mgrid[:21, :21] - 10) ** 2).sum(0)) / 8)[None] / (8 * np.pi)
    one = Smooth(np.ones(1), 0, (0.0, 0.0), (1.0, 1.0))
    psf = PsfModel(basis.astype(np.float32), 0, (0.0, 0.0), (1.0, 1.0))
    wcs = tangent_wcs(middle, (x, y), [[-c, s], [s, c]])
    view = DetectorView(image.shape, wcs, psf, one, image.section)
    return CoaddInput(visit, 0, 0.7, (-40.0, -40.0, SIDE + 40.0, SIDE + 40.0), lambda: view)


def coadded(middle, inputs):
    wcs = tangent_wcs(middle, (SIDE / 2, SIDE / 2), [[-SCALE, 0], [0, SCALE]])
    options = PatchOptions(21, ArtifactSettings(), 100, noise=1)
    return PatchCoadd.of(coadd_patch(GRID.cells(), SIDE, wcs, inputs, options), (SIDE, SIDE)).rows


@pytest.mark.parametrize("middle", [(0.0, 0.1), (2.0, np.pi / 2), (1.0, -np.pi / 2)])
def test_a_patch_at_a_pole_or_across_ra_0_is_as_any_other(middle):
    same = coadded((1.0, -0.3), [seen(v, (1.0, -0.3)) for v in (1, 2, 3)]).image
    here = coadded(middle, [seen(v, middle) for v in (1, 2, 3)]).image
    # positions through the sky are good to 1e-9 rad / 1e-6 rad a pixel; the star's steepest slope is 1,200 per px
    np.testing.assert_allclose(here.flux, same.flux, atol=2.0)
    assert not (here.mask & MASK["NO_DATA"]).any()


def test_no_visit_one_visit_and_one_that_is_all_mask():
    middle = 1.0, -0.3
    none, one = coadded(middle, []), coadded(middle, [seen(1, middle)])
    assert (none.image.mask & MASK["NO_DATA"]).all()
    assert not none.count.any()
    assert one.count.min() == one.count.max() == 1
    lost = coadded(middle, [seen(1, middle), seen(2, middle, MASK["SAT"])])
    np.testing.assert_array_equal(lost.image.flux, one.image.flux)
    only = coadded(middle, [seen(2, middle, MASK["SAT"])])
    assert not only.count.any()
    assert (only.image.mask & MASK["SAT"]).all()


def test_a_visit_withdrawn_leaves_what_was_never_there():
    middle = 1.0, -0.3
    inputs = [seen(v, middle) for v in range(1, 6)]
    with_it, without = coadded(middle, inputs), coadded(middle, inputs[:2] + inputs[3:])
    again = coadded(middle, [seen(v, middle) for v in (1, 2, 4, 5)])
    for name in ("flux", "variance", "mask"):
        assert getattr(without.image, name).tobytes() == getattr(again.image, name).tobytes()
    assert without.noise.tobytes() == again.noise.tobytes()
    assert with_it.noise.tobytes() != again.noise.tobytes()
