import numpy as np
import pytest

from gnomon.containers.dataid import DataId
from gnomon.pipeline.simulation import SimulateConfig
from gnomon.sim.recipe import toy_recipe
from gnomon.sim.schedule import visits
from gnomon.steps.simulate import simulate

RECIPE = toy_recipe()


def of_type(obstype):
    return next(v for v in visits(RECIPE) if v.obstype == obstype)


def test_truth_is_in_degrees_around_the_field_centre():
    visit = of_type("science")
    made = simulate(RECIPE, data_id=DataId(visit=visit.visit), config=SimulateConfig())
    assert made.raw.header["OBSID"] == visit.visit
    assert len(made.sources) > 10
    assert np.all(np.abs(made.sources["dec"] - RECIPE.dec_deg) < 0.05)
    assert np.all(np.abs(made.sources["ra"] - RECIPE.ra_deg) < 0.05)
    assert len(made.detectors) == 1


def test_a_calibration_exposure_has_no_sources_and_says_why():
    made = simulate(RECIPE, data_id=DataId(visit=of_type("bias").visit), config=SimulateConfig())
    assert len(made.sources) == 0
    assert made.sources.meta["empty_reason"] == "calibration exposure"


def test_a_visit_that_is_not_in_the_survey_is_refused():
    with pytest.raises(ValueError, match="not in the survey"):
        simulate(RECIPE, data_id=DataId(visit=1), config=SimulateConfig())
