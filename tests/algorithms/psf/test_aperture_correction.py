import numpy as np
import pytest

from gnomon.algorithms.psf import fit_aperture_correction
from gnomon.errors import UnprocessableData

SHAPE = (1000, 2000)


def stars(n, seed=1, outliers=0):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 2000, n), rng.uniform(0, 1000, n)
    flux = 10 ** rng.uniform(4, 5, n)
    truth = 1.05 + 0.01 * (x - 999.5) / 1000 - 0.005 * ((y - 499.5) / 500) ** 2
    reference = flux * truth + rng.normal(0, 30, n)
    reference[:outliers] *= 1.3
    return x, y, flux, reference, np.full(n, 30.0), truth


def test_paraboloid_is_recovered_with_outliers_clipped():
    x, y, flux, reference, error, truth = stars(200, outliers=15)
    fit = fit_aperture_correction(x, y, flux, reference, error, SHAPE)
    assert fit.degree == 2
    # ratio errors of 0.2 to 0.3 % over 185 stars and 6 terms
    np.testing.assert_allclose(fit.at(x, y), truth, atol=2e-3)


@pytest.mark.parametrize("n, degree", [(1, 0), (2, 0), (5, 0), (15, 1)])
def test_few_stars_lower_the_degree(n, degree):
    x, y, flux, reference, error, _ = stars(n)
    fit = fit_aperture_correction(x, y, flux, reference, error, SHAPE)
    assert fit.degree == degree
    np.testing.assert_allclose(fit.at(1000, 500), 1.05, atol=0.015)


def test_no_star_is_unprocessable():
    with pytest.raises(UnprocessableData, match="none of 1 stars"):
        fit_aperture_correction(*(np.array([v]) for v in (1.0, 1.0, np.nan, 1.0, 1.0)), SHAPE)
