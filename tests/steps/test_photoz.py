import numpy as np
import pytest

from gnomon.algorithms.photoz.predict import model_arrays
from gnomon.algorithms.photoz.tables import band_fluxes
from gnomon.algorithms.photoz.training import TrainingPlan, train
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform, read_catalog, write_catalog
from gnomon.pipeline.object import PhotozConfig
from gnomon.steps.photoz import photoz


def objects(n, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.1, 0.9, n)
    g = 2000 * 10 ** (0.3 * rng.standard_normal(n))
    columns = {"objectId": np.arange(n) + 10, "coord_ra": np.full(n, 10.0), "coord_dec": np.full(n, -5.0)}
    for band, flux in {"g": g, "r": g * np.exp(z), "i": g * np.exp(1.4 * z)}.items():
        columns |= {f"{band}_kronFlux": flux, f"{band}_kronFluxErr": 0.03 * flux}
    return z, Catalog(columns)


@pytest.fixture(scope="module")
def model():
    z, table = objects(1000)
    plan = TrainingPlan(hidden=(48, 48), n_bins=60, n_steps=400, n_members=1)
    trained = train(*band_fluxes(table, "gri", "kronFlux"), z, plan, np.random.default_rng(0))
    return {
        **model_arrays(trained),
        "bands": np.array(["g", "r", "i"], "S16"),
        "flux": np.array("kronFlux", "S32"),
    }


def run(table, model):
    return photoz(table, model, data_id=DataId(tract=0, patch=0), config=PhotozConfig())


def test_redshifts_are_recovered_and_the_table_follows_its_schema(model, tmp_path):
    z, table = objects(300, 1)
    got = run(table, model)
    assert np.median(np.abs(got["z_median"] - z)) < 0.05
    write_catalog(got, tmp_path / "p.parquet", Provenance("photoz", 1, "{}", {}), "photoz")
    back = read_catalog(tmp_path / "p.parquet")
    np.testing.assert_array_equal(back["pz"], got["pz"])
    assert "pz_edges" in back.meta


def test_missing_band_is_flagged(model):
    _, table = objects(10, 2)
    without = Catalog({n: c for n, c in table.columns.items() if not n.startswith("r_")})
    got = conform(run(without, model), "photoz")
    assert got["photoz_flag_missingBand"].all()
    assert np.isfinite(got["z_median"]).all()


def test_without_a_model_every_object_has_a_row_that_says_so():
    _, table = objects(3, 3)
    got = conform(run(table, {}), "photoz")
    assert got["photoz_flag_noData"].all()
    assert np.isnan(got["z_median"]).all()
    assert got["objectId"].tolist() == table["objectId"].tolist()
    assert "no model" in got.meta["no_redshifts"]


def test_no_objects_are_told(model):
    _, table = objects(3, 3)
    with pytest.raises(UnprocessableData, match="no objects"):
        run(table.take(np.zeros(0, np.int64)), model)
