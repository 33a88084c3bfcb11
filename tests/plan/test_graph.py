import healpy
import numpy as np
import pytest

from gnomon.containers.wcs import plane_to_sky
from gnomon.plan.exposures import simulated_table
from gnomon.plan.graph import SHARD_MARGIN, graph, shards_near
from gnomon.plan.make import Plan, make_plan
from gnomon.sim.recipe import toy_recipe
from gnomon.smk import campaign_options


@pytest.fixture(scope="module")
def plan():
    toy = {"simulate_sky": {"recipe": "toy", "seed": 7}}
    options = {"campaign": "toy", "instrument": "gnomonsim", "skymap": {"patch_cells": 2}, "steps": toy}
    return make_plan(campaign_options(options))


def test_every_exposure_is_in_the_graph_once(plan: Plan):
    found = graph(plan.table, plan.pairs, plan.science, {})
    table = simulated_table(toy_recipe())
    assert sorted([*found["visits"], *found["exposures"]]) == sorted({f"{v:013d}" for v in table["visit"]})
    assert len(found["bias"]) == 3
    assert len(found["dark"]) == 2
    assert {b: len(v) for b, v in found["flat"].items()} == {"i": 2, "r": 2}
    assert sum(len(v) for v in found["nights"].values()) == len(found["visits"]) == 4


def test_patches_list_their_visits_by_band(plan: Plan):
    found = graph(plan.table, plan.pairs, plan.science, {})
    pairs = [(v, p) for p, bands in found["patches"].items() for vs in bands.values() for v in vs]
    assert len(pairs) == len(set(pairs)) == len(plan.pairs)
    assert sorted(found["patches"]) == sorted(f"{t}/{p}" for t, ps in found["tracts"].items() for p in ps)
    for bands in found["patches"].values():
        for band, visits in bands.items():
            assert {found["visits"][v]["band"] for v in visits} == {band}


def test_only_shards_that_exist_are_named(plan: Plan, tmp_path):
    near = shards_near(np.radians(330.0), np.radians(-12.25))
    (tmp_path / f"{near[0]:05d}.h5").touch()
    (tmp_path / "99999.h5").touch()
    found = graph(plan.table, plan.pairs, plan.science, {}, str(tmp_path))
    assert {tuple(v["shards"]) for v in found["visits"].values()} == {(f"{near[0]:05d}",)}
    without = graph(plan.table, plan.pairs, plan.science, {})["visits"].values()
    assert [v["shards"] for v in without] == [[]] * 4


@pytest.mark.parametrize("ra,dec", [(0.0, 0.1), (3.0, np.pi / 2), (6.28, -1.2)])
def test_no_shard_near_the_detectors_is_missed(ra, dec):
    angle = np.arange(8) * np.pi / 4
    east, north = 0.02 * np.cos(angle), 0.02 * np.sin(angle)
    corners = plane_to_sky(east, north, (ra, dec))
    disc = healpy.query_disc(
        32, healpy.ang2vec(np.pi / 2 - dec, ra), 0.0199 + SHARD_MARGIN, inclusive=True, fact=64, nest=True
    )
    assert set(disc) <= set(shards_near(*corners))
    assert shards_near([np.nan], [np.nan]) == []
