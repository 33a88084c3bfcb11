"""Periods of RR Lyrae from few measurements in many bands, by a template of their light curve.

A handful of epochs a band cannot carry a mean, a phase and an amplitude for each band; RR Lyrae of type ab share one
shape, one phase, and amplitudes in known ratios (Sesar et al. 2017 fit templates for that reason).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.variability.period import BandCurve, frequency_grid

F8 = npt.NDArray[np.float64]

AMPLITUDE = {"u": 1.0, "g": 1.0, "r": 0.72, "i": 0.56, "z": 0.50, "y": 0.48}
"""Amplitude in magnitudes over that in g, rounded from light curves of SDSS Stripe 82 (Sesar et al. 2010)."""
RISE = 0.15
"""Part of the period from minimum to maximum light; the decline is taken as a straight line in magnitudes."""
PERIODS_D = 0.36, 0.95
"""Days: type ab."""
MISFIT_MAG = 0.03  # of real light curves about the template, added to the errors
MIN_POINTS, MIN_SNR = 12, 5.0
MIN_SCATTER_MAG = 0.1  # in g: the least RR Lyrae vary by twice as much from minimum to maximum
MIN_CHI2 = 9.0  # of a constant, per measurement: a shape cannot be told from less
PHASES = 25
OVERSAMPLING = 10.0
BLOCK = 1024  # frequencies worked on together


@dataclass(frozen=True, slots=True)
class TemplateFit:
    """The best template of one object; NaN where it cannot be an RR Lyrae or has too few measurements."""

    period: float
    """Days; a year apart in time, neighbouring cycle counts differ by P^2 / 365 d."""
    power: float
    """Part of chi squared about the bands' means that the template explains."""
    amplitude: float
    """Minimum to maximum in g, magnitudes."""
    false_alarm: float
    """Chance that scatter without a period is explained as well."""


@dataclass(frozen=True, slots=True)
class _Points:
    t: F8
    magnitude: F8
    """Times the root of the weight, the bands' means taken out."""
    scale: F8
    """Amplitude of the band times the root of the weight."""
    means: F8
    """(n, n_bands) orthonormal: what the bands' means can fit."""


def fit_template(curves: Mapping[str, BandCurve]) -> TemplateFit:
    """Period, power and amplitude of the RR Lyrae template over all bands of one object."""
    nothing = TemplateFit(np.nan, np.nan, np.nan, np.nan)
    points = _points({b: c for b, c in curves.items() if b in AMPLITUDE})
    if points is None or np.ptp(points.t) <= PERIODS_D[1]:
        return nothing
    total = float(points.magnitude @ points.magnitude)
    least = MIN_SCATTER_MAG**2 * float(points.scale @ points.scale)
    if total < max(least, MIN_CHI2 * len(points.t)):
        return nothing
    grid = frequency_grid(float(np.ptp(points.t)), *PERIODS_D, OVERSAMPLING)
    best = (0.0, np.nan, np.nan)
    for k in range(0, len(grid), BLOCK):
        best = max(best, _best(points, grid[k : k + BLOCK]), key=lambda b: b[0])
    explained, frequency, amplitude = best
    if explained <= 0:
        return nothing
    power, trials = explained / total, PHASES * len(grid) / OVERSAMPLING
    return TemplateFit(1 / frequency, power, amplitude, false_alarm(power, points, trials))


def false_alarm(power: float, points: _Points, trials: float) -> float:
    """Chance that noise reaches a power at one of so many frequencies and phases, counted as independent: too many,
    so too large a chance.

    For Gaussian noise of unknown size the power of two parameters is a beta variable (Schwarzenberg-Czerny 1998).
    """
    n, n_bands = points.means.shape
    free = n - n_bands - 2
    if free <= 0:
        return 1.0
    single = max(1 - power, 0.0) ** (0.5 * free)
    return float(-np.expm1(trials * np.log1p(-min(single, 1 - 1e-16))))


def template(phase: F8) -> F8:
    """Magnitudes about the middle, of peak to peak 1: a fast rise and a slow decline."""
    p = np.mod(phase, 1.0)
    return np.where(p < RISE, 0.5 - p / RISE, -0.5 + (p - RISE) / (1 - RISE))


def _points(curves: Mapping[str, BandCurve]) -> _Points | None:
    """Measurements of all bands with their means taken out; None if there are too few."""
    good = {b: c.flux > MIN_SNR * c.flux_err for b, c in curves.items()}
    used = [b for b, g in good.items() if g.sum() > 1]
    n = [int(good[b].sum()) for b in used]
    if sum(n) < MIN_POINTS:
        return None
    t, flux, err = (
        np.concatenate([getattr(curves[b], name)[good[b]] for b in used])
        for name in ("mjd_tai", "flux", "flux_err")
    )
    root = 1 / np.hypot(1.0857 * err / flux, MISFIT_MAG)
    band = np.repeat(np.arange(len(used)), n)
    means = np.where(band[:, None] == np.arange(len(used)), root[:, None], 0.0)
    means = means / np.linalg.norm(means, axis=0)
    magnitude = -2.5 * np.log10(flux) * root
    magnitude = magnitude - means @ (means.T @ magnitude)
    scale = np.array([AMPLITUDE[b] for b in used])[band] * root
    return _Points(t - t.min(), magnitude, scale, means)


def _best(points: _Points, frequency: F8) -> tuple[float, float, float]:
    """Chi squared explained, frequency and amplitude of the best of some frequencies at any phase."""
    best = (0.0, np.nan, np.nan)
    cycles = frequency[:, None] * points.t
    for phase in np.arange(PHASES) / PHASES:
        shape = template(cycles + phase) * points.scale
        shape -= (shape @ points.means) @ points.means.T
        norm = np.einsum("fn,fn->f", shape, shape)
        along = shape @ points.magnitude
        gain = np.where((along > 0) & (norm > 0), along**2 / np.where(norm > 0, norm, 1.0), 0.0)
        k = int(gain.argmax())
        best = max(best, (float(gain[k]), float(frequency[k]), float(along[k] / norm[k])), key=lambda b: b[0])
    return best
