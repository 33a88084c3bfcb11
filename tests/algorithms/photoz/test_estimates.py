import numpy as np
import pytest
from scipy.stats import norm

from gnomon.algorithms.photoz import estimates, metrics

EDGES = np.linspace(0, 3, 601)


def gaussian_bins(mu, sigma):
    p = np.diff(norm.cdf(EDGES, np.atleast_1d(mu)[:, None], sigma), axis=1)
    return p / p.sum(axis=1, keepdims=True)


def test_point_estimates_of_a_gaussian_are_its_centre():
    mu = np.array([0.5, 1.2345, 2.0])
    e = estimates.point_estimates(gaussian_bins(mu, 0.05), EDGES)
    # Bins are 0.005 wide: a tenth of sigma; the histogram moves mean, median and mode by far less than a bin.
    for value in (e.mean, e.mode, e.median):
        np.testing.assert_allclose(value, mu, atol=5e-4)
    np.testing.assert_allclose(e.best, mu, atol=0.006)  # best is a bin centre: half a bin plus the (1+z) tilt
    np.testing.assert_allclose(e.quantiles[:, :2], mu[:, None] + 0.05 * norm.ppf([0.16, 0.84]), atol=5e-4)


def test_odds_of_a_gaussian_follow_the_error_function():
    e = estimates.point_estimates(gaussian_bins(1.0, 0.04), EDGES)
    np.testing.assert_allclose(e.odds, 2 * norm.cdf(0.06 / 0.04) - 1, atol=2e-3)


def test_best_is_on_the_heavier_of_two_peaks_and_mean_is_between():
    p = 0.7 * gaussian_bins(0.4, 0.03) + 0.3 * gaussian_bins(2.5, 0.03)
    e = estimates.point_estimates(p, EDGES)
    assert abs(e.best[0] - 0.4) < 0.02
    assert 0.9 < e.mean[0] < 1.2
    assert e.risk[0] == pytest.approx(0.3, abs=0.05)  # the other peak is far: its risk is nearly 1


def test_density_integrates_to_one():
    e = np.expm1(np.linspace(0, 1, 50))
    p = np.random.default_rng(0).dirichlet(np.ones(49), 5)
    np.testing.assert_allclose(estimates.density(p, e) @ np.diff(e), 1, rtol=1e-12)


def test_pit_of_honest_distributions_is_uniform():
    rng = np.random.default_rng(1)
    mu = rng.uniform(1, 2, 4000)
    truth = mu + 0.05 * rng.standard_normal(4000)
    u = metrics.pit(gaussian_bins(mu, 0.05), EDGES, truth)
    assert metrics.ks_uniform(u) < 1.63 / np.sqrt(4000)  # 1 per cent point of the KS statistic


def test_crps_of_a_gaussian_is_the_closed_form():
    # CRPS(N(0,1), x) = x (2 Phi(x) - 1) + 2 phi(x) - 1/sqrt(pi)  (Gneiting & Raftery 2007, eq. 21)
    truth = np.array([1.0, 1.05, 1.2])
    x = (truth - 1) / 0.05
    want = 0.05 * (x * (2 * norm.cdf(x) - 1) + 2 * norm.pdf(x) - 1 / np.sqrt(np.pi))
    got = metrics.crps(np.repeat(gaussian_bins(1.0, 0.05), 3, axis=0), EDGES, truth)
    np.testing.assert_allclose(got, want, rtol=2e-3, atol=2e-5)  # bins of sigma / 10


def test_crps_of_a_truth_beyond_the_grid_counts_the_gap():
    p = np.zeros((1, 600))
    p[0, -1] = 1
    assert metrics.crps(p, EDGES, np.array([4.0]))[0] == pytest.approx(1.0, abs=0.005)


def test_sigma_mad_of_a_gaussian_is_sigma():
    d = 0.02 * np.random.default_rng(2).standard_normal(100_000)
    assert metrics.sigma_mad(d) == pytest.approx(0.02, rel=0.02)  # error of a MAD: 1.17 sigma / sqrt(n)


def test_scores_of_an_empty_sample_are_nan():
    s = metrics.scores(np.zeros(0), np.zeros((0, 600)), EDGES, np.zeros(0))
    assert s.n == 0
    assert np.isnan(s.sigma_mad)
