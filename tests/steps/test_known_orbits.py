import numpy as np
import pytest

from gnomon.algorithms.orbit.elements import keplerian_to_cartesian
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.orbit import Orbits
from gnomon.containers.perturbers import SUN
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.moving import KnownOrbitsConfig
from gnomon.steps.known_orbits import known_orbits
from steps.moving_scene import TABLE

ELEMENTS = {"a": 2.5, "e": 0.1, "i": 5.0, "node": 30.0, "peri": 60.0, "mean_anomaly": 90.0}


def asteroids(known=(True, False, True)):
    n = len(known)
    columns = {k: np.full(n, v) for k, v in ELEMENTS.items()}
    columns |= {"id": np.arange(n), "known": np.array(known, bool), "H": np.full(n, 16.0)}
    columns |= {"G": np.full(n, 0.15)}
    return Catalog(columns, {"epoch_tt": 61000.0})


def run(asteroid=(), mpcorb=(), **options):
    config = KnownOrbitsConfig(**options)
    return known_orbits(TABLE, asteroid, mpcorb, data_id=DataId(), config=config)


def test_the_simulated_observer_knows_some():
    found = run([asteroids()])
    conform(found, "orbit")
    assert found["designation"].tolist() == ["s000000", "s000002"]
    angles = np.deg2rad([ELEMENTS[k] for k in ("i", "node", "peri", "mean_anomaly")])
    wanted = keplerian_to_cartesian([[2.5, 0.1, *angles]])[0] + np.concatenate(
        TABLE.state(SUN, found["epoch"][0])
    )
    np.testing.assert_allclose([found[c][0] for c in ("x", "y", "z", "vx", "vy", "vz")], wanted, atol=1e-15)


def test_errors_are_assumed_where_none_are_told():
    assert run([asteroids()], position_sigma_au=1e-6)["cov00"][0] == pytest.approx(1e-12)
    assert np.isnan(run([asteroids()], position_sigma_au=0.0)["cov00"]).all()


def test_a_file_goes_before_the_simulation():
    one = Orbits(
        np.array(["433"]),
        np.zeros(1) + 61000,
        np.ones((1, 6)),
        np.full((1, 6, 6), np.nan),
        np.ones(1),
        np.ones(1),
    )
    assert run([asteroids()], [one])["designation"].tolist() == ["433"]


@pytest.mark.parametrize("asteroid", [[], [asteroids((False,))]])
def test_nothing_known_is_told(asteroid):
    with pytest.raises(UnprocessableData, match="no orbits"):
        run(asteroid)
