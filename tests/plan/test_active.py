import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.pipeline import STEPS, simulation
from gnomon.pipeline.step import dataset_of
from gnomon.plan.active import active
from gnomon.smk import TARGETS


def _table(*kinds):
    return Catalog({"obstype": np.array(kinds, object)})


WHOLE = active(STEPS, _table("science", "bias", "dark", "flat"), simulated=True, filtered=True)


def test_what_no_target_needs_has_no_jobs():
    idle = {d for n, s in STEPS.items() if n not in WHOLE for d in s.writes.values()}
    read = {dataset_of(d) for s in WHOLE.values() for d in s.reads.values()}
    assert not idle & (read | set(TARGETS))
    assert {"simulate", "isr", "calibrate_visit", "report"} <= set(WHOLE)


def test_without_calibration_exposures_there_are_no_masters():
    left = active(STEPS, _table("science"), simulated=True, filtered=True)
    assert set(WHOLE) - set(left) == {"master_bias", "master_dark", "master_flat", "defects"}
    left = active(STEPS, _table("science", "flat"), simulated=True, filtered=True)
    assert set(WHOLE) - set(left) == {"master_bias", "master_dark"}


def test_real_exposures_have_no_truth_to_check():
    left = active(STEPS, _table("science", "bias", "dark", "flat"), simulated=False)
    truths = {d for s in simulation.STEPS for d in s.writes.values()} - {"raw"}
    assert "isr" in left
    assert not {s.name for s in simulation.STEPS} & set(left)
    assert not truths & {d for s in left.values() for d in s.reads.values() if isinstance(d, str)}


def test_without_filters_no_alerts_are_filtered():
    left = active(STEPS, _table("science", "bias", "dark", "flat"), simulated=True)
    assert set(WHOLE) - set(left) == {"filter_alerts"}
