"""Orbits of `moving_scene` improved by a night's positions, one of them wrong."""

import numpy as np

from gnomon.algorithms.orbit.observer import observer_state, parallax_constants
from gnomon.algorithms.orbit.tables import ARCSEC, orbits_of
from gnomon.algorithms.orbit.update import update_orbits, update_without_outliers
from gnomon.containers.orbit import Astrometry
from steps import moving_scene as scene

SIGMA = 0.01 * ARCSEC
TIMES = scene.EPOCH + np.array([1.0, 1.04, 1.1, 1.2])


def positions():
    """Four places of every known object, right to 10 mas: (24,) rows, object after object."""
    rng, n, m = np.random.default_rng(3), scene.KNOWN, len(TIMES)
    sky = [scene.sky_at(t) for t in TIMES]
    ra, dec = (np.stack([getattr(s, c)[:n] for s in sky], 1).ravel() for c in ("ra", "dec"))
    longitude, latitude = np.deg2rad([scene.INSTRUMENT.longitude_deg, scene.INSTRUMENT.latitude_deg])
    site = parallax_constants(float(longitude), float(latitude), scene.INSTRUMENT.height_m)
    observer = observer_state(scene.TABLE, np.tile(TIMES, n), site)
    ra = ra + rng.normal(0, SIGMA, n * m) / np.cos(dec)
    dec = dec + rng.normal(0, SIGMA, n * m)
    return Astrometry(np.tile(TIMES, n), ra, dec, np.full((n * m, 2), SIGMA), *observer), np.repeat(
        np.arange(n), m
    )


def known():
    """The scene's known orbits with errors of 1e-6 au: a night's positions, not the catalogue, decide."""
    orbits = orbits_of(scene.known_table())
    orbits.covariance[:] *= 100
    return orbits


def test_right_positions_all_stay():
    """chi2 of 2 degrees of freedom exceeds 16 once in 3000."""
    measured, owner = positions()
    fit = update_without_outliers(scene.TABLE, known(), measured, owner, 16.0)
    assert fit.used_count.tolist() == [len(TIMES)] * scene.KNOWN
    np.testing.assert_array_equal(fit.state, update_orbits(scene.TABLE, known(), measured, owner).state)


def test_a_wrong_position_is_left_out_and_its_orbit_is_that_of_the_others():
    measured, owner = positions()
    wrong = 6  # of the second object
    measured.dec[wrong] += 0.4 * ARCSEC
    fit = update_without_outliers(scene.TABLE, known(), measured, owner, 16.0)
    assert fit.used_count.tolist() == [4, 3, 4, 4, 4, 4]
    others = np.arange(len(owner)) != wrong
    want = update_orbits(scene.TABLE, known(), measured.take(others), owner[others])
    np.testing.assert_array_equal(fit.state, want.state)
    np.testing.assert_array_equal(fit.covariance, want.covariance)
