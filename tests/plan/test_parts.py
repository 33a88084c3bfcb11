from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from gnomon.io.products import identify
from gnomon.pipeline.step import Many
from gnomon.plan.grains import step_grain
from gnomon.plan.parts import edges, targets
from gnomon.plan.slices import cut


@pytest.mark.parametrize("limit", [40, 5000])
def test_edges_are_those_of_the_jobs(steps, survey, limit):
    slices = cut(steps, survey.units, limit)
    wanted = set()
    for name, step in steps.items():
        for source in set(step.reads) - {name}:
            a, b = survey.units.pairs(step_grain(steps[source]), step_grain(step))
            wanted |= set(
                zip(slices.places[source][a].tolist(), slices.places[name][b].tolist(), strict=True)
            )
    found = edges(slices, steps, survey.units)
    assert found == sorted(e for e in wanted if e[0] != e[1])
    assert all(a < b for a, b in found)


def test_a_tract_waits_only_for_the_nights_that_saw_it(steps, survey):
    slices, units = cut(steps, survey.units, 40), survey.units
    found = set(edges(slices, steps, units))
    visits = units.pair_visit
    tracts = units.owner("patch_band", "tract")[units.pair_patch_band]
    isr, stars = slices.places["isr"], slices.places["stars"]
    into_tracts = {e for e in found if "-tracts-" in slices.names[e[1]] and e[0] in set(isr.tolist())}
    assert into_tracts == set(zip(isr[visits].tolist(), stars[tracts].tolist(), strict=True))


def test_the_targets_of_all_slices_are_what_others_read(steps, survey):
    slices, units = cut(steps, survey.units, 40), survey.units
    paths = [p for n in slices.names for p in targets(slices, steps, units, n, "cam")]
    assert len(paths) == len(set(paths))
    made = [identify(p)[0].name for p in paths]
    assert made.count("isr") == 40  # read by the tracts' slices
    assert made.count("objects") == units.size("patch")
    assert made.count("report") == 1


def test_what_only_its_own_jobs_read_is_no_target(steps, survey):
    few = {n: steps[n] for n in ("coadd", "objects")}
    slices = cut(few, survey.units, 5000)
    (name,) = slices.names
    made = {identify(p)[0].name for p in targets(slices, few, survey.units, name, "cam")}
    assert made == {"objects"}


def test_slices_that_gather_what_earlier_nights_made_follow_each_other(steps, survey):
    reads = {"difference": Many("difference"), "link": Many("link")}
    serial = {**steps, "link": replace(steps["link"], reads=reads)}
    slices = cut(serial, survey.units, 1)
    mine = np.unique(slices.places["link"]).tolist()
    assert len(mine) == 3
    assert set(pairwise(mine)) <= set(edges(slices, serial, survey.units))


def test_an_unknown_slice_is_refused(steps, survey):
    with pytest.raises(ValueError, match="no slice 's9-none'"):
        targets(cut(steps, survey.units), steps, survey.units, "s9-none", "cam")
