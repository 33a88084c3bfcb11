import numpy as np
import pytest

from gnomon.algorithms.variability.tables import VariabilityLimits, row_index, variability_table
from gnomon.containers.catalog import Catalog
from gnomon.flags import SOURCE

LIMITS = VariabilityLimits(1e-4, 0.0, 0.2, 20.0, 20)


def forced(n_constant=200, n_rr=20, seed=0):
    rng = np.random.default_rng(seed)
    n = n_constant + n_rr
    object_id = np.arange(n) * 11 + 5
    m = 60
    index = np.repeat(np.arange(n), m)
    t = 61000 + rng.uniform(0, 300, n * m)
    band = np.array(["g", "r"], dtype=object)[rng.integers(0, 2, n * m)]
    err = rng.uniform(8, 12, n * m)
    period = rng.uniform(0.4, 0.8, n)
    swing = np.where(index < n_rr, 80.0 * np.sin(2 * np.pi * t / period[index]), 0.0)
    flux = 500 + swing + err * rng.standard_normal(n * m)
    columns = {"objectId": object_id[index], "band": band, "midpointMjdTai": t}
    sound = {"psfChi2": np.ones(n * m), "flags": np.zeros(n * m, np.uint32)}
    table = Catalog({**columns, **sound, "psfFlux": flux, "psfFluxErr": err})
    return object_id, table, period[:n_rr]


def test_variables_are_found_with_their_periods_and_constants_are_not():
    object_id, table, period = forced()
    got = variability_table(object_id, table, ("g", "r", "i"), LIMITS)
    assert got["isVariable"][:20].all()
    assert got["isVariable"][20:].sum() <= 1  # 200 constants at a chance of 1e-4
    assert np.mean(np.abs(got["period"][:20] / period - 1) < 2e-3) >= 0.95
    assert np.isnan(got["period"][20:][~got["isVariable"][20:]]).all()
    assert (got["i_psfFluxNdata"] == 0).all()


def test_chance_is_uniform_for_constant_objects():
    object_id, table, _ = forced(n_constant=1000, n_rr=0)
    chance = variability_table(object_id, table, ("g", "r"), LIMITS)["variabilityChance"]
    assert np.mean(chance < 0.5) == pytest.approx(0.5, abs=0.05)  # 1000 objects: 0.016


def test_what_passes_once_is_no_variability():
    object_id, table, _ = forced(300, 0)
    once = np.arange(len(table)) % 60 == 17
    hit = table.with_columns(psfFlux=table["psfFlux"] + np.where(once, 300.0, 0.0))
    got = variability_table(object_id, hit, ("g", "r"), LIMITS)
    assert (got["variabilityChance"] < 1e-4).all()
    assert got["isVariable"].sum() <= 2


@pytest.mark.parametrize("change", [{"flags": "edge"}, {"psfChi2": 1e4}])
def test_measurements_that_say_nothing_make_no_variable(change):
    """Six of sixty measurements are ten sigma high; on the border, or where a neighbour spoils the PSF's fit."""
    object_id, table, _ = forced(300, 0)
    often = np.arange(len(table)) % 10 == 3
    wild = table.with_columns(psfFlux=table["psfFlux"] + np.where(often, 100.0, 0.0))
    assert variability_table(object_id, wild, ("g", "r"), LIMITS)["isVariable"].all()
    value = np.uint32(SOURCE["edge"]) if "flags" in change else change["psfChi2"]
    (name,) = change
    told = wild.with_columns(**{name: np.where(often, value, wild[name]).astype(wild[name].dtype)})
    assert variability_table(object_id, told, ("g", "r"), LIMITS)["isVariable"].sum() <= 1


def test_measurements_of_other_objects_are_ignored():
    object_id, table, _ = forced(50, 0)
    some = variability_table(object_id[::2], table, ("g",), LIMITS)
    whole = variability_table(object_id, table, ("g",), LIMITS)
    np.testing.assert_array_equal(some["g_psfFluxMean"], whole["g_psfFluxMean"][::2])


def test_object_without_measurements_is_not_variable():
    _, table, _ = forced(5, 0)
    got = variability_table(np.array([1, 2]), table, ("g", "r"), LIMITS)
    assert not got["isVariable"].any()
    assert np.isnan(got["variabilityChance"]).all()


def test_error_floor_calms_bright_stars():
    object_id, table, _ = forced(100, 0)
    shaky = table.with_columns(psfFlux=table["psfFlux"] * 100, psfFluxErr=table["psfFluxErr"] * 30)
    wild = variability_table(object_id, shaky, ("g", "r"), LIMITS)
    calm = variability_table(object_id, shaky, ("g", "r"), VariabilityLimits(1e-4, 0.05, 0.2, 20.0, 20))
    assert wild["isVariable"].all()
    assert not calm["isVariable"].any()


def test_row_index_finds_keys():
    assert row_index(np.array([5, 7, 1]), np.array([1, 5, 9])).tolist() == [1, -1, 0]
    assert row_index(np.array([5]), np.zeros(0, np.int64)).tolist() == [-1]
