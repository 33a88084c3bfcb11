import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.pipeline import STEPS, simulation
from gnomon.plan.active import active


def _table(*kinds):
    return Catalog({"obstype": np.array(kinds, object)})


def test_a_simulated_survey_has_every_step():
    assert active(STEPS, _table("science", "bias", "dark", "flat"), simulated=True) == STEPS


def test_without_calibration_exposures_there_are_no_masters():
    left = active(STEPS, _table("science"), simulated=True)
    assert set(STEPS) - set(left) == {"master_bias", "master_dark", "master_flat", "defects"}
    left = active(STEPS, _table("science", "flat"), simulated=True)
    assert set(STEPS) - set(left) == {"master_bias", "master_dark"}


def test_real_exposures_have_no_truth_to_check():
    left = active(STEPS, _table("science", "bias", "dark", "flat"), simulated=False)
    truths = {d for s in simulation.STEPS for d in s.writes.values()} - {"raw"}
    assert "isr" in left
    assert not {s.name for s in simulation.STEPS} & set(left)
    assert not truths & {d for s in left.values() for d in s.reads.values() if isinstance(d, str)}
