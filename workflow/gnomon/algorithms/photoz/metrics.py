"""How good redshifts and their distributions are, against spectroscopy."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.joint.scatter import sigma_mad
from gnomon.algorithms.photoz.estimates import cdf_at, cumulative, density

F8 = npt.NDArray[np.float64]

OUTLIER = 0.15
"""|dz| / (1 + z) of a catastrophic outlier (Ilbert et al. 2006)."""


@dataclass(frozen=True, slots=True)
class PhotozScores:
    """Point-estimate and distribution scores of one sample."""

    n: int
    """Objects with a finite estimate and a finite truth."""
    bias: float
    """Median of (z_phot - z) / (1 + z)."""
    sigma_mad: float
    """1.4826 x median absolute deviation of the same."""
    outlier_fraction: float
    """Fraction beyond 0.15."""
    pit_ks: float
    """Kolmogorov-Smirnov distance of the probability integral transform from uniform."""
    crps: float
    """Mean continuous ranked probability score, in redshift."""
    cde_loss: float
    """Conditional density loss (Izbicki & Lee 2017): lower is better."""


def scaled_error(estimate: F8, truth: F8) -> F8:
    """(z_phot - z) / (1 + z)."""
    return (estimate - truth) / (1 + truth)


def pit(probability: F8, edges: F8, truth: F8) -> F8:
    """Probability integral transform: probability below the true redshift, uniform if p(z) is calibrated."""
    return cdf_at(cumulative(probability), edges, truth)


def ks_uniform(u: F8) -> float:
    """Largest distance between the distribution of ``u`` and the uniform one."""
    n = len(u)
    if not n:
        return np.nan
    s = np.sort(u)
    k = np.arange(n)
    return float(np.max(np.maximum((k + 1) / n - s, s - k / n)))


def crps(probability: F8, edges: F8, truth: F8) -> F8:
    """Integral of (CDF(z) - step(z - truth))^2 per object (Hersbach 2000, eq. 1), exact for a linear CDF.

    A truth beyond the last edge counts the gap in full.
    """
    c = cumulative(probability)
    at = cdf_at(c, edges, truth)[:, None]
    t = truth[:, None]
    a, b = c[:, :-1], c[:, 1:]
    width = np.diff(edges)

    def squares(lo: F8, hi: F8) -> F8:  # mean of x^2 while x runs linearly from lo to hi
        return np.asarray((lo * lo + lo * hi + hi * hi) / 3)

    below, above = edges[1:] <= t, edges[:-1] >= t
    inside = ~below & ~above
    out = np.where(below, squares(a, b) * width, 0.0) + np.where(above, squares(a - 1, b - 1) * width, 0.0)
    split = squares(a, at) * (t - edges[:-1]) + squares(at - 1, b - 1) * (edges[1:] - t)
    gap = np.maximum(truth - edges[-1], 0) + np.maximum(edges[0] - truth, 0)
    return np.asarray((out + np.where(inside, split, 0.0)).sum(axis=1) + gap, np.float64)


def cde_loss(probability: F8, edges: F8, truth: F8) -> float:
    """Mean integral of p(z)^2 minus twice the mean of p(z_true)."""
    p = density(probability, edges)
    k = np.clip(np.searchsorted(edges, truth, side="right") - 1, 0, p.shape[1] - 1)
    hit = np.where((truth >= edges[0]) & (truth <= edges[-1]), p[np.arange(len(p)), k], 0.0)
    return float(np.mean((p * p) @ np.diff(edges)) - 2 * np.mean(hit))


def scores(estimate: F8, probability: F8, edges: F8, truth: F8) -> PhotozScores:
    """All scores of a sample; rows without a finite truth are left out."""
    ok = np.isfinite(truth) & np.isfinite(estimate)
    if not ok.any():
        return PhotozScores(0, *([np.nan] * 6))
    p, t = probability[ok], truth[ok]
    d = scaled_error(estimate[ok], t)
    return PhotozScores(
        n=int(ok.sum()),
        bias=float(np.median(d)),
        sigma_mad=sigma_mad(d),
        outlier_fraction=float(np.mean(np.abs(d) > OUTLIER)),
        pit_ks=ks_uniform(pit(p, edges, t)),
        crps=float(np.mean(crps(p, edges, t))),
        cde_loss=cde_loss(p, edges, t),
    )
