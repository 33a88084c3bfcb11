"""Stars solved away give what solving for everything gives."""

import numpy as np
import pytest
from scipy import sparse

from gnomon.algorithms.joint.elimination import Priors, Rows, solve


def problem(seed=0, n=400, p=12, stars=40, m=2):
    rng = np.random.default_rng(seed)
    b = rng.normal(size=(n, p)) * (rng.random((n, p)) < 0.4)
    star = rng.integers(0, stars, n)
    terms = np.stack([np.ones(n), rng.normal(size=n)], -1)[:, :m]
    rows = Rows(sparse.csr_array(b), rng.normal(size=n), rng.uniform(0.1, 2, n), star, terms)
    priors = Priors(np.full(p, 0.3), rng.uniform(0.1, 1, (stars, m)), np.repeat(np.arange(p // 3), 3))
    return rows, priors


def brute_force(rows, priors):
    """(parameters, stars, covariance) from the full normal matrix."""
    n, p = rows.design.shape
    stars, m = priors.star.shape
    s = np.zeros((n, stars * m))
    for i in range(m):
        s[np.arange(n), rows.star * m + i] = rows.star_terms[:, i]
    full = np.hstack([rows.design.toarray(), s])
    normal = full.T @ (rows.weight[:, None] * full)
    normal += np.diag(np.concatenate([priors.parameter, priors.star.ravel()]))
    x = np.linalg.solve(normal, full.T @ (rows.weight * rows.target))
    return x[:p], x[p:].reshape(stars, m), np.linalg.inv(normal)[:p, :p]


@pytest.mark.parametrize("m", [1, 2])
@pytest.mark.parametrize("direct_limit", [100, 0])
def test_the_same_as_solving_for_everything(m, direct_limit):
    rows, priors = problem(m=m)
    solution = solve(rows, priors, direct_limit=direct_limit)
    parameter, star, covariance = brute_force(rows, priors)
    # conjugate gradients stop at 1e-7 of the right side in the preconditioned norm; unknowns are of order 1
    np.testing.assert_allclose(solution.parameter, parameter, atol=1e-6)
    np.testing.assert_allclose(solution.star, star, atol=1e-6)
    if direct_limit:
        np.testing.assert_allclose(solution.covariance, covariance, atol=1e-12)
    else:
        assert 0 < solution.iterations < 100


def test_a_good_start_saves_steps():
    rows, priors = problem()
    first = solve(rows, priors, direct_limit=0)
    again = solve(rows, priors, first.parameter, direct_limit=0)
    assert again.iterations <= 2


def test_rows_of_no_weight_do_not_matter():
    rows, priors = problem()
    weight = rows.weight.copy()
    weight[::7] = 0
    target = np.where(weight == 0, 1e6, rows.target)
    one = solve(Rows(rows.design, target, weight, rows.star, rows.star_terms), priors)
    two = solve(Rows(rows.design, rows.target, weight, rows.star, rows.star_terms), priors)
    np.testing.assert_allclose(one.parameter, two.parameter, atol=1e-12)


def test_a_star_that_nothing_measures_stays_put():
    rows, priors = problem()
    more = Priors(priors.parameter, np.vstack([priors.star, np.zeros((1, 2))]), priors.block)
    solution = solve(rows, more)
    assert (solution.star[-1] == 0).all()


def test_what_nothing_determines_is_refused():
    rows, priors = problem()
    free = Priors(np.zeros(12), priors.star, priors.block)
    twice = sparse.csr_array(np.hstack([rows.design.toarray()[:, :6]] * 2))
    with pytest.raises(ValueError, match="do not fix"):
        solve(Rows(twice, rows.target, rows.weight, rows.star, rows.star_terms), free)
