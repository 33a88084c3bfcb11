"""The field of the air between the stars."""

import numpy as np
import pytest

from algorithms.astrometry.survey import ARCSEC, MAS, air_field
from gnomon.algorithms.astrometry.turbulence import fit_turbulence


def field(seed, n=900, noise=3.0, rms=15.0, length=150.0):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-400, 400, (n, 2)) * ARCSEC
    true = air_field(rng, rms, length)(points) / MAS
    return points, true, true + rng.normal(0, noise, true.shape), np.full(n, noise)


@pytest.mark.parametrize("seed", [0, 1])
def test_held_out_stars_are_predicted(seed):
    points, true, seen, error = field(seed)
    some = np.arange(len(points)) % 5 > 0
    fit = fit_turbulence(points[some], seen[some], error[some])
    left = fit.at(points[~some]) - true[~some]
    # 720 stars of 3 mas on 800": the field of 15 mas and a coherence of two arcminutes is known to ~3 mas
    assert np.sqrt(np.mean(left**2)) < 5
    assert np.sqrt(np.mean(true**2)) > 10


def test_leave_one_out_is_what_leaving_one_out_gives():
    points, _, seen, error = field(2, n=60)
    fit = fit_turbulence(points, seen, error)
    others = np.arange(60) != 7
    again = fit_turbulence(points[others], seen[others], error[others])
    # covariance from 59 instead of 60 stars: a few per cent
    np.testing.assert_allclose(fit.left_out[7], again.at(points[[7]])[0], atol=1.5)


def test_white_noise_is_no_field():
    rng = np.random.default_rng(3)
    points = rng.uniform(-1, 1, (500, 2))
    fit = fit_turbulence(points, rng.normal(0, 5, (500, 2)), np.full(500, 5.0))
    # a chance correlation of 20 bins may leave a faint field, much below the noise
    assert np.sqrt(np.mean(fit.left_out**2)) < 1.5


@pytest.mark.parametrize("n", [0, 1, 19])
def test_few_stars_make_no_field(n):
    fit = fit_turbulence(np.zeros((n, 2)), np.ones((n, 2)), np.ones(n))
    assert (fit.at(np.ones((4, 2))) == 0).all()
    assert fit.left_out.shape == (n, 2)
