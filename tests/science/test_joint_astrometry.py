"""The joint astrometric solution through simulated turbulence, with the bars of a survey."""

import numpy as np
import pytest

from algorithms.astrometry.survey import make_survey
from algorithms.astrometry.test_joint import map_errors, rms
from gnomon.algorithms.astrometry.joint import fit_joint_astrometry

pytestmark = pytest.mark.science


def test_turbulence_is_removed_to_five_milliarcseconds():
    # turbulence coherent over an arcminute; 3 stars per square arcminute; S/N > 100: 0.02 px = 4 mas
    survey = make_survey(np.random.default_rng(0), rms_air=15.0)
    solution = fit_joint_astrometry(survey.exposures, survey.sources, survey.stars)
    error, star = map_errors(survey, solution), survey.sources.star
    bright = survey.sources.error < 0.02
    count = np.bincount(star[bright], minlength=len(survey.stars))
    mean = np.stack([np.bincount(star[bright], error[bright, a], minlength=len(count)) for a in (0, 1)], -1)
    mean /= np.maximum(count, 1)[:, None]
    repeated = bright & (count[star] > 3)
    assert rms(error[repeated] - mean[star[repeated]]) < 5.0
    assert np.all(np.abs(np.mean(error[bright], axis=0)) < 2.0)
    # an honest residual: the star had no part in the field taken off it
    assert rms(solution.residual_mas[bright & solution.used]) < 5.5
    assert np.sqrt(np.mean([a.variance for a in solution.turbulence])) > 5
