import numpy as np
import pytest

from gnomon.algorithms.psf.degree import best_degree, star_shapes

ERROR = 0.01


def shapes(degree, n=200, seed=0):
    """Positions, and three numbers of each star that vary as polynomials of a degree by ten errors a term."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-1, 1, (2, n))
    field = np.stack([sum(0.1 * (x + k * y) ** d for d in range(degree + 1)) for k in range(3)], 1)
    error = ERROR * rng.uniform(0.3, 3, (n, 3))
    return x, y, field + error * rng.normal(size=(n, 3)), error


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_the_degree_of_the_variation_is_found(degree):
    assert [best_degree(*shapes(degree, seed=s), 3) for s in range(5)] == [degree] * 5


def test_a_star_with_a_neighbour_does_not_raise_it():
    x, y, value, error = shapes(1)
    value[:4] += 0.5
    assert best_degree(x, y, value, error, 3) == 1


def test_few_stars_carry_little():
    x, y, value, error = shapes(3, n=11)
    assert best_degree(x, y, value, error, 3) <= 1


def test_amplitudes_of_a_sheared_and_grown_star():
    """Derivatives of a Gaussian by shear and size are the templates themselves."""
    sigma, at = 1.8, np.arange(31) - 15.0
    dx, dy = np.array([0.3, -0.2]), np.array([0.1, 0.4])
    u, v = at - dx[:, None, None], at[:, None] - dy[:, None, None]

    def gaussian(xx, xy, yy):
        det = xx * yy - xy**2
        return np.exp(-0.5 * (yy * u**2 - 2 * xy * u * v + xx * v**2) / det) / (2 * np.pi * np.sqrt(det))

    g, t, s2 = 0.004, 0.006, sigma**2
    residual = gaussian(s2 * (1 + g + t), s2 * g, s2 * (1 - g + t)) - gaussian(s2, 0, s2)
    found, error = star_shapes(residual, np.full(residual.shape, 1e8), dx, dy, sigma)
    # by the heat equation dG = (g/2 (u^2 - v^2) + g u v + t/2 (u^2 + v^2 - 2)) G in units of sigma; second order: g^2
    np.testing.assert_allclose(found, np.tile([g / 2, g / 2, t / 2], (2, 1)), atol=1e-4)
    assert np.all(error > 0)
