"""Five-parameter astrometric solutions of many objects at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.motion.observer import earth_barycentric, parallax_factors
from gnomon.containers.ragged import counts, maxima, medians, minima, owners, sums

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


def unit_vectors(ra: F8, dec: F8) -> tuple[F8, F8, F8]:
    """Direction, and unit vectors to the east and north of it, each (n, 3)."""
    sa, ca, sd, cd = np.sin(ra), np.cos(ra), np.sin(dec), np.cos(dec)
    r = np.stack([cd * ca, cd * sa, sd], axis=-1)
    east = np.stack([-sa, ca, np.zeros_like(sa)], axis=-1)
    return r, east, np.stack([-sd * ca, -sd * sa, cd], axis=-1)


def tangent_offsets(ra: F8, dec: F8, ra0: F8, dec0: F8) -> tuple[F8, F8]:
    """Gnomonic offsets east and north of (ra0, dec0), radians; safe at poles and at ra = 0."""
    r, _, _ = unit_vectors(ra, dec)
    r0, east, north = unit_vectors(ra0, dec0)
    depth = np.sum(r * r0, axis=-1)
    return np.sum(r * east, axis=-1) / depth, np.sum(r * north, axis=-1) / depth


def from_tangent(xi: F8, eta: F8, ra0: F8, dec0: F8) -> tuple[F8, F8]:
    """Inverse of ``tangent_offsets``; right ascension in [0, 2 pi)."""
    r0, east, north = unit_vectors(ra0, dec0)
    v = r0 + xi[..., None] * east + eta[..., None] * north
    return np.arctan2(v[..., 1], v[..., 0]) % (2 * np.pi), np.arctan2(v[..., 2], np.hypot(v[..., 0], v[..., 1]))


def reference_positions(epochs: Epochs) -> tuple[F8, F8]:
    """A robust position per object to measure offsets from: the median of the unit vectors."""
    r, _, _ = unit_vectors(epochs.ra, epochs.dec)
    x, y, z = (medians(r[:, k], epochs.offsets) for k in range(3))
    return np.arctan2(y, x) % (2 * np.pi), np.arctan2(z, np.hypot(x, y))


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


def precision_matrices(epochs: Epochs) -> F8:
    """(n, 2, 2) inverse covariance per epoch in mas^-2; zeros for an epoch that cannot be used."""
    a, b = (epochs.ra_err / MAS) ** 2, (epochs.dec_err / MAS) ** 2
    c = epochs.ra_dec_cov / MAS**2
    det = a * b - c * c
    with np.errstate(invalid="ignore", divide="ignore"):
        finite = np.isfinite(epochs.ra + epochs.dec + epochs.mjd_tai)
        ok = finite & (epochs.ra_err > 0) & (epochs.dec_err > 0) & (det > 0)
        out = np.array([[b, -c], [-c, a]]) / det
    return np.where(ok[:, None, None], np.moveaxis(out, 2, 0), 0.0)


def _normal_equations(A: F8, W: F8, y: F8, weight: F8, offsets: I8) -> tuple[F8, F8]:
    """Sums of A^T W A (n_objects, 5, 5) and A^T W y (n_objects, 5)."""
    WA = np.einsum("nij,njp->nip", W, A) * weight[:, None, None]
    lhs = sums(np.einsum("nip,niq->npq", A, WA), offsets)
    return lhs, sums(np.einsum("nip,ni->np", WA, y), offsets)


def _solvable(lhs: F8) -> B1:
    """Objects whose normal matrix has an inverse worth having."""
    d = np.sqrt(np.maximum(np.einsum("npp->np", lhs), 0.0))
    ok: B1 = (d > 0).all(axis=1)
    scaled = np.where(ok[:, None, None], lhs / np.maximum(d[:, :, None] * d[:, None, :], 1e-300), np.eye(len(lhs[0])))
    return ok & (np.linalg.cond(scaled) < MAX_CONDITION)


def _solve(lhs: F8, rhs: F8, ok: B1) -> tuple[F8, F8]:
    """Parameters and covariances of the solvable objects, zeros and NaN elsewhere."""
    p, cov = np.zeros_like(rhs), np.full_like(lhs, np.nan)
    cov[ok] = np.linalg.inv(lhs[ok])
    p[ok] = np.einsum("npq,nq->np", cov[ok], rhs[ok])
    return p, cov


def fit_motion(epochs: Epochs, epoch: float, prior: Prior | None = None) -> Motion:
    """Position, proper motion and parallax of every object, robust against outlying epochs.

    Linear least squares in the tangent plane (Lindegren et al. 2012, section 3.2, without radial motion).
    Eight Huber-reweighted fits, then one fit without the epochs beyond 5 sigma. Objects with fewer than
    four epochs, less than 0.1 yr, or a degenerate geometry get a mean position only.

    Parameters
    ----------
    epochs : positions per object and epoch.
    epoch : reference epoch, MJD TAI.
    prior : optional earlier knowledge, added as a measurement.
    """
    n = len(epochs.offsets) - 1
    ra0, dec0 = reference_positions(epochs)
    who = owners(epochs.offsets)
    W = precision_matrices(epochs)
    used = W[:, 0, 0] > 0
    xi, eta = tangent_offsets(epochs.ra, epochs.dec, ra0[who], dec0[who])
    y = np.nan_to_num(np.stack([xi, eta], axis=-1) / MAS)
    A = np.nan_to_num(design_matrix(epochs, ra0, dec0, epoch))
    lhs0, rhs0 = _prior_terms(prior, ra0, dec0, n)
    enough = _enough(epochs, used) | (np.einsum("npp->np", lhs0)[:, 2:] > 0).all(axis=1)
    lhs, _ = _normal_equations(A, W, y, used.astype(float), epochs.offsets)
    five = enough & _solvable(lhs + lhs0)
    A[~five[who], :, 2:] = 0.0
    weight = used.astype(float)
    for k in range(N_HUBER + 1):
        p, _ = _regularised(A, W, y, weight, epochs.offsets, lhs0, rhs0, five)
        d = _distances(A, W, y, p[who])
        weight = np.where(used, np.minimum(1.0, HUBER / np.maximum(d, HUBER)), 0.0)
    final = used & (d <= CLIP)
    p, cov = _regularised(A, W, y, final.astype(float), epochs.offsets, lhs0, rhs0, five)
    chi2 = sums(np.where(final, _distances(A, W, y, p[who]) ** 2, 0.0), epochs.offsets)
    return _motion(p, cov, chi2, five, (ra0, dec0), sums(final * 1.0, epochs.offsets), sums(used * 1.0, epochs.offsets))
