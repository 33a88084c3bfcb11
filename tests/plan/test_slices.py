import numpy as np
import pytest

from gnomon.plan.grains import step_grain
from gnomon.plan.slices import cut, files_read, pack, stages


def test_stages_count_the_turns_between_visits_and_tracts(steps):
    assert stages(steps) == {
        "recipe": 0, "raw": 1, "bias": 2, "isr": 3, "stars": 4, "calexp": 5, "coadd": 6, "objects": 6,
        "difference": 7, "link": 8, "report": 9,
    }  # fmt: skip


@pytest.mark.parametrize("limit", [30, 100, 5000])
def test_every_job_is_in_one_slice_within_the_limit(steps, survey, limit):
    slices = cut(steps, survey.units, limit)
    jobs = np.zeros(len(slices.names), int)
    for name, step in steps.items():
        place = slices.places[name]
        assert len(place) == survey.units.size(step_grain(step))
        jobs += np.bincount(place, minlength=len(jobs))
    alone = [n for n, k in zip(slices.names, jobs, strict=True) if k > limit]
    assert all(n.count("-") == 2 and "tracts" in n for n in alone)  # one tract that is larger by itself
    assert (jobs > 0).all()
    assert len(set(slices.names)) == len(slices.names)


def test_files_read_are_counted(steps, survey):
    units = survey.units
    assert files_read(steps["isr"], units).tolist() == [2] * 40  # its exposure, the bias
    assert files_read(steps["coadd"], units).sum() == len(survey.pairs)
    assert (files_read(steps["difference"], units) == 1 + units.fan("patch_band", "visit")).all()


@pytest.mark.parametrize("limit", [20, 200])
def test_the_jobs_of_a_slice_read_no_more_files_than_the_limit(steps, survey, limit):
    slices = cut(steps, survey.units, 5000, limit)
    n = len(slices.names)
    read = sum(np.bincount(slices.places[k], files_read(s, survey.units), n) for k, s in steps.items())
    visits = np.bincount(slices.places["difference"], minlength=n)
    more = [k for k in np.flatnonzero(read > limit).tolist() if "campaign" not in slices.names[k]]
    assert len(set(slices.names)) == n > 20
    assert all(
        visits[k] == 1 or slices.names[k].count("-") == 2 for k in more
    )  # one visit, one tract, one night


def test_a_slice_never_mixes_nights(steps, survey):
    place = cut(steps, survey.units, 5).places["isr"]
    for k in np.unique(place):
        assert len(set(survey.units.night[place == k].tolist())) == 1


def test_no_slice_needs_a_later_one(steps, survey):
    slices = cut(steps, survey.units, 50)
    stage = [int(n[1 : n.index("-")]) for n in slices.names]
    assert stage == sorted(stage)
    for name, step in steps.items():
        for source in set(step.reads) - {name}:
            reader, maker = slices.places[name], slices.places[source]
            a, b = survey.units.pairs(step_grain(steps[source]), step_grain(step))
            apart = maker[a] != reader[b]
            assert all(stage[m] < stage[r] for m, r in zip(maker[a][apart], reader[b][apart], strict=True))


def test_packing_fills_up_to_the_limit_and_keeps_the_order():
    assert pack(np.array([[3], [3], [3], [9], [1], [1]]), [6]).tolist() == [0, 0, 1, 2, 3, 3]
    assert pack(np.array([[1, 3], [1, 3], [1, 0], [2, 0]]), [4, 5]).tolist() == [0, 1, 1, 1]
    assert pack(np.empty((0, 2), int), [6, 6]).tolist() == []


def test_a_limit_below_one_is_refused(steps, survey):
    with pytest.raises(ValueError, match="at least one job"):
        cut(steps, survey.units, 0)
