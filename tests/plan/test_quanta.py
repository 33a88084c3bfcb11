import numpy as np
import pytest

from gnomon.plan.quanta import count, quanta
from gnomon.plan.slices import cut


def test_jobs_and_quanta_of_the_whole_do_not_depend_on_the_slices(steps, survey):
    totals = []
    for limit in (20, 100000):
        table = quanta(steps, survey.units, cut(steps, survey.units, limit))
        names, which = np.unique(table["step"].astype(str), return_inverse=True)
        columns = ("jobs", "quanta", "inputs", "cpu_s", "out_mb")
        totals.append({n: np.bincount(which, table[n]) for n in columns} | {"step": names})
    for name in totals[0]:
        assert np.array_equal(totals[0][name], totals[1][name])


def test_quanta_are_detectors_and_warps(steps, survey):
    units = survey.units
    assert count(steps["isr"], units).quanta.sum() == 40 * 4
    assert count(steps["coadd"], units).quanta.sum() == len(survey.pairs)
    assert count(steps["raw"], units).quanta.sum() == 45
    assert count(steps["report"], units).quanta.tolist() == [1]
    assert count(steps["report"], units).inputs.tolist() == [units.size("patch") + units.size("night")]


def test_predictions_follow_the_declared_cost(steps, survey):
    table = quanta(steps, survey.units, cut(steps, survey.units))
    rows = table.take(table["step"] == "coadd")
    jobs, inputs = survey.units.size("patch_band"), len(survey.pairs)
    assert rows["cpu_s"].sum() == pytest.approx(jobs * 1 + inputs * 2)
    assert rows["out_mb"].sum() == pytest.approx(inputs * 3)
    most = np.bincount(survey.units.pair_patch_band).max()
    assert rows["mem_mb"].max() == pytest.approx(100 + 10 * most)
