from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from gnomon.io.products import identify
from gnomon.pipeline.step import Many
from gnomon.plan.grains import step_grain
from gnomon.plan.parts import Parts
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
    found = Parts(slices, steps, survey.units).edges()
    assert found == sorted(e for e in wanted if e[0] != e[1])
    assert all(a < b for a, b in found)


def test_a_tract_waits_only_for_the_nights_that_saw_it(steps, survey):
    slices, units = cut(steps, survey.units, 40), survey.units
    found = set(Parts(slices, steps, units).edges())
    visits = units.pair_visit
    tracts = units.owner("patch_band", "tract")[units.pair_patch_band]
    isr, stars = slices.places["isr"], slices.places["stars"]
    into_tracts = {e for e in found if "-tracts-" in slices.names[e[1]] and e[0] in set(isr.tolist())}
    assert into_tracts == set(zip(isr[visits].tolist(), stars[tracts].tolist(), strict=True))


def test_the_targets_of_all_slices_are_what_others_read(steps, survey):
    slices, units = cut(steps, survey.units, 40), survey.units
    parts = Parts(slices, steps, units)
    paths = [p for k in range(len(slices.names)) for p in parts.targets(k, "cam")]
    assert len(paths) == len(set(paths))
    made = [identify(p)[0].name for p in paths]
    assert made.count("isr") == 40  # read by the tracts' slices
    assert made.count("objects") == units.size("patch")
    assert made.count("report") == 1


def test_what_only_its_own_jobs_read_is_no_target(steps, survey):
    few = {n: steps[n] for n in ("coadd", "objects")}
    slices = cut(few, survey.units, 5000)
    assert len(slices.names) == 1
    made = {identify(p)[0].name for p in Parts(slices, few, survey.units).targets(0, "cam")}
    assert made == {"objects"}


def test_slices_that_gather_what_earlier_nights_made_follow_each_other(steps, survey):
    reads = {"difference": Many("difference"), "link": Many("link")}
    serial = {**steps, "link": replace(steps["link"], reads=reads)}
    slices = cut(serial, survey.units, 1)
    mine = np.unique(slices.places["link"]).tolist()
    assert len(mine) == 3
    assert set(pairwise(mine)) <= set(Parts(slices, serial, survey.units).edges())
