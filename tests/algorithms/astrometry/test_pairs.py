"""Nearest pairs and the tail of chance."""

import numpy as np
import pytest
from scipy.spatial import KDTree
from scipy.stats import poisson

from gnomon.algorithms.astrometry.pairs import log_poisson_tail, nearest_pairs


def test_pairs_are_each_others_nearest():
    known = KDTree(np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]]))
    i, j = nearest_pairs(np.array([[0.2, 0.0], [0.1, 0.0], [1.0, 0.1], [9.0, 9.0]]), known, 0.5)
    assert list(zip(i, j, strict=True)) == [(1, 0), (2, 1)]  # the nearer of two takes the star


def test_no_points_make_no_pairs():
    i, j = nearest_pairs(np.zeros((0, 2)), KDTree(np.zeros((1, 2))), 1.0)
    assert len(i) == len(j) == 0


@pytest.mark.parametrize("count, expected", [(3, 0.01), (10, 2.0), (50, 10.0), (5, 0.5)])
def test_the_tail_bounds_the_poisson_distribution_from_above(count, expected):
    exact = poisson.logsf(count - 1, expected)
    # the geometric series that sums the tail is at most 1 / (1 - mu / (k + 1)) too large per term
    assert exact <= log_poisson_tail(count, expected) + 1e-9 < exact + 0.1


def test_what_is_expected_is_no_surprise():
    assert log_poisson_tail(3, 5.0) == 0.0
