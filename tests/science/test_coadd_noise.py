"""The noise realisation of a coadd beside the noise of its pixels."""

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
from gnomon.kernels.coadd import smooth_gaussian

pytestmark = pytest.mark.science

SCALE = np.radians(0.2 / 3600)
MIDDLE = 1.0, -0.3


def empty_sky(visit, side):
    """A detector of noise alone, turned and dithered; its variance falls by a third from left to right."""
    rng = np.random.default_rng(visit)
    angle, shift = rng.uniform(0, 2 * np.pi), rng.uniform(-10, 10, 2)
    size = int(1.5 * side)
    c, s = SCALE * np.cos(angle), SCALE * np.sin(angle)
    wcs = tangent_wcs(MIDDLE, (size / 2 + shift[0], size / 2 + shift[1]), [[-c, s], [s, c]])
    variance = np.broadcast_to(np.linspace(1200, 800, size, dtype=np.float32), (size, size)).copy()
    flux = rng.standard_normal((size, size), np.float32) * np.sqrt(variance)
    image = Image(flux, variance, np.zeros(flux.shape, np.uint32))
    star = np.zeros((1, 15, 15), np.float32)
    star[0, 7, 7] = 1
    one = Smooth(np.ones(1), 0, (0.0, 0.0), (1.0, 1.0))
    psf = PsfModel(star, 0, (0.0, 0.0), (1.0, 1.0))
    view = DetectorView(image.shape, wcs, psf, one, image.section)
    return CoaddInput(visit, 3, 0.7, (-50.0, -50.0, side + 50.0, side + 50.0), lambda: view)


def test_its_variance_is_that_of_the_sky_to_one_percent_pixel_by_pixel_and_smoothed():
    grid = PatchGrid(SCALE, cells_inner=4)
    side = grid.patch_outer
    wcs = tangent_wcs(MIDDLE, (side / 2, side / 2), [[-SCALE, 0], [0, SCALE]])
    inputs = [empty_sky(v, side) for v in range(1, 6)]
    options = PatchOptions(15, ArtifactSettings(), 300, noise=1)
    made = PatchCoadd.of(coadd_patch(grid.cells(), side, wcs, inputs, options), (side, side)).rows
    image, noise = made.image, made.noise
    # 10^6 pixels correlated over some 2: the variance of either is known to 0.2 %, smoothed over 2 px to 1.2 %
    assert noise.var() == pytest.approx(image.flux.var(), rel=0.01)
    assert noise.var() == pytest.approx(image.variance.mean(), rel=0.01)
    wide, same = smooth_gaussian(image.flux, 2.0), smooth_gaussian(noise, 2.0)
    assert same.var() == pytest.approx(wide.var(), rel=0.05)
    assert (made.count < 5).mean() < 1e-3  # nothing here but noise: nothing to reject
    # independent pixels of this variance would have 1 / (4 pi 2^2) of it left: the interpolant correlates them
    assert same.var() > 1.1 * image.variance.mean() / (16 * np.pi)
    assert abs(np.mean(noise * image.flux)) < 0.01 * image.variance.mean()
