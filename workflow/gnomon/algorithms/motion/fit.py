"""Five-parameter astrometric solutions of many objects at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.motion.observer import earth_barycentric, parallax_factors
from gnomon.containers.ragged import maxima, medians, minima, owners, sums
from gnomon.containers.sphere import angles, directions, from_tangent, tangent_offsets

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
B1 = npt.NDArray[np.bool_]

MAS = np.radians(1 / 3600e3)
"""One milliarcsecond in radians."""

YEAR = 365.25
"""Julian year in days."""

N_PARAMETERS = 5
"""Offsets east and north, proper motions east and north, parallax."""

MIN_EPOCHS = 4
"""Eight coordinates for five parameters: one deviation can still be recognised."""

MIN_SPAN = 0.1 * YEAR
"""Days of baseline below which parallax and motion are one."""

HUBER = 2.0
"""Distance in sigma where the weight of an epoch begins to fall (Huber 1964), two dimensions."""

CLIP = 5.0
"""Distance in sigma beyond which an epoch is left out of the last fit; by chance 4e-6 of good ones."""

N_HUBER = 8
"""Reweighted iterations before clipping."""

MAX_CONDITION = 1e8
"""Of the normal matrix scaled to unit diagonal: beyond, parallax and motion cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Epochs:
    """Positions of many objects, object after object."""

    offsets: I8
    """(n_objects + 1,) where each object's epochs begin."""
    mjd_tai: F8
    """(n,) days."""
    ra: F8
    """(n,) radians, ICRS."""
    dec: F8
    """(n,) radians."""
    ra_err: F8
    """(n,) radians on the sky (times cos dec); an epoch with an error that is not positive is not used."""
    dec_err: F8
    """(n,) radians."""
    ra_dec_cov: F8
    """(n,) radians squared."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known before, for instance from Gaia, at the same reference epoch."""

    mean: F8
    """(n_objects, 5): right ascension and declination in radians, motions in mas/yr, parallax in mas."""
    precision: F8
    """(n_objects, 5, 5) inverse covariance in mas and years; zeros where nothing is known."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Solutions; NaN where not determined."""

    ra: F8
    """(n,) radians at the reference epoch."""
    dec: F8
    """(n,) radians at the reference epoch."""
    pm_ra: F8
    """(n,) mas/yr, times cos dec."""
    pm_dec: F8
    """(n,) mas/yr."""
    parallax: F8
    """(n,) mas."""
    covariance: F8
    """(n, 5, 5) of (ra cos dec, dec, pm_ra, pm_dec, parallax) in mas and mas/yr."""
    chi2: F8
    """(n,) of the epochs used."""
    n_used: I8
    """(n,) epochs in the last fit."""
    n_clipped: I8
    """(n,) epochs left out as outliers."""
    five_parameters: B1
    """True where motion and parallax were fitted, False where only a mean position was possible."""


def reference_positions(epochs: Epochs) -> tuple[F8, F8]:
    """A robust position per object to measure offsets from: the median of the unit vectors."""
    r = directions(epochs.ra, epochs.dec)
    return angles(np.stack([medians(r[:, k], epochs.offsets) for k in range(3)], axis=-1))


def design_matrix(epochs: Epochs, ra0: F8, dec0: F8, epoch: float) -> F8:
    """(n, 2, 5) derivatives of the offsets east and north by the five parameters."""
    who = owners(epochs.offsets)
    east, north = parallax_factors(ra0[who], dec0[who], earth_barycentric(epochs.mjd_tai))
    t = (epochs.mjd_tai - epoch) / YEAR
    out = np.zeros((len(t), 2, N_PARAMETERS))
    out[:, 0, 0] = out[:, 1, 1] = 1.0
    out[:, 0, 2] = out[:, 1, 3] = t
    out[:, 0, 4], out[:, 1, 4] = east, north
    return out


