"""The service asks the rules themselves for their inputs."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from gnomon.errors import ConfigError
from gnomon.pipeline import STEPS
from gnomon.plan.graph import graph
from gnomon.plan.make import make_plan
from gnomon.service.book import admit
from gnomon.service.chain import CHAIN, Chain, made_by_visits, shared_by_visits
from gnomon.service.gathers import Gathers, expand
from gnomon.service.warm import Warm
from gnomon.smk import Campaign, campaign_options

ROOT = Path(__file__).parents[2]
DEMO = {
    "campaign": "demo",
    "instrument": "gnomonsim",
    "skymap": {"tracts_deg": [[330.0, -12.25, 0.16, 0.16]], "patch_cells": 10},
}


@pytest.fixture(scope="module")
def plan():
    return make_plan(campaign_options(DEMO))


@pytest.fixture(scope="module")
def whole(plan):
    """The demo's graph; as JSON, so that nobody shares its lists."""
    seasons = plan.units.seasons.starts(plan.units.bands)
    return json.dumps(graph(plan.table, plan.pairs, plan.science, seasons))


def campaign_of(found, root="run"):
    campaign = Campaign({**DEMO, "root": str(root)})
    campaign.__dict__["graph"] = json.loads(found)
    return campaign


def test_every_rule_has_the_inputs_of_its_step(whole):
    gathers = Gathers(campaign_of(whole), ROOT / "rules")
    tokens = {
        "visit": "2027101101002", "night": "20271011", "tract": "00000", "patch": "000", "band": "r", "kind": "deep",
    }  # fmt: skip
    for name, step in STEPS.items():
        assert set(gathers.inputs(name, tokens)) == set(step.reads), name


def test_inputs_are_those_of_the_plan(whole):
    gathers = Gathers(campaign_of(whole), ROOT / "rules")
    found = gathers.inputs("isr", {"visit": "2027101101002"})
    assert found["raw"] == ["run/raw/2027101101002.fits"]
    assert found["flat"] == ["run/calib/gnomonsim/flat-i.h5"]
    night = gathers.inputs("ephemerides", {"night": "20271020"})
    assert night["before"] == ["run/moving/catalog/20271014.parquet"]
    assert night["known"] == []
    assert len(night["summaries"]) == 3


def test_expand_takes_every_combination():
    assert expand("{a}-{b}", a=["1", "2"], b="x") == ["1-x", "2-x"]
    assert expand("{a}", a=[]) == []


def test_exposures_that_arrive_one_by_one_give_the_plans_graph(plan, whole):
    """Invariant: the plan of all exposures is that of none, with each admitted, in any order."""
    science = plan.table.take(plan.table["obstype"] == "science")
    campaign = campaign_of(whole)
    emptied = campaign.graph
    for kind in ("visits", "nights", "patches", "tracts", "seasons"):
        emptied[kind].clear()
    emptied["bands"].clear()
    skymap = plan.tiling.skymap()
    for visit in np.random.default_rng(3).permutation(plan.science):
        admit(campaign, science.take(science["visit"] == visit), skymap)
    assert campaign.graph == json.loads(whole)
    assert [*campaign.graph["visits"]] == [*json.loads(whole)["visits"]]
    assert [*campaign.graph["patches"]] == [*json.loads(whole)["patches"]]


def test_a_visit_that_is_planned_changes_nothing(plan, whole):
    campaign = campaign_of(whole)
    before = copy.deepcopy(campaign.graph)
    admit(campaign, plan.table.take(plan.table["visit"] == plan.science[3]), plan.tiling.skymap())
    assert campaign.graph == before


def test_a_missing_master_is_told_with_how_to_make_it(whole, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    campaign = campaign_of(whole, tmp_path)
    chain = Chain(campaign, Gathers(campaign), Warm(shared_by_visits(), 10**6))
    with pytest.raises(ConfigError, match=r"no such file: .*; make it before the night: snakemake"):
        chain.run("2027101101002")


def test_the_chain_is_in_the_order_of_what_it_reads():
    made = set()
    for step in (STEPS[n] for n in CHAIN if n in STEPS):
        read = {d if isinstance(d, str) else "" for d in step.reads.values()}
        assert not (read & made_by_visits()) - made, step.name
        made |= set(step.writes.values())
