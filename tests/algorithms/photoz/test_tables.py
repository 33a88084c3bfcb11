import json

import numpy as np

from gnomon.algorithms.photoz.predict import unpack_density
from gnomon.algorithms.photoz.tables import band_fluxes, photoz_table
from gnomon.algorithms.photoz.training import TrainingPlan, train
from gnomon.containers.catalog import Catalog


def objects(n, seed):
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.1, 0.9, n)
    g = 1000 * 10 ** (0.3 * rng.standard_normal(n))
    fluxes = {"g": g, "r": g * np.exp(z), "i": g * np.exp(1.5 * z)}
    columns = {"objectId": np.arange(n) + 1000}
    for band, flux in fluxes.items():
        columns |= {f"{band}_cModelFlux": flux, f"{band}_cModelFluxErr": 0.02 * flux}
    return z, Catalog(columns)


def test_columns_follow_from_fluxes_by_name_and_pz_unpacks():
    z, table = objects(600, 0)
    bands = ("g", "r", "i")
    plan = TrainingPlan(hidden=(48, 48), n_bins=50, n_steps=500, n_members=1)
    model = train(*band_fluxes(table, bands, "cModelFlux"), z, plan, np.random.default_rng(0))
    got = photoz_table(model, table["objectId"], *band_fluxes(table, bands, "cModelFlux"))
    assert np.median(np.abs(got["z_median"] - z)) < 0.05
    assert (got["z_q025"] < got["z_q160"]).all()
    assert (got["z_q840"] < got["z_q975"]).all()
    edges = np.array(json.loads(got.meta["pz_edges"]))
    mean = unpack_density(got["pz"], edges) @ (0.5 * (edges[1:] + edges[:-1]))
    assert np.abs(mean - got["z_mean"]).max() < 0.01


def test_band_that_the_catalogue_lacks_is_missing():
    _, table = objects(5, 1)
    flux, err = band_fluxes(table, ("u", "g"), "cModelFlux")
    assert np.isnan(flux[:, 0]).all()
    assert np.isfinite(err[:, 1]).all()


def test_no_objects_have_no_fluxes():
    _, table = objects(5, 1)
    assert band_fluxes(table.take(np.zeros(0, np.int64)), ("g", "r"), "cModelFlux")[0].shape == (0, 2)
