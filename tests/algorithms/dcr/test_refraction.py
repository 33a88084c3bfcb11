import numpy as np
import pytest

from gnomon.algorithms.dcr.refraction import EDGES_NM, horizon, refractivity, subband_refraction
from gnomon.sim.schedule import SITE_LATITUDE_DEG, SITE_LONGITUDE_DEG
from gnomon.sim.schedule import horizon as simulated

ARCSEC = np.pi / 180 / 3600


def test_blue_light_is_lifted_by_as_much_as_filippenko_says():
    # 1982, table 1: 400 nm against 500 nm at airmass 1.5 on a site of 2 km: 0.70 arcsec of 0.67 at 2.7 km, +-5 %
    lift = (refractivity(400.0) - refractivity(500.0)) * np.sqrt(1.5**2 - 1) / ARCSEC
    assert lift == pytest.approx(0.68, rel=0.06)


def test_parts_are_ordered_and_balance():
    for edges in EDGES_NM.values():
        parts = subband_refraction(edges, 3)
        assert (np.diff(parts) < 0).all()
        assert abs(parts.sum()) < 1e-12


def test_the_zenith_is_where_the_simulator_has_it():
    site = np.radians(SITE_LONGITUDE_DEG), np.radians(SITE_LATITUDE_DEG)
    for ra, dec, mjd in ((1.0, -0.2, 61000.1), (5.5, -1.0, 61200.3), (3.0, 0.1, 60800.9)):
        _, away, angle = simulated(ra, dec, mjd)
        got = horizon(ra, dec, mjd, *site)
        # precession of 25 years: 0.35 degrees
        assert got[0] == pytest.approx(away, abs=0.01)
        turn = (got[1] - angle + np.pi) % (2 * np.pi) - np.pi
        assert abs(turn) * np.sin(away) < 0.02
