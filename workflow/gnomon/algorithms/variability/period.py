"""Periods from irregular light curves in several bands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincc

F8 = npt.NDArray[np.float64]
C16 = npt.NDArray[np.complex128]

LEAST_PER_BAND = 10
"""Mean number of measurements a band below which no false alarm probability is told: a sinusoid fits almost any."""

N_PARAMETERS = 3
"""Per band: mean, sine, cosine."""

CONSTANT = 1e-12
"""Relative scatter of a light curve that only rounding has moved."""

REFINE = 10
"""Points of the fine grid on each side of a peak, per step of the coarse grid."""


@dataclass(frozen=True, slots=True)
class BandCurve:
    """One object in one band."""

    mjd_tai: F8
    """(n,) days."""
    flux: F8
    """(n,) nJy."""
    flux_err: F8
    """(n,) nJy, positive."""


@dataclass(frozen=True, slots=True)
class Period:
    """The best period of one object; NaN if there is none to be found."""

    period: float
    """Days."""
    power: float
    """Fraction of chi2 about the mean that a sinusoid of this period explains, 0 to 1."""
    false_alarm: float
    """Probability that white noise reaches this power anywhere in the searched range."""


def frequency_grid(
    span: float, shortest_period: float, longest_period: float, oversampling: float = 5.0
) -> F8:
    """Frequencies (1/d) spaced by 1 / (oversampling x span), the width of a peak being 1 / span.

    Raises
    ------
    ValueError
        The range of periods is empty, or the span not positive.
    """
    if not (0 < shortest_period < longest_period) or span <= 0:
        raise ValueError(
            f"no frequencies between periods {shortest_period} and {longest_period}, span {span} d"
        )
    low, step = 1 / longest_period, 1 / (oversampling * span)
    n = int(np.ceil((1 / shortest_period - low) / step)) + 1
    return np.asarray(low + step * np.arange(n), np.float64)


def trigonometric_sums(t: F8, values: F8, low: float, step: float, n: int) -> C16:
    """Sum of values exp(2 pi i f t) at f = low + step k, k < n: a matrix product instead of n x len(t) sines.

    With k = a m + b the exponential factors into two thin matrices.

    Parameters
    ----------
    t : (n_times,) float64.
    values : (n_sets, n_times) float64.

    Returns
    -------
    (n_sets, n) complex128.
    """
    m = max(1, int(np.sqrt(n)))
    rows = -(-n // m)
    coarse = np.exp(2j * np.pi * np.outer(low + step * m * np.arange(rows), t))
    fine = np.exp(2j * np.pi * np.outer(t, step * np.arange(m)))
    left = (values[:, None, :] * coarse).reshape(-1, len(t))
    return np.asarray((left @ fine).reshape(len(values), rows * m)[:, :n], np.complex128)


def chi2_reduction(curve: BandCurve, low: float, step: float, n: int) -> tuple[F8, float]:
    """How much a sinusoid with a free mean lowers chi2 at each frequency, and chi2 about the mean.

    Zechmeister & Kuerster (2009), eqs 4 to 15, without the normalisation of eq. 5.
    """
    w = curve.flux_err**-2.0
    w_sum = w.sum()
    w = w / w_sum
    mean = float(w @ curve.flux)
    y = curve.flux - mean
    total = float(w @ y**2)
    if total <= (CONSTANT * mean) ** 2:
        return np.zeros(n), 0.0
    t = curve.mjd_tai - curve.mjd_tai.min()
    first = trigonometric_sums(t, np.stack([w * y, w]), low, step, n)
    second = trigonometric_sums(t, w[None, :], 2 * low, 2 * step, n)[0]
    yc, ys, c, s = first[0].real, first[0].imag, first[1].real, first[1].imag
    cc, ss, cs = 0.5 * (1 + second.real) - c * c, 0.5 * (1 - second.real) - s * s, 0.5 * second.imag - c * s
    det = cc * ss - cs * cs
    with np.errstate(invalid="ignore", divide="ignore"):
        p = (ss * yc**2 + cc * ys**2 - 2 * cs * yc * ys) / det
    p = np.where(det > 1e-9, np.clip(p, 0.0, total), 0.0)
    return np.asarray(p * w_sum, np.float64), total * float(w_sum)


def multiband_power(curves: Sequence[BandCurve], low: float, step: float, n: int) -> F8:
    """Fraction of chi2 explained by sinusoids of a common period, each band with its own mean and phase.

    VanderPlas & Ivezic (2015), eq. 24: the chi2-weighted mean of the bands' periodograms.
    """
    explained, total = np.zeros(n), 0.0
    for curve in curves:
        if len(curve.flux) > N_PARAMETERS:
            part, chi2 = chi2_reduction(curve, low, step, n)
            explained += part
            total += chi2
    return explained / total if total > 0 else explained


def false_alarm_probability(power: float, n_points: int, n_bands: int, n_independent: float) -> float:
    """Chance that noise exceeds ``power`` at one of ``n_independent`` frequencies.

    For Gaussian noise the power at one frequency is a beta variable (Schwarzenberg-Czerny 1998) with two
    degrees of freedom per band; the trials are counted as independent (Cumming 2004, eq. 6).
    """
    free = n_points - N_PARAMETERS * n_bands
    if free <= 0:
        return 1.0
    single = float(betaincc(n_bands, 0.5 * free, min(power, 1.0)))
    return float(-np.expm1(n_independent * np.log1p(-min(single, 1 - 1e-16))))


def find_period(
    curves: Sequence[BandCurve], shortest_period: float, longest_period: float, oversampling: float = 5.0
) -> Period:
    """The period that explains most of the variation of one object.

    Parameters
    ----------
    curves : light curves per band; bands with three points or fewer do not count.
    shortest_period, longest_period : days; the longest is cut at the time span.
    oversampling : grid points per width of a peak.
    """
    used = [c for c in curves if len(c.flux) > N_PARAMETERS]
    nothing = Period(np.nan, np.nan, np.nan)
    if not used:
        return nothing
    t = np.concatenate([c.mjd_tai for c in used])
    span = float(np.ptp(t))
    if span <= shortest_period:
        return nothing
    grid = frequency_grid(span, shortest_period, min(longest_period, span), oversampling)
    step = grid[1] - grid[0] if len(grid) > 1 else 1 / (oversampling * span)
    peak = int(multiband_power(used, grid[0], step, len(grid)).argmax())
    low = max(grid[peak] - step, 0.5 / span)
    near = multiband_power(used, low, step / REFINE, 2 * REFINE + 1)
    best = int(near.argmax())
    trials = max(1.0, (grid[-1] - grid[0]) * span)
    chance = np.nan
    if len(t) >= LEAST_PER_BAND * len(used):
        chance = false_alarm_probability(float(near[best]), len(t), len(used), trials)
    return Period(float(1 / (low + best * step / REFINE)), float(near[best]), chance)
