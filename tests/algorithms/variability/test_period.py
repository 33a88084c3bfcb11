import numpy as np
import pytest
from astropy.timeseries import LombScargle

from gnomon.algorithms.variability import period
from gnomon.algorithms.variability.period import BandCurve, find_period


def observed(rng, true_period, n=40, amplitude=60.0, span=400.0, bands=2):
    out = []
    for b in range(bands):
        t = 60000 + np.sort(rng.uniform(0, span, n))
        phase = 2 * np.pi * t / true_period + 0.3 * b
        # A sawtooth-like shape: the first harmonic carries 80 per cent of the power.
        shape = np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.15 * np.sin(3 * phase)
        e = rng.uniform(5, 15, n)
        out.append(
            BandCurve(t, 300 + 100 * b + amplitude * (1 - 0.2 * b) * shape + e * rng.standard_normal(n), e)
        )
    return out


def test_power_agrees_with_astropy():
    c = observed(np.random.default_rng(0), 0.61, bands=1)[0]
    f = period.frequency_grid(400, 0.2, 50)
    want = LombScargle(c.mjd_tai, c.flux, c.flux_err, fit_mean=True, center_data=True).power(f, method="chi2")
    got = period.multiband_power([c], f[0], f[1] - f[0], len(f))
    np.testing.assert_allclose(got, want, atol=2e-6)  # phases of 1e4 radians in double: 1e-12 each


def test_trigonometric_sums_are_those_of_the_definition():
    rng = np.random.default_rng(1)
    t, v = rng.uniform(0, 100, 30), rng.standard_normal((2, 30))
    f = 0.01 + 0.003 * np.arange(97)
    want = v @ np.exp(2j * np.pi * np.outer(t, f))
    np.testing.assert_allclose(period.trigonometric_sums(t, v, 0.01, 0.003, 97), want, atol=1e-11)


def test_periods_of_rr_lyrae_are_recovered():
    rng = np.random.default_rng(2)
    true = rng.uniform(0.3, 0.9, 60)
    got = np.array([find_period(observed(rng, p), 0.2, 10).period for p in true])
    # A frequency is known to about 0.1 / span: 1e-3 relative is four times that at 0.9 d.
    assert np.mean(np.abs(got / true - 1) < 1e-3) >= 0.98


def test_two_bands_find_what_one_cannot():
    rng = np.random.default_rng(3)
    true = rng.uniform(0.3, 0.9, 40)
    faint = [observed(rng, p, n=22, amplitude=14, bands=3) for p in true]

    def hits(light_curves):
        found = [find_period(c, 0.25, 5).period for c in light_curves]
        return np.sum(np.abs(np.array(found) / true - 1) < 1e-3)

    assert hits(faint) > hits([c[:1] for c in faint])


def test_false_alarm_probability_is_uniform_for_noise():
    rng = np.random.default_rng(4)
    chance = [find_period(observed(rng, 0.5, amplitude=0.0), 0.5, 50).false_alarm for _ in range(150)]
    # Oversampled peaks exceed the independent-trial estimate a little; no pile-up near zero.
    assert np.mean(np.array(chance) < 0.01) < 0.06
    assert np.mean(np.array(chance) < 0.5) < 0.85


def test_variable_has_a_small_false_alarm_probability():
    p = find_period(observed(np.random.default_rng(5), 0.57), 0.2, 10)
    assert p.false_alarm < 1e-10
    assert 0.6 < p.power < 1


@pytest.mark.parametrize("n", [0, 1, 3])
def test_too_few_points_give_no_period(n):
    c = BandCurve(np.arange(float(n)), np.ones(n), np.ones(n))
    assert np.isnan(find_period([c], 0.2, 10).period)


def test_constant_light_curve_gives_no_error():
    c = BandCurve(np.arange(20.0), np.ones(20), np.ones(20))
    assert find_period([c], 0.5, 10).power == pytest.approx(0, abs=1e-12)


def test_empty_range_is_refused():
    with pytest.raises(ValueError, match="no frequencies"):
        period.frequency_grid(100, 2, 1)
