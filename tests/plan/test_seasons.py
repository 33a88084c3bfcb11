import numpy as np
import pytest

from gnomon.plan.incidence import Incidence
from gnomon.plan.seasons import seasons_of


def _seasons(mjd, night=None, band=None, gap=60.0, tract=None, visit=None):
    """Seasons by pair of visits that all touch one patch of tract 0, or of the tracts given."""
    mjd = np.array(mjd, np.float64)
    n = len(mjd)
    band = np.zeros(n, np.int32) if band is None else np.array(band, np.int32)
    night = np.floor(mjd).astype(np.int32) if night is None else np.array(night, np.int32)
    visit = np.arange(n) if visit is None else np.array(visit)
    tract = np.zeros(len(visit)) if tract is None else np.array(tract)
    ones = np.ones(len(visit), np.uint16)
    pairs = Incidence(tract.astype(np.int32), np.zeros(len(visit), np.int32), visit.astype(np.int32), ones)
    found = seasons_of(pairs, band, mjd, night, gap)
    return found.numbers(pairs, band, mjd).tolist(), found


def test_a_long_gap_ends_a_season():
    assert _seasons([1.0, 30.0, 91.0, 92.0, 400.0])[0] == [1, 1, 2, 2, 3]


def test_the_order_of_the_visits_does_not_matter():
    assert _seasons([400.0, 92.0, 1.0, 91.0, 30.0])[0] == [3, 2, 1, 2, 1]


def test_one_season_is_cut_into_its_nights():
    assert _seasons([1.0, 1.1, 2.0, 5.0])[0] == [1, 1, 2, 3]


def test_a_single_night_is_one_season():
    assert _seasons([1.0, 1.1, 1.3])[0] == [1, 1, 1]


def test_every_band_and_tract_has_seasons_of_its_own():
    got, found = _seasons([1.0, 2.0, 3.0, 200.0], band=[0, 1, 0, 1])
    assert got == [1, 1, 2, 2]
    assert found.starts("gr") == {"00000/g": [1.0, 3.0], "00000/r": [2.0, 200.0]}
    got, _ = _seasons([1.0, 2.0, 200.0], tract=[3, 3, 3, 5, 5], visit=[0, 1, 2, 0, 1])
    assert got == [1, 1, 2, 1, 2]


def test_a_smaller_gap_makes_more_seasons():
    assert _seasons([1.0, 3.0, 4.0, 100.0], gap=1.5)[0] == [1, 2, 2, 3]


def test_no_visits_have_no_seasons():
    got, found = _seasons([])
    assert got == []
    assert found.starts("r") == {}


@pytest.mark.parametrize("gap", [0.5, 3.0, 60.0])
def test_numbers_are_those_of_a_search_by_hand(gap):
    rng = np.random.default_rng(5)
    mjd, band = rng.uniform(0, 200, 60), rng.integers(0, 3, 60)
    got, found = _seasons(mjd, band=band, gap=gap)
    starts = found.starts("gri")
    by_hand = [
        int(np.searchsorted(starts[f"00000/{'gri'[b]}"], m, "right")) for b, m in zip(band, mjd, strict=True)
    ]
    assert got == by_hand
