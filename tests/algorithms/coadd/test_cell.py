import numpy as np
import pytest

from algorithms.coadd.epochs import SIDE, SKY, epochs, gaussian
from gnomon.algorithms.coadd import coadd_cell, stack_warps
from gnomon.containers.box import Box
from gnomon.containers.skymap import Cell
from gnomon.flags import MASK

CELL = Cell(5, Box(10, 10, 100, 100), Box(0, 0, SIDE, SIDE), True)


def test_the_coadd_is_the_mean_without_the_artifacts():
    warps, clean, spoil, _ = epochs(12)
    made = coadd_cell(CELL, warps, 12, 35)
    sigma = np.sqrt(SKY / 12)
    error = (made.image.flux - clean.mean(0)) / sigma
    # leaving one epoch of twelve out of a pixel changes its mean by 0.3 sigma
    touched = spoil.any(0)
    # and under a star by the difference of the seeing
    sky = clean.mean(0) < 100
    assert error[touched & sky].std() < 0.5
    assert np.abs(error[sky]).max() < 6
    assert (made.image.mask[spoil.sum(0) > 300] & MASK["CLIPPED"]).all()
    assert (made.count == 12).mean() > 0.8


def test_its_psf_is_the_mean_of_the_inputs_and_that_of_its_stars():
    warps, _, _, (x, y, flux) = epochs(5, noise=False, artifacts=False)
    made = coadd_cell(CELL, warps, 5, 35)
    np.testing.assert_allclose(made.psf, np.mean([w.psf for w in warps], 0), atol=1e-7)
    k = int(np.argmax(flux))
    sigmas = [1 / np.sqrt(2 * np.pi * w.psf.max()) for w in warps]
    others = sum(
        f * gaussian(a, b, s)
        for s in sigmas
        for i, (a, b, f) in enumerate(zip(x, y, flux, strict=True))
        if i != k
    )
    star = made.image.flux - others / 5
    want = flux[k] * sum(gaussian(x[k], y[k], s) for s in sigmas) / 5
    np.testing.assert_allclose(star, want, atol=2e-3 * want.max())


def test_noise_is_as_the_variance_says():
    warps, _, _, _ = epochs(16, artifacts=False)
    made, truth = (
        coadd_cell(CELL, warps, 16, 35),
        coadd_cell(CELL, epochs(16, artifacts=False, noise=False)[0], 16, 35),
    )
    pull = (made.image.flux - truth.image.flux) / np.sqrt(made.image.variance)
    # seeing is drawn before the noise, so the twins differ beyond the first epoch: only empty sky compares
    sky = truth.image.flux < 1
    assert pull[sky].std() == pytest.approx(1, abs=0.05)


def test_same_inputs_same_bytes_and_order_matters_only_to_the_list():
    warps, _, _, _ = epochs(7)
    first, second = coadd_cell(CELL, iter(warps), 7, 35), coadd_cell(CELL, warps, 50, 35)
    for name in ("flux", "variance", "mask"):
        assert getattr(first.image, name).tobytes() == getattr(second.image, name).tobytes()
    assert first.visit.tolist() == [w.visit for w in warps]


def test_no_warp_gives_a_valid_empty_cell():
    made = coadd_cell(CELL, [], 0, 21)
    assert (made.image.mask == MASK["NO_DATA"]).all()
    assert not made.image.variance.any()
    assert made.psf.shape == (21, 21)
    assert len(made.visit) == 0


def test_one_visit_and_one_all_masked_visit():
    warps, clean, _, _ = epochs(2, artifacts=False)
    warps[1].image.mask[:] = MASK["SAT"]
    made = coadd_cell(CELL, warps, 2, 35)
    assert made.visit.tolist() == [100]
    np.testing.assert_allclose(made.image.flux, clean[0], rtol=1e-5, atol=1e-3)
    only_bad = coadd_cell(CELL, warps[1:], 1, 35)
    assert only_bad.visit.tolist() == [101]
    assert not only_bad.count.any()


def test_saturated_cores_of_every_epoch_keep_their_value_and_say_so():
    warps, clean, _, _ = epochs(4, artifacts=False)
    for w in warps:
        w.image.mask[50:53, 50:53] = MASK["SAT"]
    made = coadd_cell(CELL, warps, 4, 35)
    core = made.image.section(slice(50, 53), slice(50, 53))
    assert (core.mask & MASK["SAT"]).all()
    assert (core.mask & MASK["INEXACT_PSF"]).all()
    np.testing.assert_allclose(core.flux, clean[:, 50:53, 50:53].mean(0), rtol=1e-5)


def test_more_warps_than_room_is_an_error():
    warps, _, _, _ = epochs(3)
    with pytest.raises(ValueError, match="room"):
        stack_warps(warps, 2)
