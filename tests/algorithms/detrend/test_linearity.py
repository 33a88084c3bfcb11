import numpy as np
import pytest

from gnomon.algorithms.detrend.linearity import fit_linearity, linearise


def seen(true, c):
    """Counts whose quadratic loss is c v^2, solved exactly."""
    return (1 - np.sqrt(1 - 4 * c * true)) / (2 * c) if c < 0 else true - c * true**2


def test_inverse_series_undoes_a_quadratic_loss():
    c, true = 2e-7, np.linspace(0, 60000, 50)
    back = linearise(true - c * true**2, (c, 2 * c**2, 5 * c**3, 14 * c**4))
    # next term of the series: 42 c^5 v^6 = 0.6e-3 ADU at 60,000
    np.testing.assert_allclose(back, true, atol=2e-3)


def test_no_coefficients_change_nothing():
    np.testing.assert_array_equal(linearise([1.0, 2.0], ()), [1.0, 2.0])


def test_ramp_of_flats_gives_the_coefficients_back():
    c, rng = 2e-7, np.random.default_rng(1)
    seconds = np.linspace(1, 30, 40)
    true = 1900.0 * seconds
    noisy = (true - c * true**2) * (1 + rng.normal(0, 1e-5, 40))
    found = fit_linearity(seconds, noisy, 2)
    # c0 v is 1 % at the top; relative noise 1e-5 of 40 points determines it to a part in 10^3
    assert found[0] == pytest.approx(c, rel=0.01)
    np.testing.assert_allclose(
        linearise(noisy, found) / seconds, np.mean(linearise(noisy, found) / seconds), rtol=5e-5
    )


@pytest.mark.parametrize("adu", [np.ones(3), np.array([1.0, 2, 3, -4, 5])])
def test_too_few_or_empty_flats_are_refused(adu):
    with pytest.raises(ValueError, match="wanted"):
        fit_linearity(np.arange(1.0, len(adu) + 1), adu, 2)
