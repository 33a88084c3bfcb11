"""Scalar features of many light curves in one pass, names as in the LSST data products."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.ragged import (
    counts,
    group_rows,
    kept,
    maxima,
    means,
    medians,
    minima,
    owners,
    percentiles,
    sums,
)

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

LEVELS = (5.0, 25.0, 50.0, 75.0, 95.0)
"""Published percentiles."""

STETSON_ALPHA, STETSON_BETA, STETSON_ROUNDS = 2.0, 2.0, 10
"""Down-weighting of outliers in the mean (Stetson 1996, section 2)."""


@dataclass(frozen=True, slots=True)
class LightCurves:
    """Flux measurements of many objects in one band, object after object, each in order of time."""

    offsets: I8
    """(n_objects + 1,) where each object's measurements begin."""
    mjd_tai: F8
    """(n,) days, ascending within an object."""
    flux: F8
    """(n,) nJy, finite."""
    flux_err: F8
    """(n,) nJy, finite and positive."""

    def __len__(self) -> int:
        return len(self.offsets) - 1


def light_curves(index: I8, n_objects: int, mjd_tai: F8, flux: F8, flux_err: F8) -> LightCurves:
    """Measurements in any order as light curves of objects 0 to n_objects - 1.

    Measurements that are not finite or have no positive error are left out; an object may have none.
    Equal times are put in order of flux, so that the order of the rows does not matter.

    Parameters
    ----------
    index : (n,) int64, the object of each measurement; negative or beyond n_objects = none.
    mjd_tai, flux, flux_err : (n,) float64.
    """
    with np.errstate(invalid="ignore"):
        ok = np.isfinite(mjd_tai + flux + flux_err) & (flux_err > 0) & (index >= 0) & (index < n_objects)
    rows = np.flatnonzero(ok)
    grouping = group_rows(index[rows], mjd_tai[rows], flux[rows])
    rows = rows[grouping.order]
    n = np.bincount(index[rows], minlength=n_objects) if len(rows) else np.zeros(n_objects, np.int64)
    offsets = np.concatenate([[0], np.cumsum(n)]).astype(np.int64)
    return LightCurves(offsets, mjd_tai[rows], flux[rows], flux_err[rows])


def _guarded(value: F8, valid: npt.NDArray[np.bool_]) -> F8:
    return np.where(valid, value, np.nan)


def weighted_means(curves: LightCurves) -> tuple[F8, F8]:
    """Inverse-variance mean of each curve and its error; NaN without measurements."""
    w = curves.flux_err**-2.0
    total = sums(w, curves.offsets)
    some = total > 0
    safe = np.where(some, total, 1.0)
    mean = sums(w * curves.flux, curves.offsets) / safe
    return _guarded(mean, some), _guarded(safe**-0.5, some)


def largest_part_of_chi2(curves: LightCurves) -> F8:
    """By how much chi2 about the weighted mean falls at most where one measurement is left out; NaN without any."""
    mean, mean_err = weighted_means(curves)
    who = owners(curves.offsets)
    own = 1 - (mean_err[who] / curves.flux_err) ** 2  # 0 where there is no other
    off = ((curves.flux - mean[who]) / curves.flux_err) ** 2
    return maxima(np.where(own > 1e-9, off / np.maximum(own, 1e-9), 0.0), curves.offsets)


def scatter(curves: LightCurves, mean: F8) -> dict[str, F8]:
    """Moments about the plain and the weighted mean.

    ``Sigma`` has n - 1 in the denominator, ``Skew`` and ``Kurtosis`` are the biased population values,
    ``Chi2`` is about the weighted mean, ``ExcessVariance`` is (Sigma^2 - mean squared error) / mean^2.
    """
    o, n = curves.offsets, counts(curves.offsets)
    d = curves.flux - means(curves.flux, o)[owners(o)]
    m2, m3, m4 = (means(d**k, o) for k in (2, 3, 4))
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = _guarded(np.sqrt(m2 * n / (n - 1)), n > 1)
        varies = (n > 2) & (m2 > 0)
        out = {
            "Sigma": sigma,
            "Skew": _guarded(m3 / m2**1.5, varies),
            "Kurtosis": _guarded(m4 / m2**2 - 3, varies),
        }
        out["ExcessVariance"] = (sigma**2 - means(curves.flux_err**2, o)) / mean**2
    out["Chi2"] = _guarded(sums(((curves.flux - mean[owners(o)]) / curves.flux_err) ** 2, o), n > 0)
    out["ErrMean"] = means(curves.flux_err, o)
    return out