def whitening(epochs: Epochs) -> tuple[F8, F8, F8]:
    """Elements (l_ee, l_ne, l_nn) of the triangular matrix that turns offsets into unit normal deviates.

    ``l_ee`` and ``l_ne`` multiply the eastern offset in the first and second row, ``l_nn`` the northern in
    the second; 1/mas. All zero for an epoch that cannot be used.
    """
    a, b, c = epochs.ra_err / MAS, epochs.dec_err / MAS, epochs.ra_dec_cov / MAS**2
    with np.errstate(invalid="ignore", divide="ignore"):
        free = np.sqrt(b**2 - (c / a) ** 2)  # northern error at a known eastern offset
        ok = np.isfinite(epochs.ra + epochs.dec + epochs.mjd_tai) & (a > 0) & (free > 0)
        parts = (1 / a, -c / (a**2 * free), 1 / free)
    return tuple(np.where(ok, part, 0.0) for part in parts)  # type: ignore[return-value]


def _whitened(lower: tuple[F8, F8, F8], rows: F8) -> F8:
    """(n, 2, ...) rows east and north, multiplied by the whitening matrix of each epoch."""
    ee, ne, nn = (part.reshape(len(part), *([1] * (rows.ndim - 2))) for part in lower)
    return np.stack([ee * rows[:, 0], ne * rows[:, 0] + nn * rows[:, 1]], axis=1)


def _solvable(lhs: F8) -> B1:
    """Objects whose normal matrix has an inverse worth having."""
    d = np.sqrt(np.maximum(np.einsum("npp->np", lhs), 0.0))
    ok: B1 = (d > 0).all(axis=1)
    correlation = lhs / np.maximum(d[:, :, None] * d[:, None, :], np.finfo(float).tiny)
    correlation = np.where(ok[:, None, None], correlation, np.eye(N_PARAMETERS))
    return np.asarray(ok & (np.linalg.cond(correlation) < MAX_CONDITION), np.bool_)


def _solve(lhs: F8, rhs: F8) -> tuple[F8, F8]:
    """Parameters and covariances; zeros and NaN for objects without a solution."""
    ok = _solvable(lhs)
    p, cov = np.zeros_like(rhs), np.full_like(lhs, np.nan)
    cov[ok] = np.linalg.inv(lhs[ok])
    p[ok] = np.einsum("npq,nq->np", cov[ok], rhs[ok])
    return p, cov


def _enough(epochs: Epochs, used: B1) -> B1:
    """Objects with the epochs and the time span for motion and parallax."""
    t = np.where(used, epochs.mjd_tai, np.nan)
    first = minima(np.nan_to_num(t, nan=np.inf), epochs.offsets)
    last = maxima(np.nan_to_num(t, nan=-np.inf), epochs.offsets)
    with np.errstate(invalid="ignore"):
        return np.asarray(
            (sums(used.astype(np.float64), epochs.offsets) >= MIN_EPOCHS) & (last - first >= MIN_SPAN)
        )


def _prior_terms(prior: Prior | None, ra0: F8, dec0: F8) -> tuple[F8, F8]:
    """The prior's share of the normal equations, offsets measured from (ra0, dec0)."""
    n = len(ra0)
    if prior is None:
        return np.zeros((n, N_PARAMETERS, N_PARAMETERS)), np.zeros((n, N_PARAMETERS))
    xi, eta = tangent_offsets(prior.mean[:, 0], prior.mean[:, 1], ra0, dec0)
    mean = np.column_stack([xi / MAS, eta / MAS, prior.mean[:, 2:]])
    mean = np.where(np.isfinite(mean), mean, 0.0)
    return prior.precision, np.einsum("npq,nq->np", prior.precision, mean)


@dataclass(frozen=True, slots=True)
class _Problem:
    """Whitened observation equations ``y = A p`` of all objects."""

    A: F8
    y: F8
    AA: F8
    Ay: F8
    offsets: I8
    lhs0: F8
    rhs0: F8

    def solve(self, weight: F8) -> tuple[F8, F8]:
        """Parameters and covariances for given weights per epoch."""
        lhs = sums(self.AA * weight[:, None, None], self.offsets)
        return _solve(lhs + self.lhs0, sums(self.Ay * weight[:, None], self.offsets) + self.rhs0)

    def distances(self, p: F8) -> F8:
        """Mahalanobis distance of every epoch from the solution ``p``, in sigma."""
        r = self.y - (self.A * p[owners(self.offsets), None, :]).sum(axis=2)
        return np.asarray(np.hypot(r[:, 0], r[:, 1]), np.float64)


