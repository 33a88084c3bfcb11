from dataclasses import replace

import numpy as np
import pytest

from gnomon.containers.instrument import Detector, Instrument, boresight_wcs

ARCSEC = np.pi / 180 / 3600


def camera(*detectors):
    return Instrument("cam", {}, detectors, 0.2, {"g": "g"}, {"object": "science"})


def test_detectors_are_found_by_number_and_by_name():
    cam = camera(Detector(3, "S29", (10, 20)), Detector(4, "4b", (10, 20)))
    assert cam.detector(3) is cam.detector("S29") is cam.detector(" 3") is cam.detectors[0]
    assert cam.detector("4b") is cam.detectors[1]
    assert cam.detector(7) is None


def test_centre_of_the_focal_plane_is_the_boresight():
    cam = camera(Detector(0, "a", (101, 201), (-300.0, 50.0)))
    wcs = boresight_wcs(cam, cam.detectors[0], (1.0, -0.5), 0.3)
    ra, dec = wcs.pixel_to_sky(100 + 300.0, 50 - 50.0)
    assert (ra, dec) == pytest.approx((1.0, -0.5), abs=1e-12)


def test_north_is_up_and_east_left_at_no_rotation():
    cam = camera(Detector(0, "a", (101, 101)))
    xi, eta = boresight_wcs(cam, cam.detectors[0], (1.0, 0.0), 0.0).pixel_to_plane(50 + 5.0, 50 + 3.0)
    assert (xi, eta) == pytest.approx((-1.0 * ARCSEC, 0.6 * ARCSEC), abs=1e-15)


def test_rotation_is_the_position_angle_of_up():
    cam = camera(Detector(0, "a", (101, 101)))
    xi, eta = boresight_wcs(cam, cam.detectors[0], (1.0, 0.0), 0.3).pixel_to_plane(50.0, 60.0)
    assert np.arctan2(xi, eta) == pytest.approx(0.3)


@pytest.mark.parametrize("turn", [0.0, 90.0, 180.0, -30.0])
def test_a_turned_detector_covers_the_sky_of_its_place(turn):
    """The centre of a detector lies where the focal plane says, however its rows run."""
    straight = camera(Detector(0, "a", (101, 101), (400.0, 100.0)))
    turned = camera(replace(straight.detectors[0], rotation_deg=turn))
    places = [
        boresight_wcs(c, c.detectors[0], (1.0, 0.2), 0.1).pixel_to_plane(50.0, 50.0)
        for c in (straight, turned)
    ]
    np.testing.assert_allclose(places[0], places[1], atol=1e-15)
    right = boresight_wcs(turned, turned.detectors[0], (1.0, 0.2), 0.0).pixel_to_plane(60.0, 50.0)
    middle = boresight_wcs(turned, turned.detectors[0], (1.0, 0.2), 0.0).pixel_to_plane(50.0, 50.0)
    step = np.subtract(right, middle) / (2 * ARCSEC)
    np.testing.assert_allclose(step, [-np.cos(np.radians(turn)), np.sin(np.radians(turn))], atol=1e-12)
