import numpy as np
import pytest

from gnomon.algorithms.cosmicray import interpolate
from gnomon.containers.image import Image
from gnomon.flags import MASK


def star(fwhm=3.5, peak=1000.0):
    yy, xx = np.mgrid[:41, :41]
    return (10 + peak * np.exp(-4 * np.log(2) * ((yy - 20) ** 2 + (xx - 20.3) ** 2) / fwhm**2)).astype(
        np.float32
    )


def with_bad(flux, where, name="CR"):
    mask = np.zeros(flux.shape, np.uint32)
    mask[where] = MASK[name]
    spoiled = flux.copy()
    spoiled[where] = 1e5
    return Image(spoiled, np.full_like(flux, 4), mask)


def test_a_column_through_a_star_core_is_restored():
    truth = star()
    filled = interpolate(with_bad(truth, np.s_[:, 20], "BAD"), 3.5)
    # 2 % of assumed noise shrinks the prediction, the more the farther: 7 % of the peak over one column
    assert np.abs(filled.flux - truth).max() < 0.08 * 1000
    assert (filled.mask[:, 20] == MASK["BAD"] | MASK["INTRP"]).all()
    assert (filled.mask[:, 19] == 0).all()


def test_only_asked_planes_are_filled_and_clean_images_are_returned_as_they_are():
    image = with_bad(star(), np.s_[3, 3])
    assert interpolate(image, 3.5, MASK["SAT"]) is image


def test_pixels_without_variance_are_filled_but_stay_without_information():
    flux = np.full((30, 30), 5, np.float32)
    variance = np.ones_like(flux)
    variance[10:12, 10:12] = 0
    flux[10:12, 10:12] = 0
    filled = interpolate(Image(flux, variance, np.zeros(flux.shape, np.uint32)), 3.0)
    np.testing.assert_allclose(filled.flux, 5, rtol=1e-6)
    assert (filled.variance[10:12, 10:12] == 0).all()


def test_an_image_that_is_all_bad_becomes_zero():
    filled = interpolate(with_bad(star(), np.s_[:, :]), 3.0)
    assert (filled.flux == 0).all()


def test_refuses_a_psf_without_width():
    with pytest.raises(ValueError, match="psf_fwhm_px"):
        interpolate(with_bad(star(), np.s_[3, 3]), -1)
