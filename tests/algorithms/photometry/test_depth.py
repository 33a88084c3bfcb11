"""Depth formulas against closed forms."""

import numpy as np
import pytest

from gnomon.algorithms.photometry.depth import (
    effective_time,
    gaussian_noise_equivalent_area,
    limiting_magnitude,
    limiting_magnitude_with_photons,
    noise_equivalent_area,
    sky_surface_brightness,
    transparency,
)
from gnomon.containers.instrument import Conditions

CLEAR = Conditions(zero_point=28.0, extinction=0.2, sky=21.0, seeing=0.8)


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


def test_a_clear_night_is_clear_at_any_airmass():
    assert transparency(28.0, 1.0, CLEAR) == pytest.approx(1.0)
    assert transparency(27.9, 1.5, CLEAR) == pytest.approx(1.0)
    assert transparency(27.9 - 0.5, 1.5, CLEAR) == pytest.approx(10**-0.2)
    assert np.isnan(transparency(27.9, np.nan, CLEAR))


@pytest.mark.parametrize(("loss", "seeing", "sky"), [(0.0, 0.8, 21.0), (0.7, 0.8, 21.0), (0.3, 1.3, 19.5)])
def test_an_exposure_of_its_effective_time_under_the_reference_is_as_deep(loss, seeing, sky):
    def depth(zero_point, time, fwhm, sky_electrons):
        noise = np.sqrt(sky_electrons * time * 0.04) / (10 ** (0.4 * (zero_point - 31.4)) * time)
        return limiting_magnitude(gaussian_noise_equivalent_area(fwhm / 0.2), noise)

    rate, photons = 28.0 - loss, 10 ** (0.4 * (28.0 - sky))  # clouds do not dim the sky below them
    worth = effective_time(30.0, rate, seeing, photons * 10 ** (0.4 * (31.4 - rate)), CLEAR)
    reference = depth(28.0, worth, 0.8, 10 ** (0.4 * (28.0 - 21.0)))
    assert reference == pytest.approx(depth(rate, 30.0, seeing, photons), abs=1e-9)
    assert np.isnan(effective_time(30.0, rate, seeing, 0.0, CLEAR))


def test_surface_brightness_is_by_solid_angle():
    assert sky_surface_brightness(1.0, 0.2) == pytest.approx(31.4 + 5 * np.log10(0.2))
