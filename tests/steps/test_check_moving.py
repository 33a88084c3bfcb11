"""The fortnight of `moving_scene` beside its truth."""

import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.perturbers import SUN
from gnomon.errors import UnprocessableData
from gnomon.pipeline.moving import CheckMovingConfig
from gnomon.sim.sky import ASTEROID
from gnomon.steps.check_moving import check_moving
from steps import moving_scene as scene

N = scene.KNOWN + scene.UNKNOWN


def asteroids():
    """The scene's objects as the simulator tells them; its epoch is TT, the scene's TDB: 2 ms, 30 m."""
    states = scene.truth() - np.concatenate(scene.TABLE.state(SUN, scene.EPOCH))
    columns = dict(zip(("x", "y", "z", "vx", "vy", "vz"), states.T, strict=True))
    known = np.arange(N) < scene.KNOWN
    return Catalog({"id": 40_000_000 + np.arange(N), "known": known, **columns}, {"epoch_tt": scene.EPOCH})


def truths():
    out = []
    for night in scene.NIGHTS:
        for number, tai in scene.visits_of(night):
            sky = scene.sky_at(tai)
            columns = {"kind": np.full(N, ASTEROID), "row": np.arange(N), "snr": np.full(N, 20.0)}
            columns |= {"ra": np.rad2deg(sky.ra), "dec": np.rad2deg(sky.dec)}
            out.append(Catalog(columns, {"data_id": f"visit={number}"}))
    return out


def run(**changed):
    made = [scene.campaign()[n] for n in scene.NIGHTS]
    inputs = {
        "asteroids": asteroids(), "truths": truths(), "visits": [p["visits"] for p in made],
        "sources": [s for n in scene.NIGHTS for s in scene.sources(n)],
        "attributed": [p["ss_source"] for p in made], "linked": [p["linkage"] for p in made],
        "orbits": [p["night"].catalog for p in made], **changed,
    }  # fmt: skip
    return check_moving(scene.INSTRUMENT, scene.TABLE, **inputs, data_id=DataId(), config=CheckMovingConfig())


def measured(found):
    return {str(q): float(v) for q, v in zip(found.check["quantity"], found.check["value"], strict=True)}


def test_a_campaign_that_finds_everything_is_told_so():
    found = run()
    numbers = measured(found)
    assert len(found.objects) == N
    assert numbers["asteroids detected"] == numbers["known asteroids attributed"] == 1.0
    assert numbers["asteroids linked"] == 1.0
    assert numbers["false orbits"] == numbers["wrong attributions"] == 0.0
    assert np.all(found.objects["nPairNights"] == len(scene.NIGHTS))
    assert np.all(found.objects["designation"].astype(str) != "")


def test_errors_a_month_ahead_are_those_foretold():
    numbers = measured(run())
    # 6 known and 12 new objects: the pull of 2 n numbers scatters by 1 / sqrt(4 n) = 0.20 and 0.14; 3 sigma
    assert numbers["new orbits: pull ahead"] == pytest.approx(1.0, abs=0.5)
    assert numbers["known orbits: error ahead"] < 1.0
    assert numbers["known orbits: error ahead"] < numbers["new orbits: error ahead"]


def test_an_orbit_of_two_asteroids_is_false():
    made = scene.campaign()[scene.NIGHTS[-1]]["linkage"]
    names = np.unique(made["designation"].astype(str))
    merged = np.where(made["designation"] == names[1], names[0], made["designation"].astype(str))
    numbers = measured(run(linked=[made.with_columns(designation=merged)]))
    assert numbers["false orbits"] == 1.0
    assert numbers["asteroids linked"] < 1.0


def test_a_detection_given_to_another_orbit_is_wrong():
    first = scene.campaign()[scene.NIGHTS[0]]["ss_source"]
    names = first["designation"].astype(str)
    names[0] = next(n for n in names if n != names[0])
    numbers = measured(run(attributed=[first.with_columns(designation=names)]))
    assert numbers["wrong attributions"] == 1.0


def test_a_survey_that_saw_nothing_is_told():
    nothing = [Catalog({}) for _ in truths()]
    found = run(sources=nothing, visits=[], attributed=[], linked=[], orbits=[])
    assert found.objects["nDetected"].sum() == 0
    assert np.all(np.isnan(found.objects["aheadOffset"]))
    assert np.isnan(measured(found)["known asteroids attributed"])


def test_a_survey_without_asteroids_is_told():
    with pytest.raises(UnprocessableData, match="no asteroids"):
        run(asteroids=Catalog({}))
