"""Zero points against made-up stars with known ones."""

import numpy as np
import pytest

from gnomon.algorithms.photometry.zero_point import AB_NJY, ZeroPointOptions, fit_zero_point

ZP, TERM, PIVOT = 28.3, 0.04, 0.6


def stars(rng, n=200, term=TERM, excess=0.0, outliers=0.0):
    mag = rng.uniform(16, 20, n)
    colour = rng.normal(0.7, 0.4, n)
    ref_err = rng.uniform(0.003, 0.02, n)
    flux = 10 ** (0.4 * (ZP + term * (colour - PIVOT) - mag))
    flux *= 10 ** (0.4 * rng.normal(0, excess, n)) if excess else 1
    flux *= np.where(rng.random(n) < outliers, 2.0, 1.0)
    snr = 400 * 10 ** (-0.3 * (mag - 16))
    noisy = flux * (1 + rng.normal(0, 1, n) / snr)
    reference = 10 ** (0.4 * (AB_NJY - mag)) * (1 + rng.normal(0, 1, n) * ref_err / 1.0857)
    return noisy, noisy / snr, reference, reference * ref_err / 1.0857, colour


def fit(data, **options):
    return fit_zero_point(
        *data, nominal=28.0, colour_term=TERM, pivot=PIVOT, options=ZeroPointOptions(min_error=0.0, **options)
    )


@pytest.mark.parametrize("fit_colour", [False, True])
def test_errors_are_true(fit_colour):
    fits = [fit(stars(np.random.default_rng(s), 60), fit_colour=fit_colour) for s in range(80)]
    pulls = np.array([(f.value - ZP) / f.error for f in fits])
    # 80 fits: mean to 0.11, spread to 8 % (one sigma)
    assert abs(np.mean(pulls)) < 0.45
    assert np.std(pulls) == pytest.approx(1, abs=0.25)
    if fit_colour:
        pulls = np.array([(f.colour_term - TERM) / f.colour_term_error for f in fits])
        assert np.std(pulls) == pytest.approx(1, abs=0.25)


def test_excess_scatter_is_measured():
    zero = fit(stars(np.random.default_rng(1), 2000, excess=0.03))
    assert zero.excess == pytest.approx(0.03, rel=0.08)  # 1 / sqrt(2 x 2000) = 1.6 %
    assert zero.error == pytest.approx(0.03 / np.sqrt(2000), rel=0.3)


def test_a_fifth_of_outliers_moves_nothing():
    zero = fit(stars(np.random.default_rng(2), 300, outliers=0.2))
    assert abs(zero.value - ZP) < 4 * zero.error
    assert 40 < zero.rejected < 90


def test_the_colour_term_given_is_applied():
    zero = fit(stars(np.random.default_rng(3), 200))
    assert (zero.colour_term, zero.colour_term_error) == (TERM, 0.0)
    assert abs(zero.value - ZP) < 4 * zero.error


def test_few_stars_do_not_fit_a_colour_term():
    zero = fit(stars(np.random.default_rng(4), 10), fit_colour=True)
    assert zero.colour_term_error == 0
    assert abs(zero.value - ZP) < 0.02


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_stars_keep_the_nominal_zero_point_and_say_so(n):
    zero = fit(stars(np.random.default_rng(5), n))
    assert zero.nominal
    assert zero.value == 28.0
    assert np.isnan(zero.error)
    assert f"{n} usable" in zero.reason


def test_bad_rows_are_passed_over():
    data = [c.copy() for c in stars(np.random.default_rng(6), 100)]
    data[0][0], data[0][1], data[1][2], data[2][3], data[4][4] = np.nan, -5, 0, np.nan, np.nan
    zero = fit(tuple(data))
    assert not zero.used[:5].any()
    assert abs(zero.value - ZP) < 4 * zero.error


def test_scaling_the_counts_moves_the_zero_point():
    data = stars(np.random.default_rng(7), 50)
    scaled = (data[0] * 10, data[1] * 10, *data[2:])
    assert fit(scaled).value == pytest.approx(fit(data).value + 2.5, abs=1e-9)


def test_faint_stars_are_not_used():
    data = stars(np.random.default_rng(8), 100)
    zero = fit((data[0], data[0] / 10, *data[2:]))
    assert zero.nominal
