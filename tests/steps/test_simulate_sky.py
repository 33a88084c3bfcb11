import numpy as np

from gnomon.containers.dataid import DataId
from gnomon.pipeline.simulation import SimulateSkyConfig
from gnomon.steps.simulate_sky import simulate_sky


def made(seed=7):
    return simulate_sky(data_id=DataId(), config=SimulateSkyConfig(recipe="toy", seed=seed))


def test_the_reference_catalogue_holds_stars_of_the_truth_with_positive_errors():
    sky = made()
    assert set(sky.refcat["id"]) <= set(sky.stars["id"])
    assert np.all(sky.refcat["raErr"] > 0)
    rows = np.searchsorted(sky.stars["id"], sky.refcat["id"])
    pull = (sky.refcat["flux_r"] - sky.stars["flux_r"][rows]) / sky.refcat["fluxErr_r"]
    # normal deviates of n stars: beyond 5 one in 10^6
    assert np.abs(pull).max() < 5


def test_truth_tables_are_in_degrees():
    sky = made()
    for table in (sky.stars, sky.galaxies, sky.transients):
        assert np.all(np.abs(table["dec"] + 12.25) < 0.1)


def test_another_seed_is_another_sky():
    assert not np.array_equal(made(1).stars["ra"], made(2).stars["ra"])
    np.testing.assert_array_equal(made(1).stars["ra"], made(1).stars["ra"])
