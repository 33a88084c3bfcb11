import numpy as np

from algorithms.coadd.epochs import SIDE, epochs, gaussian
from gnomon.algorithms.coadd import coadd_cell, stack_warps
from gnomon.algorithms.coadd.cell import coadd_stack
from gnomon.algorithms.coadd.match import matched_stack
from gnomon.containers.box import Box
from gnomon.containers.skymap import Cell

SIGMA = 2.8
CELL = Cell(0, Box(10, 10, 100, 100), Box(0, 0, SIDE, SIDE), True)


def test_stars_of_all_epochs_have_the_model_psf_and_keep_their_flux():
    warps, _, _, (x, y, flux) = epochs(4, noise=False, artifacts=False)
    stack = matched_stack(stack_warps(warps, 4), np.zeros((SIDE, SIDE), np.float32), SIGMA)
    truth = sum(f * gaussian(a, b, SIGMA) for a, b, f in zip(x, y, flux, strict=True))
    inner = slice(15, SIDE - 15)
    for plane, psf in zip(stack.flux, stack.psf, strict=True):
        # the ridge of 1e-5 leaves out what the PSF does not hold; stamps of 35 px hold a sigma of 2.2 to 1e-14
        assert np.abs(plane - truth)[inner, inner].max() < 2e-3 * truth.max()
        np.testing.assert_allclose(psf, gaussian(17, 17, SIGMA, 35), atol=2e-3 * psf.max())


def test_the_variance_is_that_of_a_pixel_of_the_convolved_noise():
    warps, _, _, _ = epochs(3, artifacts=False)
    noiseless, _, _, _ = epochs(3, artifacts=False, noise=False)
    zero = np.zeros((SIDE, SIDE), np.float32)
    made, clean = (matched_stack(stack_warps(w[:1], 1), zero, SIGMA) for w in (warps, noiseless))
    pull = (made.flux[0] - clean.flux[0]) / np.sqrt(made.variance[0])
    # correlated over some 30 pixels: 14,400 of them are 480 independent ones, 3 %
    assert abs(pull.std() - 1) < 0.1


def test_the_coadd_of_matched_warps_has_the_model_psf():
    warps, _, _, _ = epochs(6)
    stack = stack_warps(warps, 6)
    made = coadd_stack(CELL, CELL.outer, CELL.inner, stack, 35, None, SIGMA)
    np.testing.assert_allclose(made.psf, gaussian(17, 17, SIGMA, 35), atol=2e-3 * made.psf.max())
    assert made.image.shape == CELL.inner.shape
    assert (made.count == coadd_cell(CELL, warps, 6, 35).count[10:110, 10:110]).all()
