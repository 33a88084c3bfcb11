import numpy as np
import pytest

from gnomon.algorithms.variability.period import BandCurve
from gnomon.algorithms.variability.rr_lyrae import AMPLITUDE, fit_template, template

NIGHTS = np.array([0, 2, 7, 365, 370, 376.0])


def curve(period, amplitude, seed, noise=0.02, bands="ugrizy"):
    """Six nights in two seasons, one exposure a band and night, a quarter of an hour apart."""
    rng = np.random.default_rng(seed)
    start, phase = rng.uniform(-0.1, 0.1, len(NIGHTS)), rng.random()
    out = {}
    for k, band in enumerate(bands):
        t = 61000 + NIGHTS + start + k / 96
        ratio = AMPLITUDE.get(band, 1.0)
        magnitude = amplitude * ratio * template(t / period + phase) + noise * rng.standard_normal(len(t))
        flux = (1000 + 300 * k) * 10 ** (-0.4 * magnitude)
        out[band] = BandCurve(t, flux, noise * flux)
    return out


def test_periods_are_right_to_a_cycle_a_year_from_six_nights():
    rng = np.random.default_rng(1)
    periods = rng.uniform(0.42, 0.85, 8)
    found = np.array([fit_template(curve(p, 0.9, k)).period for k, p in enumerate(periods)])
    right = np.abs(found / periods - 1) < 2.5e-3
    assert right.sum() >= 6  # information-limited: 36 points, 6 phases


def test_amplitude_and_power_are_those_of_the_template():
    fit = fit_template(curve(0.6, 1.0, 5, noise=0.005))
    assert fit.power > 0.99
    assert fit.amplitude == pytest.approx(1.0, abs=0.1)
    assert fit.false_alarm < 1e-12


def test_scatter_without_a_period_is_no_sure_rr_lyrae():
    """The same light curves in an order of their own: as variable, and nothing to be sure of."""
    rng = np.random.default_rng(4)
    for seed in range(4):
        mixed = {
            b: BandCurve(c.mjd_tai, rng.permutation(c.flux), c.flux_err)
            for b, c in curve(0.6, 1.0, seed).items()
        }
        assert not fit_template(mixed).false_alarm < 1e-3


def test_noise_is_no_rr_lyrae():
    assert np.isnan(fit_template(curve(0.6, 0.0, 3)).period)


def test_too_few_points_and_other_bands_are_nothing():
    assert np.isnan(fit_template(curve(0.6, 1.0, 3, bands="g")).period)
    assert np.isnan(fit_template(curve(0.6, 1.0, 3, bands="jhk")).period)
    assert np.isnan(fit_template({}).period)


def test_faint_and_negative_fluxes_do_not_count():
    curves = curve(0.6, 1.0, 5)
    spoilt = {
        b: BandCurve(np.append(c.mjd_tai, 61100.0), np.append(c.flux, -50.0), np.append(c.flux_err, 5.0))
        for b, c in curves.items()
    }
    assert fit_template(spoilt) == fit_template(curves)
