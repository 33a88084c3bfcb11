import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.object import VariabilityConfig
from gnomon.steps.variability import variability

CONFIG = VariabilityConfig(error_floor=0.0)


def objects(n=12):
    k = np.arange(n)
    return Catalog({"objectId": (k * 7 + 100)[::-1], "coord_ra": 10.0 + k, "coord_dec": -5.0 - k})


def visit(number, table, seed=0):
    """Forced photometry of one visit: object 100 is an RR Lyrae of 0.55 d, the others are constant."""
    rng = np.random.default_rng(seed + number)
    t = 61000 + 0.917 * number + rng.uniform(0, 0.3)
    identity = np.sort(np.append(table["objectId"], 10**6))
    flux = 500 + 10 * rng.standard_normal(len(identity))
    flux[identity == 100] += 100 * np.sin(2 * np.pi * t / 0.55)
    n = len(identity)
    return Catalog(
        {
            "objectId": identity, "band": np.full(n, "gr"[number % 2], object), "midpointMjdTai": np.full(n, t),
            "psfFlux": flux, "psfFluxErr": np.full(n, 10.0), "visit": np.full(n, number),
            "psfChi2": np.ones(n), "flags": np.zeros(n, np.uint32),
        }
    )  # fmt: skip


def run(table, forced):
    return variability(table, forced, data_id=DataId(tract=0, patch=1), config=CONFIG)


def test_rr_lyrae_is_found_with_its_period_and_the_table_follows_its_schema():
    table = objects()
    got = conform(run(table, [visit(k, table) for k in range(60)]), "variability")
    assert (np.diff(got["objectId"]) > 0).all()
    assert got["objectId"][got["isVariable"]].tolist() == [100]
    assert got["period"][0] == pytest.approx(0.55, rel=2e-3)
    assert got["coord_ra"][0] == 21.0  # the last row of the input is object 100
    assert (got["g_psfFluxNdata"] == 30).all()


def test_order_of_visits_does_not_matter():
    table = objects()
    visits = [visit(k, table) for k in range(10)]
    a, b = run(table, visits), run(table, visits[::-1])
    for name in a.columns:
        np.testing.assert_array_equal(a[name], b[name])


def test_patch_without_forced_photometry_has_null_features():
    got = conform(run(objects(), []), "variability")
    assert np.isnan(got["r_psfFluxMean"]).all()
    assert not got["isVariable"].any()


def test_no_objects_are_told():
    with pytest.raises(UnprocessableData, match="no objects"):
        run(objects().take(np.zeros(0, np.int64)), [])
