"""Point estimates and their trustworthiness from p(z)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

RISK_WIDTH = 0.15
"""Width gamma of the risk function (Tanaka et al. 2018, eq. 2)."""

ODDS_WIDTH = 0.03
"""Half width of the odds interval in units of 1 + z (Benitez 2000 introduced odds with 0.2)."""

INTERVALS = (0.16, 0.84, 0.025, 0.975)
"""Probabilities of the published quantiles: 68 and 95 per cent intervals."""


@dataclass(frozen=True, slots=True)
class PointEstimates:
    """One value per object, NaN where p(z) is not defined."""

    mean: F8
    """Expectation of z."""
    mode: F8
    """Maximum of the density p(z), refined by a parabola."""
    median: F8
    """Half of the probability lies below."""
    best: F8
    """Minimum of the expected risk."""
    risk: F8
    """Expected risk at ``best``, 0 to 1."""
    odds: F8
    """Probability within 0.03 (1 + z) of ``mode``."""
    quantiles: F8
    """(n, 4) the 16, 84, 2.5 and 97.5 per cent quantiles."""


def centres(edges: F8) -> F8:
    """Middle of each bin."""
    return np.asarray(0.5 * (edges[1:] + edges[:-1]), np.float64)


def density(probability: F8, edges: F8) -> F8:
    """p(z) per unit redshift from bin probabilities, (n, n_bins)."""
    return probability / np.diff(edges)


def cumulative(probability: F8) -> F8:
    """(n, n_bins + 1) probability below each edge, 0 to 1."""
    c = np.zeros((len(probability), probability.shape[1] + 1))
    np.cumsum(probability, axis=1, out=c[:, 1:])
    return c / c[:, -1:]


def quantile(cdf: F8, edges: F8, level: float) -> F8:
    """Redshift below which ``level`` of the probability lies; linear inside a bin.

    Parameters
    ----------
    cdf : (n, n_bins + 1) as ``cumulative`` gives it.
    level : between 0 and 1.
    """
    rows = np.arange(len(cdf))
    k = np.clip((cdf < level).sum(axis=1), 1, cdf.shape[1] - 1)
    low, high = cdf[rows, k - 1], cdf[rows, k]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(high > low, (level - low) / (high - low), 0.0)
    return np.asarray(edges[k - 1] + part * (edges[k] - edges[k - 1]), np.float64)


def cdf_at(cdf: F8, edges: F8, z: F8) -> F8:
    """Probability below ``z`` (n,) of each row, linear inside a bin."""
    rows = np.arange(len(cdf))
    zc = np.clip(z, edges[0], edges[-1])
    k = np.clip(np.searchsorted(edges, zc, side="right"), 1, len(edges) - 1)
    part = (zc - edges[k - 1]) / (edges[k] - edges[k - 1])
    return np.asarray(cdf[rows, k - 1] + part * (cdf[rows, k] - cdf[rows, k - 1]), np.float64)


def modes(probability: F8, edges: F8) -> F8:
    """Redshift of the highest density; a parabola through three bins refines it."""
    z, p = centres(edges), density(probability, edges)
    k = np.clip(p.argmax(axis=1), 1, p.shape[1] - 2)
    rows = np.arange(len(p))
    a, b, c = p[rows, k - 1], p[rows, k], p[rows, k + 1]
    curve = a - 2 * b + c
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = np.where(curve < 0, 0.5 * (a - c) / curve, 0.0)
    return np.asarray(z[k] + np.clip(shift, -1, 1) * 0.5 * (z[k + 1] - z[k - 1]), np.float64)


def risks(probability: F8, edges: F8) -> F8:
    """Expected risk of every bin as the answer (Tanaka et al. 2018, eqs 1 and 2), (n, n_bins)."""
    z = centres(edges)
    x = (z[:, None] - z) / ((1 + z[:, None]) * RISK_WIDTH)
    return np.asarray(probability @ (1 - 1 / (1 + x**2)), np.float64)


def point_estimates(probability: F8, edges: F8) -> PointEstimates:
    """All point estimates of bin probabilities.

    Parameters
    ----------
    probability : (n, n_bins >= 3) float64, rows sum to 1.
    edges : (n_bins + 1,) float64 redshifts, increasing.
    """
    z = centres(edges)
    cdf = cumulative(probability)
    risk = risks(probability, edges)
    best = risk.argmin(axis=1)
    mode = modes(probability, edges)
    half = ODDS_WIDTH * (1 + mode)
    return PointEstimates(
        mean=probability @ z,
        mode=mode,
        median=quantile(cdf, edges, 0.5),
        best=z[best],
        risk=risk[np.arange(len(risk)), best],
        odds=cdf_at(cdf, edges, mode + half) - cdf_at(cdf, edges, mode - half),
        quantiles=np.column_stack([quantile(cdf, edges, q) for q in INTERVALS]),
    )
