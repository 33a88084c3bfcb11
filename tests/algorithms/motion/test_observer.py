import numpy as np
from astropy.coordinates import get_body_barycentric
from astropy.time import Time

from gnomon.algorithms.motion import observer

MJD = np.linspace(51544.5, 66000.0, 300)
"""2000 to 2039."""


def test_earth_is_within_5e_4_au_of_the_erfa_ephemeris():
    want = get_body_barycentric("earth", Time(MJD, format="mjd", scale="tdb"), ephemeris="builtin")
    got = observer.earth_barycentric(MJD)
    # Almanac: 0.01 deg = 1.7e-4 au; the truncated motion of the Sun: 2e-4 au.
    assert np.abs(got - want.xyz.to_value("au").T).max() < 5e-4


def test_parallax_factor_is_the_shift_of_a_nearby_star():
    rng = np.random.default_rng(0)
    ra, dec = rng.uniform(0, 2 * np.pi, 50), np.arcsin(rng.uniform(-1, 1, 50))
    earth = observer.earth_barycentric(rng.uniform(60000, 61000, 50))
    r = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)
    distance = 1e6  # au: second order is 1e-6 of the shift
    shifted = r - earth / distance
    east = np.stack([-np.sin(ra), np.cos(ra), 0 * ra], axis=-1)
    north = np.stack([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)], axis=-1)
    f_east, f_north = observer.parallax_factors(ra, dec, earth)
    np.testing.assert_allclose(distance * np.sum(shifted * east, axis=1), f_east, atol=1e-9)
    np.testing.assert_allclose(distance * np.sum(shifted * north, axis=1), f_north, atol=1e-9)
