from dataclasses import replace

import numpy as np
import pytest

from gnomon.sim.bands import wavelengths
from gnomon.sim.optics import (
    ARCSEC,
    detector_centres,
    nominal_wcs,
    on_detector,
    refraction_columns,
    refractivity,
    true_wcs,
    zenith_in_pixels,
)
from gnomon.sim.recipe import demo_recipe
from gnomon.sim.schedule import visits
from gnomon.sim.seds import stellar_spectra

RECIPE = demo_recipe()
SCIENCE = [v for v in visits(RECIPE) if v.obstype == "science"]


def test_detector_centres_are_those_of_the_instrument_description():
    assert detector_centres(RECIPE.camera).tolist() == [[-562, -562], [562, -562], [-562, 562], [562, 562]]


def test_nominal_projection_is_north_up_and_east_left_at_rotation_zero():
    visit = replace(SCIENCE[0], believed_rotation=0.0)
    wcs = nominal_wcs(RECIPE.camera, visit, 0)
    ra, dec = wcs.pixel_to_sky([500.0, 600.0, 500.0], [500.0, 500.0, 600.0])
    assert ra[1] < ra[0]
    assert dec[2] > dec[0]
    assert wcs.pixel_scale() == pytest.approx(0.2 * ARCSEC)


def test_truth_differs_from_the_header_by_the_pointing_error_and_a_little():
    for visit in SCIENCE[:4]:
        for detector in range(4):
            true, told = true_wcs(RECIPE, visit, detector), nominal_wcs(RECIPE.camera, visit, detector)
            ra, dec = true.pixel_to_sky(511.5, 511.5)
            ra0, dec0 = told.pixel_to_sky(511.5, 511.5)
            gap = np.hypot((ra - ra0) * np.cos(dec), dec - dec0) / ARCSEC
            assert 0.01 < gap < 15


def test_neighbouring_detectors_agree_about_the_sky_between_them():
    # the right edge of detector 0 extended over the gap is the left edge of detector 1, mounts aside
    visit = SCIENCE[0]
    left, right = (true_wcs(RECIPE, visit, d) for d in (0, 1))
    ra, dec = left.pixel_to_sky(1024 + 100.0, 500.0)
    x, y = right.sky_to_pixel(ra, dec)
    assert np.hypot(x, y - 500.0) < 4


def test_only_sources_on_silicon_are_on_a_detector():
    visit = SCIENCE[0]
    ra, dec = true_wcs(RECIPE, visit, 2).pixel_to_sky([500.0, 1030.0], [500.0, 500.0])
    assert on_detector(RECIPE, visit, ra, dec).tolist() == [True, False]


def test_refractivity_of_standard_air_is_the_textbook_value():
    # at the site's 555 mmHg and 8 C: 0.000277 (550 nm, sea level, 15 C) scaled by p / T, vapour aside
    at = int(np.argmin(np.abs(wavelengths() - 550)))
    assert refractivity()[at] == pytest.approx(2.777e-4 * 555 / 760 * 288.15 / 281.15, rel=0.003)


def test_blue_light_is_refracted_more_so_hot_stars_move_towards_the_zenith():
    hot, cool = (refraction_columns(stellar_spectra(np.array([t]))) for t in (9000.0, 3300.0))
    for band in "gr":  # in u the Balmer jump of the hot star takes its bluest light away
        assert hot[f"refraction_{band}"][0] > 0 > cool[f"refraction_{band}"][0]
    # between 405 and 552 nm the refraction at 45 degrees differs by 0.8 arcsec: the effect is a part of that
    shift = (hot["refraction_g"][0] - cool["refraction_g"][0]) / ARCSEC
    assert 0.05 < shift < 0.4


def test_a_step_to_the_zenith_in_pixels_is_that_step_on_the_sky():
    visit = SCIENCE[5]
    wcs = true_wcs(RECIPE, visit, 1)
    step = 1.0 * ARCSEC
    dx, dy = zenith_in_pixels(wcs, visit.parallactic_angle) * step
    x0, y0 = wcs.crpix
    ra0, dec0 = wcs.pixel_to_sky(x0, y0)
    ra, dec = wcs.pixel_to_sky(x0 + dx, y0 + dy)
    angle = np.arctan2((ra - ra0) * np.cos(dec0), dec - dec0)
    assert np.hypot((ra - ra0) * np.cos(dec0), dec - dec0) == pytest.approx(step, rel=1e-4)
    assert np.cos(angle - visit.parallactic_angle) == pytest.approx(1.0, abs=1e-6)
