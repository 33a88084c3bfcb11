import numpy as np
import pytest

from gnomon.algorithms.validation.derived import (
    Photometry,
    check_light_curves,
    check_redshifts,
    nearest,
)
from gnomon.containers.catalog import Catalog

ARCSEC = 1 / 3600


def galaxies(n=400):
    rng = np.random.default_rng(0)
    z = rng.uniform(0.1, 0.9, n)
    flux = 1000 * np.exp(np.stack([0 * z, z, 1.5 * z], -1) + 0.02 * rng.standard_normal((n, 3)))
    return z, Photometry(flux, 0.02 * flux), np.where(np.arange(n) % 2 == 0, z, np.nan)


def test_a_perfect_network_beats_its_neighbours():
    z, photometry, spectrum = galaxies()
    judged = np.ones(len(z), np.bool_)
    rows = check_redshifts(z, photometry, z, judged, spectrum, ~judged, np.linspace(0, 1, len(z)))
    assert rows["photo-z scatter", ""] == (0.0, 200)
    assert rows["photo-z scatter over that of nearest neighbours", ""][0] == 0.0
    assert rows["photo-z extrapolated", ""][0] == 0.0
    assert rows["photo-z PIT", ""][0] < 0.02  # of uniform numbers: their spacing


def test_training_objects_and_those_without_an_estimate_do_not_count():
    z, photometry, spectrum = galaxies()
    estimate = np.where(np.arange(len(z)) % 4 == 1, np.nan, z)
    rows = check_redshifts(estimate, photometry, z, np.ones(len(z), np.bool_), spectrum, spectrum > 9, z)
    assert rows["photo-z scatter", ""][1] == 100


def test_without_spectra_nothing_is_compared():
    z, photometry, _ = galaxies()
    none = np.full(len(z), np.nan)
    assert check_redshifts(z, photometry, z, np.ones(len(z), np.bool_), none, np.isfinite(none), z) == {}


def test_places_match_across_ra_zero_and_not_beyond_half_an_arcsecond():
    ra, dec = np.array([359.99999, 0.0, 10.0]), np.array([-12.0, -12.0, -12.0])
    row = nearest(ra, dec, np.array([0.0, 0.00001]), np.array([-12.0, -12 + 2 * ARCSEC]))
    assert row.tolist() == [0, 0, -1]
    assert nearest(ra, dec, np.zeros(0), np.zeros(0)).tolist() == [-1, -1, -1]


def test_variables_and_periods_are_counted():
    table = Catalog(
        {
            "isVariable": np.array([True, True, False, False, True]),
            "rrLyraePeriod": np.array([0.5, 0.7, np.nan, np.nan, 3.0]),
        }
    )
    rr, constant = np.array([1, 1, 1, 0, 0], bool), np.array([0, 0, 0, 1, 1], bool)
    rows = check_light_curves(table, rr, constant, np.array([0.5001, 0.5, 0.6, 1, 1]))
    assert rows["RR Lyrae called variable", ""] == (pytest.approx(2 / 3), 3)
    assert rows["RR Lyrae with their period", ""] == (pytest.approx(1 / 3), 3)
    assert rows["constant stars called variable", ""] == (0.5, 2)
