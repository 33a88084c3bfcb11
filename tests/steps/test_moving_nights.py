"""Whole runs of nights: across ra = 0, with nights that saw nothing, with one night, one visit, one object."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from gnomon.algorithms.linking.names import LONE
from gnomon.containers.catalog import Catalog
from gnomon.datamodel import DATASETS
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import empty_catalog
from gnomon.pipeline import STEPS
from gnomon.pipeline.moving import (
    AttributeConfig,
    EphemeridesConfig,
    LinkConfig,
    OrbitCatalogConfig,
    OrbitsConfig,
    TrackletsConfig,
)  # fmt: skip
from gnomon.steps.attribute import attribute
from gnomon.steps.ephemerides import ephemerides
from gnomon.steps.link import link
from gnomon.steps.orbit_catalog import orbit_catalog
from gnomon.steps.orbits import orbits
from gnomon.steps.tracklets import tracklets
from steps import moving_scene as scene


def perform(step, function, *args, night, config):
    """What the command line writes: the products of a step by dataset type, valid empty ones for hopeless data."""
    writes = STEPS[step].writes
    try:
        found = function(*args, data_id=scene.data_id(night), config=config)
    except UnprocessableData as error:
        return {d: empty_catalog(DATASETS[d].schema or "orbit", str(error)) for d in writes.values()}
    if len(writes) == 1:
        return {next(iter(writes.values())): found}
    return {d: getattr(found, n) for n, d in writes.items()}


def survey(here, nights, known=(), summaries=None, sources=None, pairs=TrackletsConfig()):
    """Products of every night by dataset type, from nights that each know only what was before them."""
    summaries, sources, made = summaries or here.summaries, sources or here.sources, []
    for night in nights:
        start = [] if made else list(known)
        before = [made[-1]["orbit_catalog"]] if made else []
        p = perform(
            "ephemerides", ephemerides, here.INSTRUMENT, here.TABLE, summaries(night), start, before,
            night=night, config=EphemeridesConfig(),
        )  # fmt: skip
        args = (p["ephemeris"], p["night_visit"], sources(night))
        p |= perform("attribute", attribute, *args, night=night, config=AttributeConfig())
        args = (p["night_visit"], sources(night), p["ss_source"])
        p |= perform("tracklets", tracklets, *args, night=night, config=pairs)
        args = ([m["tracklet"] for m in made] + [p["tracklet"]], [m["linkage"] for m in made])
        p |= perform("link", link, here.TABLE, *args, night=night, config=LinkConfig())
        args = (p["linkage"], p["link_orbit"], p["ss_source"], start, before)
        p |= perform("orbits", orbits, here.TABLE, *args, night=night, config=OrbitsConfig())
        args = (p["orbit"], p["ss_source"], p["linkage"], start, before)
        p |= perform(
            "orbit_catalog",
            orbit_catalog,
            here.INSTRUMENT,
            here.TABLE,
            *args,
            night=night,
            config=OrbitCatalogConfig(),
        )
        made.append(p)
    return made


def scene_at_the_wrap():
    """The scene three weeks earlier, when the point opposite the Sun is at ra = 0."""
    spec = importlib.util.spec_from_file_location("scene_at_the_wrap", Path(scene.__file__))
    other = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(other)
    other.NIGHTS = ("20270918", "20270923", "20270929")
    other.EPOCH = other.night_epoch(other.NIGHTS[1])
    return other


def test_across_the_wrap_every_object_is_attributed_or_linked():
    here = scene_at_the_wrap()
    ra = np.concatenate([s["ra"] for n in here.NIGHTS for s in here.sources(n)])
    assert ra.min() < 1
    assert ra.max() > 359
    made = survey(here, here.NIGHTS, [here.known_table()])
    for p in made:
        assert set(here.object_of(p["ss_source"])) == set(range(here.KNOWN))
        assert len(p["ss_source"]) == 2 * here.KNOWN
    last = made[-1]
    assert set(here.object_of(last["linkage"])) == set(range(here.KNOWN, here.KNOWN + here.UNKNOWN))
    assert len(last["orbit_catalog"]) == here.KNOWN + here.UNKNOWN
    for name in np.unique(last["linkage"]["designation"].astype(str)):
        mine = last["linkage"].take(last["linkage"]["designation"] == name)
        assert len(set(here.object_of(mine))) == 1


def test_without_known_orbits_all_are_linked_and_attributed_the_night_after():
    """A real survey begins with no orbit; what the third night links, a repeat of it attributes."""
    made = survey(scene, scene.NIGHTS)
    assert [len(p["ss_source"]) for p in made] == [0, 0, 0]
    everything = scene.KNOWN + scene.UNKNOWN
    assert len(made[-1]["orbit_catalog"]) == everything
    again = perform(
        "ephemerides", ephemerides, scene.INSTRUMENT, scene.TABLE, scene.summaries(scene.NIGHTS[-1]), [],
        [made[-1]["orbit_catalog"]], night=scene.NIGHTS[-1], config=EphemeridesConfig(),
    )  # fmt: skip
    args = (again["ephemeris"], again["night_visit"], scene.sources(scene.NIGHTS[-1]))
    found = perform("attribute", attribute, *args, night=scene.NIGHTS[-1], config=AttributeConfig())
    assert len(found["ss_source"]) == 2 * everything


def test_a_night_that_saw_nothing_carries_the_orbits_on():
    blind = scene.NIGHTS[1]
    made = survey(
        scene, scene.NIGHTS, [scene.known_table()],
        lambda n: [] if n == blind else scene.summaries(n), lambda n: [] if n == blind else scene.sources(n),
    )  # fmt: skip
    assert made[1]["ephemeris"].meta["empty_reason"] == "no exposure of the night was calibrated"
    assert len(made[1]["orbit_catalog"]) == scene.KNOWN
    assert len(made[2]["ss_source"]) == 2 * scene.KNOWN
    assert len(made[2]["linkage"]) == 0  # two nights of pairs are no orbit


def test_one_night_without_orbits_gives_tracklets_and_no_orbit():
    (only,) = survey(scene, scene.NIGHTS[:1])
    assert (
        len(np.unique(only["tracklet"]["trackletId"])) == 1 + scene.KNOWN + scene.UNKNOWN
    )  # and those alone
    assert only["linkage"].meta["empty_reason"] == "tracklets of 1 nights: 3 are needed"
    assert only["orbit_catalog"].meta["empty_reason"] == "no orbit is known"


def test_one_visit_a_night_still_attributes():
    made = survey(
        scene, scene.NIGHTS, [scene.known_table()],
        lambda n: scene.summaries(n)[:1], lambda n: scene.sources(n)[:1],
    )  # fmt: skip
    assert [len(p["ss_source"]) for p in made] == [scene.KNOWN] * 3
    assert [set(p["tracklet"]["trackletId"]) for p in made] == [{LONE}] * 3
    assert [len(p["orbit_catalog"]) for p in made] == [scene.KNOWN] * 3


def test_one_known_object_alone():
    one = scene.known_table().take(np.arange(1))
    alone = lambda n: [s.take(scene.object_of(s) == 0) for s in scene.sources(n)]  # noqa: E731
    made = survey(scene, scene.NIGHTS, [one], None, alone)
    assert [len(p["ss_source"]) for p in made] == [2, 2, 2]
    assert made[-1]["orbit_catalog"]["nObs"].tolist() == [6]


def test_nothing_at_all():
    made = survey(scene, scene.NIGHTS, (), lambda n: [], lambda n: [])
    assert {len(t) for p in made for t in p.values() if isinstance(t, Catalog)} == {0}


def test_what_is_fainter_than_in_the_template_is_no_asteroid():
    fallen = lambda n: [s.with_columns(isNegative=np.ones(len(s), bool)) for s in scene.sources(n)]  # noqa: E731
    made = survey(scene, scene.NIGHTS[:1], [scene.known_table()], None, fallen)
    assert len(made[0]["ss_source"]) == len(made[0]["tracklet"]) == 0


@pytest.mark.parametrize("dec", [90.0, -89.9])
def test_a_field_at_the_pole_has_its_middle_there(dec):
    ra = np.array([45.0, 135.0, 225.0, 315.0])
    (one,) = scene.summaries(scene.NIGHTS[0])[:1]
    corners = {f"{c}cra": ra[k : k + 1] for k, c in enumerate(("ll", "lr", "ur", "ul"))}
    corners |= {f"{c}cdec": np.array([np.sign(dec) * 89.0]) for c in ("ll", "lr", "ur", "ul")}
    found = perform(
        "ephemerides", ephemerides, scene.INSTRUMENT, scene.TABLE, [one.with_columns(**corners)], [], [],
        night=scene.NIGHTS[0], config=EphemeridesConfig(),
    )  # fmt: skip
    assert found["night_visit"]["dec"][0] == pytest.approx(np.sign(dec) * 90, abs=1e-6)
    assert found["night_visit"]["radius"][0] == pytest.approx(1.0 + 20 / 3600, abs=1e-6)