def order_statistics(curves: LightCurves) -> dict[str, F8]:
    """Extremes, percentiles, median absolute deviation and half the 5 to 95 per cent range."""
    o = curves.offsets
    p = percentiles(curves.flux, o, LEVELS)
    out = {f"Percentile{level:02.0f}": p[:, k] for k, level in enumerate(LEVELS)}
    out |= {"Min": minima(curves.flux, o), "Max": maxima(curves.flux, o)}
    out["MAD"] = medians(np.abs(curves.flux - p[owners(o), 2]), o)
    out["Amplitude"] = 0.5 * (p[:, 4] - p[:, 0])
    return out


def stetson_mean(curves: LightCurves) -> F8:
    """Weighted mean that outliers cannot pull (Stetson 1996, eqs 2 and 3)."""
    o, who = curves.offsets, owners(curves.offsets)
    n = counts(o)
    w = curves.flux_err**-2.0
    stretch = np.sqrt(n / np.maximum(n - 1, 1))[who] / curves.flux_err
    mean, _ = weighted_means(curves)
    for _ in range(STETSON_ROUNDS):
        delta = np.abs((curves.flux - mean[who]) * stretch)
        v = w / (1 + (delta / STETSON_ALPHA) ** STETSON_BETA)
        total = sums(v, o)
        mean = _guarded(sums(v * curves.flux, o) / np.where(total > 0, total, 1.0), total > 0)
    return mean


def stetson_j(curves: LightCurves) -> F8:
    """Variability index J of a single band, every measurement paired with itself (Stetson 1996, eq. 1)."""
    o, who, n = curves.offsets, owners(curves.offsets), counts(curves.offsets)
    stretch = np.sqrt(n / np.maximum(n - 1, 1))[who]
    product = (stretch * (curves.flux - stetson_mean(curves)[who]) / curves.flux_err) ** 2 - 1
    return _guarded(means(np.sign(product) * np.sqrt(np.abs(product)), o), n > 1)


def time_order(curves: LightCurves) -> dict[str, F8]:
    """Features of successive measurements.

    ``MaxSlope`` is the largest df/dt (nJy/d) between neighbours in time, as LSST defines it;
    ``Eta`` is von Neumann's ratio, mean squared successive difference over variance: 2 for white noise.
    """
    o = curves.offsets
    who = owners(o)
    inside = who[1:] == who[:-1] if len(who) else np.zeros(0, np.bool_)
    df, dt = np.diff(curves.flux), np.diff(curves.mjd_tai)
    pair_offsets = np.searchsorted(who[1:][inside], np.arange(len(o))).astype(np.int64)
    n = counts(o)
    mean = means(curves.flux, o)[who]
    variance = means((curves.flux - mean) ** 2, o) * n / np.maximum(n - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        eta = means(df[inside] ** 2, pair_offsets) / variance
    apart = dt[inside] > 0
    slope = maxima((df[inside] / np.where(apart, dt[inside], 1.0))[apart], kept(apart, pair_offsets))
    return {"MaxSlope": slope, "Eta": _guarded(eta, (n > 1) & (variance > 0))}


def linear_trend(curves: LightCurves) -> dict[str, F8]:
    """Weighted straight line: slope (nJy/d), its error, and the value at MJD 0 extrapolated."""
    o, who = curves.offsets, owners(curves.offsets)
    w = curves.flux_err**-2.0
    total = np.where(counts(o) > 0, sums(w, o), 1.0)
    t0, f0 = sums(w * curves.mjd_tai, o) / total, sums(w * curves.flux, o) / total
    t = curves.mjd_tai - t0[who]
    tt = sums(w * t * t, o)
    ok = (counts(o) > 1) & (tt > 0)
    slope = _guarded(sums(w * t * curves.flux, o) / np.where(ok, tt, 1.0), ok)
    err = _guarded(np.where(ok, tt, 1.0) ** -0.5, ok)
    return {"LinearSlope": slope, "LinearSlopeErr": err, "LinearIntercept": f0 - slope * t0}


def features(curves: LightCurves) -> dict[str, npt.NDArray[np.generic]]:
    """All features of each curve: one array of length n_objects per name.

    ``Ndata`` is int64; all others float64, NaN where a curve has too few measurements to define them.
    """
    mean, mean_err = weighted_means(curves)
    return {
        "Ndata": counts(curves.offsets),
        "Mean": mean,
        "MeanErr": mean_err,
        **scatter(curves, mean),
        **order_statistics(curves),
        **time_order(curves),
        **linear_trend(curves),
        "StetsonJ": stetson_j(curves),
    }
