import numpy as np
import pytest
from scipy import stats

from gnomon.algorithms.variability.features import LightCurves, features, light_curves


def curves(n_objects=200, seed=0, n_max=60):
    rng = np.random.default_rng(seed)
    index = np.repeat(np.arange(n_objects), rng.integers(0, n_max, n_objects))
    t = 60000 + rng.uniform(0, 500, len(index))
    err = rng.uniform(5, 20, len(index))
    flux = 100 + err * rng.standard_normal(len(index))
    shuffled = rng.permutation(len(index))
    return light_curves(index[shuffled], n_objects, t[shuffled], flux[shuffled], err[shuffled])


def one(curve, i):
    s = slice(curve.offsets[i], curve.offsets[i + 1])
    return curve.mjd_tai[s], curve.flux[s], curve.flux_err[s]


def test_features_agree_with_numpy_and_scipy_curve_by_curve():
    c = curves()
    got = features(c)
    for i in range(len(c)):
        t, f, e = one(c, i)
        assert got["Ndata"][i] == len(f)
        if len(f) < 3:
            continue
        w = e**-2
        want = {
            "Mean": np.average(f, weights=w),
            "MeanErr": w.sum() ** -0.5,
            "Sigma": np.std(f, ddof=1),
            "Skew": stats.skew(f),
            "Kurtosis": stats.kurtosis(f),
            "Chi2": np.sum((f - np.average(f, weights=w)) ** 2 * w),
            "MAD": stats.median_abs_deviation(f),
            "Percentile05": np.percentile(f, 5),
            "Percentile95": np.percentile(f, 95),
            "Min": f.min(),
            "Max": f.max(),
            "ErrMean": e.mean(),
            "MaxSlope": np.max(np.diff(f) / np.diff(t)),
            "Eta": np.mean(np.diff(f) ** 2) / np.var(f, ddof=1),
            "LinearSlope": np.polyfit(t - 60000, f, 1, w=1 / e)[0],
        }
        for name, value in want.items():
            # Sums of 60 terms of order 100: rounding 1e-13; the twin of the slope loses more.
            assert got[name][i] == pytest.approx(value, rel=1e-7, abs=1e-9), name


def test_row_order_does_not_matter():
    a = curves()
    rng = np.random.default_rng(9)
    index = np.repeat(np.arange(len(a)), np.diff(a.offsets))
    p = rng.permutation(len(index))
    b = light_curves(index[p], len(a), a.mjd_tai[p], a.flux[p], a.flux_err[p])
    for name, value in features(a).items():
        np.testing.assert_array_equal(value, features(b)[name])


def test_stetson_j_separates_variables_from_noise():
    rng = np.random.default_rng(1)
    n, m = 300, 50
    index = np.repeat(np.arange(n), m)
    t, err = rng.uniform(0, 100, n * m), np.full(n * m, 10.0)
    noise = 10 * rng.standard_normal(n * m)
    j0 = features(light_curves(index, n, t, 500 + noise, err))["StetsonJ"]
    j1 = features(light_curves(index, n, t, 500 + noise + 30 * np.sin(t), err))["StetsonJ"]
    assert np.percentile(j0, 99) < np.percentile(j1, 1)


def test_eta_of_white_noise_is_two_and_of_a_trend_is_small():
    rng = np.random.default_rng(2)
    index, t = np.zeros(5000, np.int64), np.arange(5000.0)
    e = np.ones(5000)
    white = features(light_curves(index, 1, t, rng.standard_normal(5000), e))["Eta"][0]
    assert white == pytest.approx(2, abs=0.1)  # error about 2 / sqrt(n) = 0.03
    assert features(light_curves(index, 1, t, t, e))["Eta"][0] < 1e-3


def test_bad_measurements_are_left_out():
    t = np.array([1.0, 2.0, 3.0, 4.0])
    c = light_curves(
        np.zeros(4, np.int64), 1, t, np.array([1.0, np.nan, 2.0, 3.0]), np.array([1.0, 1.0, 0.0, 1.0])
    )
    assert c.flux.tolist() == [1.0, 3.0]


def test_empty_and_single_point_curves_are_nan_not_errors():
    got = features(light_curves(np.array([1]), 3, np.array([5.0]), np.array([7.0]), np.array([1.0])))
    assert got["Ndata"].tolist() == [0, 1, 0]
    assert got["Mean"][1] == 7.0
    assert np.isnan(got["Mean"][[0, 2]]).all()
    for name in ("Sigma", "StetsonJ", "Eta", "MaxSlope", "LinearSlope", "Skew"):
        assert np.isnan(got[name]).all(), name


def test_no_objects_give_empty_features():
    none = np.zeros(0)
    got = features(LightCurves(np.zeros(1, np.int64), none, none, none))
    assert all(len(v) == 0 for v in got.values())
