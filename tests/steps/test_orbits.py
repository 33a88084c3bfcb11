import numpy as np
import pytest

from gnomon.algorithms.linking.names import night_epoch
from gnomon.algorithms.orbit.propagate import propagate
from gnomon.algorithms.orbit.tables import orbits_of
from gnomon.algorithms.orbit.update import carry_orbits
from gnomon.containers.catalog import Catalog
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.pipeline.moving import OrbitsConfig
from gnomon.steps.orbits import orbits
from steps import moving_scene as scene

LAST = scene.NIGHTS[-1]


def run(linkage=None, link_orbit=None, attributed=None):
    nothing = Catalog({})
    args = [nothing if a is None else a for a in (linkage, link_orbit, attributed)]
    return orbits(
        scene.TABLE, *args, [scene.known_table()], [], data_id=scene.data_id(LAST), config=OrbitsConfig()
    )


def true_objects(table, linkage):
    return [int(scene.object_of(linkage)[linkage["designation"] == d][0]) for d in table["designation"]]


def test_new_orbits_are_off_by_their_errors_a_month_ahead():
    made = scene.campaign()[LAST]
    conform(made["orbit"], "orbit")
    table = made["orbit"].take(made["orbit"]["source"] == "linked")
    assert len(table) == scene.UNKNOWN
    ahead = night_epoch(LAST) + 30
    found = carry_orbits(scene.TABLE, orbits_of(table), ahead)
    truth = propagate(scene.TABLE, scene.EPOCH, scene.truth(), (scene.EPOCH, ahead))
    objects = true_objects(table, made["linkage"])
    off = found.state - truth.at(objects, np.full(len(table), ahead))[:, :6]
    chi2 = np.einsum("ni,nij,nj->n", off, np.linalg.inv(found.covariance), off)
    # errors are stated as 0.042" (with the floor) and are 0.03": mean 6 / 2 of twelve, +- 1, 4 sigma
    assert chi2.mean() < 7.0


def test_known_orbits_become_surer_and_stay_true():
    made = scene.campaign()[scene.NIGHTS[0]]
    table = made["orbit"]
    assert set(table["source"]) == {"updated"} and (table["nObs"] == 2).all()
    fitted = orbits_of(table)
    epoch = night_epoch(scene.NIGHTS[0])
    truth = propagate(scene.TABLE, scene.EPOCH, scene.truth()[: scene.KNOWN], (epoch, scene.EPOCH))
    off = fitted.state - truth.at(np.arange(scene.KNOWN), np.full(scene.KNOWN, epoch))[:, :6]
    chi2 = np.einsum("ni,nij,nj->n", off, np.linalg.inv(fitted.covariance), off)
    # the catalogue's orbits are exact, so only tonight's noise moves them: less than 6 degrees of freedom
    assert chi2.max() < 20
    assert np.all(
        np.linalg.det(fitted.covariance * 1e15)
        < np.linalg.det(orbits_of(scene.known_table()).covariance * 1e15)
    )


def test_new_orbits_are_judged():
    made = scene.campaign()[LAST]
    linked = made["orbit"].take(made["orbit"]["source"] == "linked")
    assert all(n == "" or "sigma" in n or "rms" in n or "e " in n for n in linked["note"])
    assert (linked["nObs"] == 6).all()
    assert np.all(np.abs(linked["H"] - 16.0) < 0.1)


def test_nothing_found_is_told():
    with pytest.raises(UnprocessableData, match="found no object"):
        run()
