"""Known orbits carried to another epoch with their errors, and improved by a night's measurements."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.determine import join_fits, tangent_places
from gnomon.algorithms.orbit.predict import one_sigma_lanes, rows_by_epoch
from gnomon.algorithms.orbit.propagate import propagate
from gnomon.containers.orbit import Astrometry, OrbitFit, Orbits
from gnomon.containers.perturbers import PerturberTable

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

_LANES = 7
_STEPS = 4
_ROUNDS = 4  # of leaving out the worst measurement of a night
_SETTLED = 1e-2  # largest change, in units of the prior's errors, of the last step of a converged update


def carry_orbits(table: PerturberTable, orbits: Orbits, epoch: float) -> Orbits:
    """The same orbits at another epoch (MJD TDB), covariances carried to first order along their axes.

    Unknown covariances stay unknown.
    """
    state, covariance = np.empty_like(orbits.state), np.full_like(orbits.covariance, np.nan)
    for rows in rows_by_epoch(orbits):
        lanes = one_sigma_lanes(orbits.state[rows], orbits.covariance[rows])
        start = float(orbits.epoch[rows[0]])
        span = (min(start, epoch), max(start, epoch))
        motion = propagate(table, start, lanes.reshape(-1, 6), span, group=_LANES)
        count = len(rows) * _LANES
        moved = motion.at(np.arange(count), np.full(count, epoch))[:, :6] if start != epoch else lanes
        there = moved.reshape(-1, _LANES, 6)
        away = there[:, 1:] - there[:, :1]
        state[rows], covariance[rows] = there[:, 0], np.einsum("nki,nkj->nij", away, away)
    covariance[~np.isfinite(orbits.covariance).reshape(len(orbits), 36).all(axis=1)] = np.nan
    return Orbits(orbits.designation, np.full(len(orbits), epoch), state, covariance, orbits.H, orbits.G)


def update_orbits(table: PerturberTable, orbits: Orbits, measured: Astrometry, owner: I8) -> OrbitFit:
    """Orbits of one epoch improved by new measurements; the old covariance stands for the old ones.

    Parameters
    ----------
    table : masses and their ephemeris
    orbits : of one epoch, all with covariance
    measured : m positions
    owner : (m,) int64, non-decreasing: the orbit each position belongs to

    Raises
    ------
    ValueError
        Several epochs, or a covariance is unknown.

    Gauss-Newton on chi2(new) + chi2(old), in the principal axes of the old error (an iterated extended Kalman
    update). As good as a fit to all measurements while the old error is small against the orbit's curvature.
    """
    epochs = np.unique(orbits.epoch)
    if len(epochs) > 1 or not np.isfinite(orbits.covariance).all():
        raise ValueError("an update wants orbits of one epoch with known covariance")
    if not len(orbits):
        return join_fits(0.0, [])
    epoch, n = float(epochs[0]), len(orbits)
    first = one_sigma_lanes(orbits.state, orbits.covariance)
    axes = np.swapaxes(first[:, 1:] - first[:, :1], 1, 2)
    shift: F8 = np.zeros((n, 6))
    for _ in range(_STEPS):
        state = orbits.state + np.einsum("nij,nj->ni", axes, shift)
        lanes = np.concatenate([state[:, None], state[:, None] + np.swapaxes(axes, 1, 2)], axis=1)
        plane = tangent_places(table, epoch, lanes.reshape(-1, 6), measured, owner)
        normal, gradient = _whitened(plane, measured, owner, n)
        step = np.linalg.solve(np.eye(6) + normal, -(gradient + shift)[..., None])[..., 0]
        shift = np.asarray(shift + step)
    covariance = np.asarray(axes @ np.linalg.inv(np.eye(6) + normal) @ np.swapaxes(axes, 1, 2))
    state = orbits.state + np.einsum("nij,nj->ni", axes, shift)
    return _fit(epoch, state, covariance, np.abs(step).max(axis=1) < _SETTLED, plane[:, 0], measured, owner)


def update_without_outliers(
    table: PerturberTable, orbits: Orbits, measured: Astrometry, owner: I8, rejection_chi2: float
) -> OrbitFit:
    """As `update_orbits`, without measurements that the updated orbit misses.

    The worst of each orbit goes where its chi2 (2 degrees of freedom) is above the limit, and the update is made
    anew: one wrong position drags an orbit of a short arc by arcseconds. Arguments as `update_orbits`; ``used`` and
    ``residual`` of the result are those of the measurements that stayed.
    """
    kept = np.arange(len(owner))
    for _ in range(_ROUNDS):
        fit = update_orbits(table, orbits, measured.take(kept), owner[kept])
        chi2 = np.sum((fit.residual / measured.sigma[kept]) ** 2, axis=1)
        worst = np.zeros(len(orbits))
        np.maximum.at(worst, owner[kept], chi2)
        wrong = (chi2 > rejection_chi2) & (chi2 == worst[owner[kept]])
        if not wrong.any():
            break
        kept = kept[~wrong]
    return fit


def _whitened(plane: F8, measured: Astrometry, owner: I8, n: int) -> tuple[F8, F8]:
    """Normal matrix and gradient of the new measurements in the whitened parameters."""
    residual = plane[:, 0] / measured.sigma
    partial = (plane[:, 1:] - plane[:, :1]) / measured.sigma[:, None]
    normal, gradient = np.zeros((n, 6, 6)), np.zeros((n, 6))
    np.add.at(normal, owner, np.einsum("mic,mjc->mij", partial, partial))
    np.add.at(gradient, owner, np.einsum("mic,mc->mi", partial, residual))
    return normal, gradient


def _fit(
    epoch: float,
    state: F8,
    covariance: F8,
    converged: npt.NDArray[np.bool_],
    residual: F8,
    measured: Astrometry,
    owner: I8,
) -> OrbitFit:
    n = len(state)
    count = np.bincount(owner, minlength=n)
    chi2 = np.asarray(np.bincount(owner, np.sum((residual / measured.sigma) ** 2, axis=1), n), np.float64)
    square = np.bincount(owner, np.sum(residual**2, axis=1), n)
    rms = np.sqrt(square / np.maximum(2 * count, 1))
    used = np.ones(len(owner), bool)
    return OrbitFit(epoch, state, covariance, chi2, rms, count.astype(np.int64), converged, used, residual)
