import numpy as np
import pytest
from scipy.signal import savgol_filter

from gnomon.algorithms.detrend.overscan import _quadratic, measure_overscan

NOISE = 4.0
NY, NX = 400, 34  # two columns are skipped: 32 used


def section(seed=0, drift=2.0):
    rng = np.random.default_rng(seed)
    level = 1000 + drift * np.sin(np.arange(NY) / NY * 2 * np.pi)
    return level, level[:, None] + rng.normal(0, NOISE, (NY, NX))


@pytest.mark.parametrize(
    "method, expected_rms",
    [
        ("row", NOISE / 32**0.5),
        ("smooth", NOISE / 32**0.5 * (9 / (4 * 65)) ** 0.5),  # Savitzky-Golay of second order over 65 rows
        ("polynomial", NOISE / 32**0.5 * (6 / NY) ** 0.5),  # six coefficients
    ],
)
def test_error_of_the_level_is_that_of_its_mean(method, expected_rms):
    level, pixels = section()
    error = measure_overscan(pixels, method, NOISE, 5).level - level
    # 400 rows (but only about 6 independent values when smoothed: +-60 %); a sine in five degrees leaves 0.02
    assert np.std(error) == pytest.approx(expected_rms, rel=0.6, abs=0.02)


def test_median_is_one_level():
    _, pixels = section(drift=0)
    found = measure_overscan(pixels, "median", NOISE)
    assert np.ptp(found.level) == 0
    assert found.level[0] == pytest.approx(1000, abs=5 * 1.25 * NOISE / (NY * 32) ** 0.5)


def test_noise_is_that_of_a_pixel():
    _, pixels = section()
    # median absolute deviation of 12,800 values: 1.2 %, and a row median of 32 takes 2.4 %
    assert measure_overscan(pixels, "row", NOISE).noise == pytest.approx(NOISE, rel=0.06)


@pytest.mark.parametrize("method", ["row", "smooth", "polynomial", "median"])
def test_a_bleeding_star_does_not_lift_the_level(method):
    level, pixels = section(drift=0)
    pixels[100:110, :12] += 3000
    found = measure_overscan(pixels, method, NOISE)
    # row: 20 of 32 pixels are left, whose median stands a little high: 5 sigma of their mean, 1 sigma of bias
    assert np.max(np.abs(found.level - level)) < 1.0 * NOISE + 5 * NOISE / 20**0.5
    assert not found.fault


def test_rows_full_of_charge_do_not_bend_smooth_models():
    level, pixels = section(drift=0)
    pixels[200:204] += 500
    for method in ("smooth", "polynomial"):
        error = measure_overscan(pixels, method, NOISE).level - level
        assert np.max(np.abs(error)) < 0.5 * NOISE, method


@pytest.mark.parametrize(
    "spoil, says",
    [
        (lambda p: np.full_like(p, 7.0), "constant"),
        (lambda p: np.where(np.arange(NX) == 5, np.nan, p), "not finite"),
        (lambda p: (p - 1000) * 10, "noise of"),
        (lambda p: p + 3000 * (np.arange(NX) % 3 == 0), "outliers"),
        (lambda p: p[:, :0], "no overscan"),
        (lambda p: p[:0], "no overscan"),
    ],
)
def test_a_bad_overscan_is_named(spoil, says):
    assert says in measure_overscan(spoil(section()[1]), "row", NOISE).fault


def test_charge_left_in_the_first_columns_does_not_count():
    _, pixels = section()
    clean = measure_overscan(pixels, "row", NOISE).level
    pixels[:, :2] += 50
    np.testing.assert_array_equal(measure_overscan(pixels, "row", NOISE).level, clean)


@pytest.mark.parametrize("rows", [1, 2, 3, 64, 65, 66, 1000])
def test_the_smooth_level_is_the_filter_of_savitzky_and_golay(rows):
    noisy = np.random.default_rng(rows).normal(100.0, 3.0, rows)
    window = min(65, rows - 1 + rows % 2)
    assert np.allclose(_quadratic(noisy), savgol_filter(noisy, window, min(2, window - 1)), rtol=1e-12)
