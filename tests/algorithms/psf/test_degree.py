import numpy as np
import pytest

from gnomon.algorithms.psf.degree import best_degree, shape_polynomial, star_shapes
from gnomon.containers.psf import polynomial_terms

ERROR = 0.01


def shapes(degree, n=200, seed=0):
    """Positions, and a number of each star that varies as a polynomial of a degree by ten errors a term."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-1, 1, (2, n))
    error = ERROR * rng.uniform(0.3, 3, n)
    return x, y, sum(0.1 * (x + y) ** d for d in range(degree + 1)) + error * rng.normal(size=n), error


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_the_degree_of_the_variation_is_found(degree):
    found = [best_degree(*shapes(degree, seed=s), 3) for s in range(20)]
    # never too low; too high by chance: of two free numbers a sixth of the time, of three a tenth
    assert min(found) == degree
    assert np.mean(np.array(found) == degree) > 0.6


def test_a_star_with_a_neighbour_does_not_raise_it():
    x, y, value, error = shapes(1)
    value[:4] += 5 * error[:4]
    assert best_degree(x, y, value, error, 2) == 1


def test_few_stars_carry_little():
    x, y, value, error = shapes(3, n=11)
    assert best_degree(x, y, value, error, 3) <= 1


def test_shape_of_a_sheared_and_grown_star():
    """e1 = e2 = g, and ln T grows by t."""
    sigma, at = 1.8, np.arange(31) - 15.0
    dx, dy = np.array([0.3, -0.2]), np.array([0.1, 0.4])
    u, v = at - dx[:, None, None], at[:, None] - dy[:, None, None]

    def gaussian(xx, xy, yy):
        det = xx * yy - xy**2
        return np.exp(-0.5 * (yy * u**2 - 2 * xy * u * v + xx * v**2) / det) / (2 * np.pi * np.sqrt(det))

    g, t, s2 = 0.004, 0.006, sigma**2
    residual = gaussian(s2 * (1 + g + t), s2 * g, s2 * (1 - g + t)) - gaussian(s2, 0, s2)
    found, error = star_shapes(residual, np.full(residual.shape, 1e8), dx, dy, sigma)
    # second order: g^2
    np.testing.assert_allclose(found, np.tile([g, g, t], (2, 1)), atol=1e-4)
    assert np.all(error > 0)


def test_terms_that_are_there_stay_and_others_nearly_vanish():
    """As by least squares where a term is many errors; a sixth of the variance (here at most half) where it is none."""
    x, y, _, error = shapes(0)
    rng = np.random.default_rng(5)
    terms = polynomial_terms((x, y), 1)
    truth = np.array([0.3, 0.1, 0])
    found = [
        shape_polynomial(x, y, terms @ truth + error * rng.normal(size=len(x)), error, 1) for _ in range(100)
    ]
    weighted = terms / error[:, None]
    least = np.sqrt(np.diag(np.linalg.inv(weighted.T @ weighted)))
    rms = np.sqrt(np.mean(np.square(np.array(found) - truth), axis=0))
    assert np.all(rms[:2] < 1.3 * least[:2])  # 7 % of scatter in 100 draws, and a star in 400 clipped
    assert rms[2] < 0.7 * least[2]


def test_a_difference_within_its_errors_is_none():
    x, y, _, error = shapes(0)
    value = np.full(len(x), 0.5 * error.min() / np.sqrt(len(x)))
    assert shape_polynomial(x, y, value, error, 1, free=0).tolist() == [0, 0, 0]
    assert shape_polynomial(x, y, value, error, 1)[0] > 0
