import itertools
from dataclasses import replace

import numpy as np
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.plan.census import census_of
from gnomon.plan.chain import names_of
from gnomon.plan.incidence import Incidence

SKY = ["visit", "night", "tract", "patch", "patch_band"]


def _brute(survey):
    """One row of unit names for every pair of a visit and a patch."""
    units, pairs = survey.units, survey.pairs
    patches = list(zip(units.patch["tract"].tolist(), units.patch["patch"].tolist(), strict=True))
    rows = []
    for t, p, v in zip(pairs.tract.tolist(), pairs.patch.tolist(), pairs.visit.tolist(), strict=True):
        k = patches.index((t, p))
        in_band = (units.patch_band["patch"] == k) & (units.patch_band["band"] == units.band[v])
        rows.append(
            {
                "visit": v,
                "night": int(units.night[v]),
                "tract": int(np.searchsorted(units.tracts, t)),
                "patch": k,
                "patch_band": int(np.flatnonzero(in_band)[0]),
            }
        )
    return rows


@pytest.mark.parametrize("source,target", list(itertools.permutations(SKY, 2)))
def test_relations_are_those_of_the_pairs(survey, source, target):
    wanted = {(r[source], r[target]) for r in _brute(survey)}
    if {source, target} == {"visit", "night"}:
        visits = enumerate(survey.units.night.tolist())
        wanted = {(v, n) if source == "visit" else (n, v) for v, n in visits}
    a, b = survey.units.pairs(source, target)
    got = list(zip(a.tolist(), b.tolist(), strict=True))
    assert len(got) == len(set(got))
    assert set(got) == wanted
    counts = np.bincount([t for _, t in wanted], minlength=survey.units.size(target))
    assert np.array_equal(survey.units.fan(source, target), counts)


def test_every_grain_belongs_to_the_campaign(survey):
    for grain in SKY:
        assert survey.units.fan(grain, "campaign").tolist() == [survey.units.size(grain)]
        assert survey.units.fan("campaign", grain).tolist() == [1] * survey.units.size(grain)


def test_a_band_reads_its_flats_and_the_campaign_all_calibrations(survey):
    units = survey.units
    assert units.fan("exposure", "band").tolist() == [1, 1]
    assert units.fan("exposure", "campaign").tolist() == [5]
    assert units.fan("exposure", "visit").tolist() == [1] * 40
    assert units.fan("campaign", "exposure").tolist() == [1] * 45


def test_a_visit_table_is_counted_by_exposure():
    table = Catalog(
        {
            "visit": np.array([1, 1, 2, 5, 5, 7]),
            "detector": np.array([0, 1, 0, 0, 1, 0]),
            "obstype": np.array(["flat", "flat", "bias", "science", "science", "science"], object),
            "night": np.array(["20260101"] * 3 + ["20260102"] * 2 + ["20260103"], object),
            "band": np.array(["r", "r", "none", "r", "r", "g"], object),
            "midpointMjdTai": np.array([1.0, 1.0, 1.1, 2.0, 2.0, 3.0]),
        }
    )
    two = np.array([0, 1], np.int32)
    pairs = Incidence(
        np.array([3, 3], np.int32), np.array([8, 8], np.int32), two, np.array([2, 1], np.uint16)
    )
    units = census_of(table, pairs, 60.0)
    assert units.visit.tolist() == [5, 7]
    assert units.n_detectors.tolist() == [2, 1]
    assert units.nights == ("20260102", "20260103")
    assert units.calibrations.tolist() == [1, 2]
    assert units.flats.tolist() == [units.bands.index("r"), -1]
    assert [units.size(g) for g in SKY] == [2, 2, 1, 1, 2]


def test_a_template_is_made_of_other_seasons_and_read_by_its_own():
    """Three visits in r of one patch, the last a season later; one visit in g, which has no template."""
    table = Catalog(
        {
            "visit": np.arange(4),
            "detector": np.zeros(4, np.int64),
            "obstype": np.full(4, "science", object),
            "night": np.array(["20260101", "20260102", "20260102", "20270102"], object),
            "band": np.array(["r", "r", "g", "r"], object),
            "midpointMjdTai": np.array([1.0, 2.0, 2.1, 367.0]),
        }
    )
    zero, four = np.zeros(4, np.int32), np.arange(4, dtype=np.int32)
    units = census_of(table, Incidence(zero, zero, four, np.ones(4, np.uint16)), 60.0)
    names = [f"{n['band']}/{n['kind']}" for n in names_of("coadd", units)]
    assert names == ["g/deep", "r/deep", "r/template_1", "r/template_2"]
    made_of = sorted(
        (names[c], v) for v, c in zip(*(x.tolist() for x in units.pairs("visit", "coadd")), strict=True)
    )
    assert [v for n, v in made_of if n == "r/deep"] == [0, 1, 3]
    assert [v for n, v in made_of if n == "r/template_1"] == [3]
    assert [v for n, v in made_of if n == "r/template_2"] == [0, 1]
    reads = {(names[c], v) for c, v in zip(*(x.tolist() for x in units.pairs("coadd", "visit")), strict=True)}
    assert reads == {("r/template_1", 0), ("r/template_1", 1), ("r/template_2", 3)}
    assert units.fan("coadd", "patch").tolist() == [4]
    assert units.fan("coadd", "tract").tolist() == [4]


def test_each_filter_has_one_job_a_night_that_reads_the_nights_visits(survey):
    units = replace(survey.units, filters=("bright", "young"))
    assert units.size("filter") == 6
    assert names_of("filter", units)[1] == {"night": "20261010", "filter": "young"}
    visit, file = units.pairs("visit", "filter")
    assert (units.night[visit] == file // 2).all()
    assert len(set(zip(visit.tolist(), file.tolist(), strict=True))) == 2 * len(units.visit)
    back = units.pairs("filter", "visit")
    assert sorted(zip(*back[::-1], strict=True)) == sorted(zip(visit, file, strict=True))
    assert units.fan("patch", "filter")[::2].tolist() == units.fan("patch", "night").tolist()
    assert [survey.units.size("filter"), len(survey.units.pairs("visit", "filter")[0])] == [0, 0]


def test_no_visits_at_all_are_an_empty_census():
    empty = {n: np.empty(0, object) for n in ("obstype", "night", "band")}
    empty["midpointMjdTai"] = np.empty(0)
    table = Catalog({"visit": np.empty(0, np.int64), "detector": np.empty(0, np.int32), **empty})
    none = np.empty(0, np.int32)
    units = census_of(table, Incidence(none, none, none, np.empty(0, np.uint16)), 60.0)
    assert [units.size(g) for g in (*SKY, "exposure", "campaign")] == [0, 0, 0, 0, 0, 0, 1]
    assert units.fan("visit", "patch").tolist() == []
