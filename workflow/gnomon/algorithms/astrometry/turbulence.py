"""The air's displacement field over one exposure, interpolated from the residuals of its stars.

A Gaussian process with covariance ``A exp(-(r / l)^(5/3))``: the structure function of Kolmogorov turbulence
at small separations, saturating at an outer scale. (Fortino et al. 2021, AJ 162, 106; Leget et al. 2021,
A&A 650, A81, with a von Karman kernel of two axes.)
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg
from scipy.spatial.distance import cdist, pdist

F8 = npt.NDArray[np.float64]

_EXPONENT = 5 / 3
_BINS = 20
_LENGTHS = 40
_MOST_STARS = 2500
"""Stars a field is made of: 50 MB, 0.5 s."""
_LEAST_STARS = 20


@dataclass(frozen=True, slots=True)
class TurbulenceField:
    """A displacement field; zero everywhere where none was found."""

    points: F8
    """(n, 2) positions it was made from, any length unit."""
    coefficients: F8
    """(n, 2) weights of the covariance with each point, for the two axes."""
    variance: F8
    """(2,) variance A of the two axes."""
    length: float
    """Correlation length l, unit of the positions."""
    left_out: F8
    """(m, 2) what the field at each given star would be without it, for all stars given; an honest residual
    is the measured one less this."""

    def at(self, points: F8) -> F8:
        """(k, 2) displacement at positions."""
        if not len(self.points):
            return np.zeros((len(points), 2))
        shape = _kernel(cdist(points, self.points), self.length)
        return np.asarray(self.variance * (shape @ self.coefficients), np.float64)


def fit_turbulence(points: F8, displacement: F8, error: F8) -> TurbulenceField:
    """The field behind noisy displacements.

    Amplitude and length come from the correlation of pairs in bins of separation, which the noise of single
    stars does not enter.

    Parameters
    ----------
    points
        (m, 2) positions in the plane.
    displacement
        (m, 2) measured minus expected.
    error
        (m,) noise per axis, unit of the displacement.

    Returns
    -------
    The field; none (zero) with fewer than 20 stars or without positive correlation.
    """
    chosen = np.sort(np.argsort(error, kind="stable")[:_MOST_STARS])
    if len(chosen) < _LEAST_STARS:
        return _nothing(len(points))
    variance, length = _covariance(points[chosen], displacement[chosen], error[chosen])
    if not np.all(variance > 0):
        return _nothing(len(points))
    return _condition(points, displacement, error, chosen, variance, length)


def _condition(
    points: F8, displacement: F8, error: F8, chosen: npt.NDArray[np.intp], variance: F8, length: float
) -> TurbulenceField:
    shape = _kernel(cdist(points[chosen], points[chosen]), length)
    coefficients, held_out = np.empty((len(chosen), 2)), np.empty((len(chosen), 2))
    for axis in (0, 1):
        noise = error[chosen] ** 2 / variance[axis]
        inverse = linalg.cho_solve(linalg.cho_factor(shape + np.diag(noise), lower=True), np.eye(len(chosen)))
        weight = inverse @ displacement[chosen, axis]
        coefficients[:, axis] = weight / variance[axis]
        # leave-one-out residual = weight / diagonal of the inverse (Rasmussen & Williams 2006, eq. 5.12)
        held_out[:, axis] = displacement[chosen, axis] - weight / np.diag(inverse)
    field = TurbulenceField(points[chosen], coefficients, variance, length, np.zeros((0, 2)))
    left_out = field.at(points)
    left_out[chosen] = held_out
    return TurbulenceField(field.points, coefficients, variance, length, left_out)


def _covariance(points: F8, displacement: F8, error: F8) -> tuple[F8, float]:
    """Variance of each axis and correlation length that best follow the binned correlation of pairs."""
    separation = pdist(points)
    i, j = np.triu_indices(len(points), 1)
    weight = 1 / ((error[i] ** 2 + np.median(error) ** 2) * (error[j] ** 2 + np.median(error) ** 2))
    reach = np.quantile(separation, 0.6)
    bins = np.minimum((np.sqrt(separation / reach) * _BINS).astype(int), _BINS)  # finer where it is steep
    total = np.bincount(bins, weight, _BINS + 1)[:_BINS]
    total = np.maximum(total, 1e-300)
    middle = np.bincount(bins, weight * separation, _BINS + 1)[:_BINS] / total
    product = displacement[i] * displacement[j]
    correlation = np.stack(
        [np.bincount(bins, weight * product[:, a], _BINS + 1)[:_BINS] / total for a in (0, 1)], -1
    )
    best = (np.inf, np.zeros(2), 1.0)
    for length in reach * np.geomspace(0.02, 2, _LENGTHS):
        shape = _kernel(middle, length)
        norm = float(np.sum(total * shape**2))
        variance = np.asarray((total * shape) @ correlation / norm, np.float64)
        misfit = float(np.sum(total[:, None] * (correlation - shape[:, None] * variance) ** 2))
        if misfit < best[0]:
            best = (misfit, variance, float(length))
    return best[1], best[2]


def _kernel(separation: F8, length: float) -> F8:
    return np.asarray(np.exp(-((separation / length) ** _EXPONENT)), np.float64)


def _nothing(count: int) -> TurbulenceField:
    return TurbulenceField(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(2), 1.0, np.zeros((count, 2)))
