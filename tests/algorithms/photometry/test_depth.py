"""Depth formulas against closed forms."""

import numpy as np
import pytest

from gnomon.algorithms.photometry.depth import (
    effective_time_factor,
    gaussian_noise_equivalent_area,
    limiting_magnitude,
    limiting_magnitude_with_photons,
    noise_equivalent_area,
    sky_surface_brightness,
)


def gaussian(fwhm):
    y, x = np.mgrid[-40:41, -40:41]
    return np.exp(-0.5 * (x * x + y * y) / (fwhm / 2.35482) ** 2)


@pytest.mark.parametrize("fwhm", [3.0, 5.0, 10.0])
def test_a_sampled_gaussian_has_the_closed_form_area(fwhm):
    # sampling a Gaussian of sigma > 1.2 pixels is exact to exp(-2 pi^2 sigma^2)
    assert noise_equivalent_area(gaussian(fwhm)) == pytest.approx(
        gaussian_noise_equivalent_area(fwhm), rel=1e-5
    )


def test_depth_is_the_magnitude_with_that_error():
    rng = np.random.default_rng(0)
    psf = gaussian(4.0) / gaussian(4.0).sum()
    noise = rng.normal(0, 3.0, (400, *psf.shape))
    fits = np.tensordot(noise, psf) / np.sum(psf**2)
    five_sigma = 31.4 - 2.5 * np.log10(5 * np.std(fits))
    # standard deviation of 400 draws is known to 3.5 % = 0.04 mag
    assert limiting_magnitude(noise_equivalent_area(psf), 3.0) == pytest.approx(five_sigma, abs=0.12)


def test_own_photons_make_it_shallower_and_vanish_with_the_gain():
    bright = limiting_magnitude_with_photons(40.0, 3.0, 5.0)
    assert bright < limiting_magnitude(40.0, 3.0)
    assert limiting_magnitude_with_photons(40.0, 3.0, 0.0) == pytest.approx(limiting_magnitude(40.0, 3.0))


def test_nothing_known_is_nan():
    assert np.isnan(limiting_magnitude(40.0, 0.0))
    assert np.isnan(sky_surface_brightness(-1.0, 0.2))
    with pytest.raises(ValueError, match="positive sum"):
        noise_equivalent_area(np.zeros((3, 3)))


def test_half_the_variance_is_twice_the_time():
    assert effective_time_factor(40.0, 3.0, 40.0, 3.0 * np.sqrt(2)) == pytest.approx(2.0)
    assert sky_surface_brightness(1.0, 0.2) == pytest.approx(31.4 + 5 * np.log10(0.2))