def fit_motion(epochs: Epochs, epoch: float, prior: Prior | None = None) -> Motion:
    """Position, proper motion and parallax of every object, robust against outlying epochs.

    Linear least squares in the tangent plane (Lindegren et al. 2012, section 3.2, without radial motion).
    Huber-reweighted fits, then one without the epochs beyond 5 sigma. Objects with fewer than four epochs,
    less than 0.1 yr, or a degenerate geometry get a mean position only.

    Parameters
    ----------
    epochs : positions per object and epoch.
    epoch : reference epoch, MJD TAI.
    prior : optional earlier knowledge, added as a measurement.
    """
    ra0, dec0 = reference_positions(epochs)
    problem, used, five = _problem(epochs, epoch, prior, ra0, dec0)
    weight = used.astype(np.float64)
    for _ in range(N_HUBER + 1):
        p, _cov = problem.solve(weight)
        d = problem.distances(p)
        weight = np.where(used, HUBER / np.maximum(d, HUBER), 0.0)
    final = used & (d <= CLIP)
    p, cov = problem.solve(final.astype(np.float64))
    chi2 = sums(np.where(final, problem.distances(p) ** 2, 0.0), epochs.offsets)
    n_used, n_seen = (sums(m.astype(np.float64), epochs.offsets).astype(np.int64) for m in (final, used))
    return _motion(p, cov, chi2, (ra0, dec0), five, n_used, n_seen)


def _problem(epochs: Epochs, epoch: float, prior: Prior | None, ra0: F8, dec0: F8) -> tuple[_Problem, B1, B1]:
    """Observation equations, the epochs that count, the objects that get five parameters."""
    who, lower = owners(epochs.offsets), whitening(epochs)
    used: B1 = lower[0] > 0
    xi, eta = tangent_offsets(epochs.ra, epochs.dec, ra0[who], dec0[who])
    y = _whitened(lower, np.where(used[:, None], np.stack([xi, eta], axis=-1) / MAS, 0.0))
    design = design_matrix(epochs, ra0, dec0, epoch)
    A = _whitened(lower, np.where(used[:, None, None], design, 0.0))
    lhs0, rhs0 = _prior_terms(prior, ra0, dec0)
    known = (np.einsum("npp->np", lhs0)[:, 2:] > 0).all(axis=1)
    AA = A[:, 0, :, None] * A[:, 0, None, :] + A[:, 1, :, None] * A[:, 1, None, :]
    Ay = A[:, 0] * y[:, :1] + A[:, 1] * y[:, 1:]
    five = (_enough(epochs, used) | known) & _solvable(sums(AA, epochs.offsets) + lhs0)
    # A mean position only: motion and parallax are held at zero by a row that no epoch touches.
    short = ~five[who]
    A[short, :, 2:] = AA[short, 2:, :] = AA[short, :, 2:] = Ay[short, 2:] = 0.0
    lhs0 = np.where(five[:, None, None], lhs0, np.diag([0.0, 0.0, 1.0, 1.0, 1.0]))
    rhs0 = np.where(five[:, None], rhs0, 0.0)
    return _Problem(A, y, AA, Ay, epochs.offsets, lhs0, rhs0), used, five


def _motion(p: F8, cov: F8, chi2: F8, at: tuple[F8, F8], five: B1, n_used: I8, n_seen: I8) -> Motion:
    """Parameters as published: NaN where nothing was determined."""
    solved = np.isfinite(cov[:, 0, 0])
    ra, dec = from_tangent(p[:, 0] * MAS, p[:, 1] * MAS, *at)
    ra, dec = np.where(solved, ra, np.nan), np.where(solved, dec, np.nan)
    moves = np.where((five & solved)[:, None], p[:, 2:], np.nan)
    cov = cov.copy()
    cov[~five, 2:, :] = np.nan
    cov[~five, :, 2:] = np.nan
    chi2 = np.where(solved, chi2, np.nan)
    return Motion(
        ra, dec, moves[:, 0], moves[:, 1], moves[:, 2], cov, chi2, n_used, n_seen - n_used, five & solved
    )
