"""The TAN-SIP map: its inverse, its poles, its scale."""

import numpy as np
import pytest

from gnomon.containers.wcs import Wcs, sky_to_plane, tangent_wcs

ARCSEC = np.pi / 180 / 3600
CENTRES = [(0.0, 0.0), (2 * np.pi - 1e-6, 0.7), (1.0, np.pi / 2), (4.0, -np.pi / 2), (3.0, 1.5707)]


def distorted(crval, strength=1.0):
    a, b = np.zeros((4, 4)), np.zeros((4, 4))
    a[2, 0], a[3, 0], a[1, 2], b[1, 1], b[0, 3], b[2, 1] = strength * np.array(
        [3e-6, 4e-9, 2e-9, 1e-6, 3e-9, 5e-9]
    )
    return Wcs(crval, (1000.0, 300.0), 0.2 * ARCSEC * np.array([[-1.0, 0.1], [0.1, 1.0]]), a, b)


@pytest.mark.parametrize("crval", CENTRES)
def test_sky_to_pixel_undoes_pixel_to_sky(crval):
    wcs = distorted(crval)
    y, x = np.mgrid[-50:2100:97, -50:2100:83]
    ra, dec = wcs.pixel_to_sky(x, y)
    assert ra.shape == x.shape
    assert np.all((ra >= 0) & (ra < 2 * np.pi))
    back = wcs.sky_to_pixel(ra, dec)
    # rounding of angles of ~6 rad at 1e-6 rad per pixel: 1e-9 pixel; the iteration stops at 1e-9
    np.testing.assert_allclose(back, [x, y], atol=2e-8)


def test_many_positions_are_the_same_as_one_by_one():
    wcs = distorted(CENTRES[1])
    x = np.linspace(0, 2000, 20001)
    whole = wcs.pixel_to_sky(x, 50.0)
    np.testing.assert_array_equal(whole[0][::5000], [wcs.pixel_to_sky(v, 50.0)[0] for v in x[::5000]])
    assert np.ndim(wcs.sky_to_pixel(whole[0][0], whole[1][0])[0]) == 0


def test_the_tangent_point_is_crval():
    wcs = distorted((2.0, -1.0))
    np.testing.assert_allclose(wcs.pixel_to_sky(*wcs.crpix), (2.0, -1.0), rtol=1e-15)


def test_a_gnomonic_radius_is_the_tangent_of_the_distance():
    xi, eta = sky_to_plane(0.0, 0.3, (0.0, 0.0))
    np.testing.assert_allclose([xi, eta], [0.0, np.tan(0.3)], atol=1e-16)


def test_behind_the_tangent_point_and_far_outside_are_nan():
    wcs = distorted((0.0, 0.0), 50.0)
    x, y = wcs.sky_to_pixel([np.pi, 0.02], [0.0, 0.02])
    assert np.all(np.isnan(x))
    assert np.all(np.isnan(y))


def test_jacobian_of_a_plain_tan_is_cd():
    cd = 0.3 * ARCSEC * np.array([[1.0, 0.2], [-0.2, 1.0]])
    wcs = tangent_wcs((1.0, 1.0), (5.0, 6.0), cd)
    np.testing.assert_allclose(wcs.jacobian(100.0, 50.0), cd, rtol=1e-9)
    assert wcs.pixel_scale() == pytest.approx(0.3 * ARCSEC * np.sqrt(1.04), rel=1e-12)


def test_no_positions_give_no_positions():
    assert distorted((0.0, 0.0)).sky_to_pixel([], [])[0].shape == (0,)
