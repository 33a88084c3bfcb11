"""Proper motion and parallax."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Distance, SkyCoord
from astropy.time import Time

from gnomon.algorithms.astrometry.epoch import (
    JULIAN_YEAR_DAYS,
    MAS,
    apply_space_motion,
    earth_position,
    position_error_at,
)

EPOCH = 57388.0
NONE = np.zeros(1)


def one(value):
    return np.array([float(value)])


@pytest.mark.parametrize("ra, dec", [(0.00001, 0.2), (3.0, -1.2), (1.0, 1.5707), (6.2831, 0.0)])
def test_proper_motion_agrees_with_astropy(ra, dec):
    mjd = EPOCH + 10 * JULIAN_YEAR_DAYS
    moved = apply_space_motion(one(ra), one(dec), one(3000), one(-10000), NONE, EPOCH, mjd)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        star = SkyCoord(
            ra * u.rad,
            dec * u.rad,
            pm_ra_cosdec=3000 * u.mas / u.yr,
            pm_dec=-10000 * u.mas / u.yr,
            distance=Distance(parallax=1e-4 * u.mas),
            radial_velocity=0 * u.km / u.s,
            obstime=Time(EPOCH, format="mjd", scale="tai"),
        )
        other = star.apply_space_motion(Time(mjd, format="mjd", scale="tai"))
    mine = SkyCoord(moved[0] * u.rad, moved[1] * u.rad)
    # light-time terms that astropy adds go as pm x dt x v / c: 1e-4 of 100" at most
    assert mine.separation(SkyCoord(other.ra, other.dec))[0].mas < 10


def test_parallax_ellipse_has_the_size_of_the_parallax():
    days = EPOCH + np.linspace(0, JULIAN_YEAR_DAYS, 73)[:-1]
    ecliptic_pole = SkyCoord(0 * u.deg, 90 * u.deg, frame="barycentrictrueecliptic").icrs
    ra, dec = one(ecliptic_pole.ra.rad), one(ecliptic_pole.dec.rad)
    places = [apply_space_motion(ra, dec, NONE, NONE, one(100), EPOCH, d) for d in days]
    away = [np.hypot((a[0] - ra[0]) * np.cos(dec[0]), d[0] - dec[0]) / MAS for a, d in places]
    # 100 mas times the distance of the Earth from the barycentre: 1 +- 0.017 (orbit) +- 0.009 (Sun)
    assert 97 < np.min(away) < 100 < np.max(away) < 103


def test_the_earth_is_where_the_date_says():
    # 2000 January 1.5 TT: Earth-Sun direction has ecliptic longitude 100.4 degrees (Meeus, chapter 25)
    x, y, z = earth_position(51544.5)
    lon = np.rad2deg(np.arctan2(y / np.cos(np.deg2rad(23.44)), x))
    assert abs(lon - 100.4) < 0.6  # the barycentre is up to 0.009 au from the Sun
    assert 0.97 < np.sqrt(x * x + y * y + z * z) < 1.0


def test_missing_motion_is_no_motion():
    ra, dec = apply_space_motion(one(1), one(0.5), one(np.nan), one(np.nan), one(np.nan), EPOCH, EPOCH + 4000)
    np.testing.assert_allclose([ra[0], dec[0]], [1, 0.5], rtol=1e-15)


def test_a_star_crosses_the_pole():
    mjd = EPOCH + 10 * JULIAN_YEAR_DAYS
    ra, dec = apply_space_motion(one(1.0), one(np.pi / 2 - 1000 * MAS), NONE, one(300), NONE, EPOCH, mjd)
    assert ra[0] == pytest.approx(1.0 + np.pi)
    assert dec[0] == pytest.approx(np.pi / 2 - 2000 * MAS, abs=1e-12)


def test_errors_grow_with_time():
    later = position_error_at(one(MAS), 0.5, np.nan, EPOCH, EPOCH + 10 * JULIAN_YEAR_DAYS)
    assert later[0] / MAS == pytest.approx(np.hypot(1, 5))


def test_no_stars_give_no_stars():
    none = np.zeros(0)
    assert apply_space_motion(none, none, none, none, none, none, EPOCH)[0].shape == (0,)
