"""The rules' gathers find in a slice's part of the graph what they find in the whole."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.datamodel import DIMENSIONS
from gnomon.pipeline import STEPS
from gnomon.plan.active import active
from gnomon.plan.graph import _groups, _patches
from gnomon.plan.members import Members
from gnomon.plan.parts import Parts
from gnomon.plan.slices import cut
from gnomon.smk import Campaign

ROOT = Path(__file__).parents[2]
OF_VISITS = ("patches_of_visit", "tracts_of_visit", "visits_beside", "template_coadds_of", "catalog_before")
OF_PATCHES = ("visits_of_tract", "visits_of_patch", "visits_of_patch_band", "deep_coadds_of_patch")


class Wildcards(SimpleNamespace):
    def keys(self):
        return vars(self).keys()


@pytest.fixture(scope="module")
def whole(survey):
    """The graph of the whole survey, as `gnomon.plan.graph.graph` makes it of a table."""
    units, token = survey.units, DIMENSIONS["visit"].token
    names = [token(v) for v in units.visit.tolist()]
    band = [units.bands[b] for b in units.band.tolist()]
    night = [units.nights[k] for k in units.night.tolist()]
    mjd = (61000 + units.night + np.arange(len(names)) / 100).tolist()
    common = {"obstype": "science", "detectors": [0, 1, 2, 3], "shards": []}
    told = [
        {**common, "night": n, "band": b, "mjd": t, "raws": [f"{v}.fits"]}
        for v, n, b, t in zip(names, night, band, mjd, strict=True)
    ]
    patches = _patches(survey.pairs, list(zip(names, band, strict=True)))
    return {
        "visits": dict(zip(names, told, strict=True)),
        "nights": _groups(zip(night, names, strict=True)),
        "patches": patches,
        "tracts": _groups(tuple(p.split("/")) for p in patches),
        "bands": list(units.bands),
        "seasons": units.seasons.starts(units.bands),
        "exposures": {},
        "bias": [],
        "dark": [],
        "flat": {},
    }


@pytest.fixture(scope="module")
def parts(survey):
    kinds = Catalog({"obstype": np.array(["science"])})
    steps = active(STEPS, kinds, simulated=False)
    return Parts(cut(steps, survey.units, 60), steps, survey.units)


def gathers(graph, monkeypatch):
    """The functions of rules/common.smk over a graph."""
    monkeypatch.chdir(ROOT)
    campaign = Campaign({"campaign": "x", "instrument": "gnomonsim"})
    campaign.__dict__["graph"] = graph
    found = {"campaign": campaign, "expand": lambda path, **lists: [path, lists]}
    exec(compile((ROOT / "rules" / "common.smk").read_text(), "common.smk", "exec"), found)
    return found


def test_jobs_of_visits_gather_the_same(survey, parts, whole, monkeypatch):
    members, of_whole, seen = Members(parts), gathers(whole, monkeypatch), 0
    for index, name in enumerate(parts.slices.names):
        if "visits" not in name:
            continue
        part = members.graph(index, whole)
        of_part = gathers(part, monkeypatch)
        step = next(iter(parts.steps_of(index).values()))
        asks = OF_VISITS if "beside" in part else [n for n in OF_VISITS if n != "visits_beside"]
        meets = bool(part["patches"])
        for row in parts.jobs(step, index).tolist():
            one = Wildcards(visit=DIMENSIONS["visit"].token(survey.units.visit[row]))
            assert part["visits"][one.visit] == whole["visits"][one.visit]
            for ask in asks * meets:
                assert of_part[ask](one) == of_whole[ask](one), (name, ask)
            if "beside" in part:
                assert of_part["visits_before"](365)(one) == of_whole["visits_before"](365)(one)
                seen += 1
    assert seen == 40  # alerts of every visit


def test_jobs_of_tracts_gather_the_same(parts, whole, monkeypatch):
    members, of_whole, seen = Members(parts), gathers(whole, monkeypatch), 0
    for index in np.unique(parts.slices.places["coadd"]).tolist():
        of_part = gathers(members.graph(index, whole), monkeypatch)
        for place in of_part["campaign"].graph["patches"]:
            tract, patch = place.split("/")
            for band in whole["patches"][place]:
                one = Wildcards(tract=tract, patch=patch, band=band, kind="template_1")
                for ask in (*OF_PATCHES, "visits_of_coadd"):
                    assert of_part[ask](one) == of_whole[ask](one)
            seen += 1
    assert seen == len(whole["patches"])


def test_a_slice_of_visits_holds_no_more_of_a_patch_than_it_needs(survey, parts, whole):
    members = Members(parts)
    index = next(
        k for k, n in enumerate(parts.slices.names) if "visits" in n and "difference" in parts.steps_of(k)
    )
    part = members.graph(index, whole)
    visits, seasons = len(parts.jobs(STEPS["difference"], index)), int(survey.units.pair_season.max())
    most = max(len(some) for bands in part["patches"].values() for some in bands.values())
    assert most <= visits + seasons
    others = [v for v in part["visits"].values() if "raws" not in v]
    assert len(part["visits"]) - len(others) == visits
