import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.simulation import SimulateRedshiftsConfig
from gnomon.steps.simulate_redshifts import VELOCITY_ERROR, simulate_redshifts


def galaxies(n=4000):
    rng = np.random.default_rng(0)
    magnitude = rng.uniform(20, 26, n)
    return Catalog(
        {
            "ra": rng.uniform(0, 1, n), "dec": rng.uniform(0, 1, n), "redshift": rng.uniform(0.1, 2, n),
            "flux_i": 10 ** (-0.4 * (magnitude - 31.4)),
        }
    )  # fmt: skip


def test_bright_galaxies_get_redshifts_with_the_stated_error():
    config = SimulateRedshiftsConfig()
    table, sky = simulate_redshifts(galaxies(), data_id=DataId(), config=config), galaxies()
    conform(table, "spec_z")
    assert 0.3 < len(table) / len(sky) < 0.37  # half of the two thirds that are brighter than 24
    order = np.argsort(sky["ra"])
    true = sky["redshift"][order][np.searchsorted(sky["ra"][order], table["coord_ra"])]
    pull = (table["redshift"] - true) / (VELOCITY_ERROR * (1 + true))
    assert pull.std() == pytest.approx(1, abs=0.1)  # 1000 galaxies: 0.022


def test_empty_sky_is_told():
    with pytest.raises(UnprocessableData, match="no simulated"):
        simulate_redshifts(
            galaxies().take(np.zeros(0, np.int64)), data_id=DataId(), config=SimulateRedshiftsConfig()
        )
