"""Differential correction of many orbits at once, with covariance and rejection of outliers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.elements import GM_SUN
from gnomon.algorithms.orbit.ephemeris import light_time, tangent_axes, unit_vectors
from gnomon.algorithms.orbit.propagate import propagate
from gnomon.algorithms.orbit.timescales import tai_to_tdb
from gnomon.containers.orbit import Astrometry, OrbitFit
from gnomon.containers.perturbers import EARTH, SUN, PerturberTable

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_LANES = 7  # the nominal orbit and one neighbour per parameter
_OFFSET = 1e-6  # of neighbours, in units of the distance (position) and of distance per arc (velocity)
_SHORTEST_ARC_DAYS = 10.0
_CHUNK = 2048  # objects integrated together: bounds memory
_DAMPING = (1e-4, 1e-9, 1e8)  # of Levenberg and Marquardt: first, least, most
_CONVERGED = 1e-3  # expected fall of chi2 of the next step
_PRIOR_WIDTH = 0.5
_SHARE_OF_WORST = 0.25
_LARGEST_STEP = 0.5  # of the logarithm of the distance


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How an orbit is fitted."""

    steps: int = 25
    """Steps of the correction at most."""
    prior: bool = True
    """Whether orbits are held weakly to bound ones: what a short arc cannot tell, a long arc does not
    feel.
    """
    rejection_chi2: float = 16.0
    """chi2 (2 degrees of freedom) above which a measurement is dropped after convergence; infinite keeps
    all.
    """
    rejection_rounds: int = 6
    """Rounds of rejection and recovery at most."""
    least_used: float = 0.6
    """Share of an object's measurements that must stay in use."""


DEFAULT_FIT = FitOptions()


@dataclass(slots=True)
class _Problem:
    """Linearised problem of n objects about the present states."""

    state: F8
    basis: F8  # (n, 6, 6) columns are steps of the parameters
    normal: F8  # (n, 6, 6)
    gradient: F8  # (n, 6)
    cost: F8  # (n,) chi2 with the prior
    residual: F8  # (m, 2)


def fit_orbits(
    table: PerturberTable,
    epoch: float,
    states: F8,
    measured: Astrometry,
    owner: I8,
    options: FitOptions = DEFAULT_FIT,
) -> OrbitFit:
    """Least-squares orbits of n objects from approximate states.

    Parameters
    ----------
    table : masses and their ephemeris
    epoch : MJD TDB of ``states`` and of the result
    states : (n, 6) float64 barycentric first guesses, au and au/day
    measured : m positions
    owner : (m,) int64, non-decreasing: the object each position belongs to
    options : see `FitOptions`

    Raises
    ------
    ValueError
        ``owner`` is out of order or out of range.

    Levenberg-Marquardt on states in the frame of the line of sight; partial derivatives are differences of
    orbits integrated side by side. The prior (off with ``options.prior = False``) adds two measurements of
    the orbit at epoch: v^2 r / GM = 1 +- 0.5 and radial over circular velocity = 0 +- 0.5. Rejection
    follows convergence (Carpino et al. 2003). An object's result does not depend on
    its company.
    """
    if len(owner) and (np.any(np.diff(owner) < 0) or owner[0] < 0 or owner[-1] >= len(states)):
        raise ValueError(f"owner must rise from 0 to at most {len(states) - 1}")
    bounds = np.searchsorted(owner, np.arange(0, len(states) + _CHUNK, _CHUNK))
    fits = []
    for k, first in enumerate(range(0, len(states), _CHUNK)):
        rows = slice(int(bounds[k]), int(bounds[k + 1]))
        part = measured.take(np.arange(rows.start, rows.stop))
        fits.append(
            _fit_chunk(table, epoch, states[first : first + _CHUNK], part, owner[rows] - first, options)
        )
    return join_fits(epoch, fits)


def join_fits(epoch: float, fits: list[OrbitFit]) -> OrbitFit:
    """Fits of several groups of objects at one epoch as one."""
    if not fits:
        none = np.zeros(0)
        blank = none.astype(bool)
        counts = none.astype(np.int64)
        empty = (np.zeros((0, 6)), np.zeros((0, 6, 6)), none, none, counts, blank, blank, np.zeros((0, 2)))
        return OrbitFit(epoch, *empty)
    names = ("state", "covariance", "chi2", "rms", "used_count", "converged", "used", "residual")
    return OrbitFit(epoch, *(np.concatenate([getattr(f, name) for f in fits]) for name in names))


def _fit_chunk(
    table: PerturberTable, epoch: float, states: F8, measured: Astrometry, owner: I8, options: FitOptions
) -> OrbitFit:
    used = np.ones(len(owner), bool)
    problem, converged = _correct(table, epoch, states, measured, owner, used, options)
    for _ in range(options.rejection_rounds if np.isfinite(options.rejection_chi2) else 0):
        wanted = _keep(problem.residual, measured.sigma, owner, len(states), options)
        changed = np.zeros(len(states), bool)
        changed[owner[wanted != used]] = True
        changed &= converged
        if not changed.any():
            break
        used = np.where(changed[owner], wanted, used)
        rows, again = changed[owner], np.cumsum(changed) - 1
        part = measured.take(rows)
        new, good = _correct(
            table, epoch, problem.state[changed], part, again[owner[rows]], used[rows], options
        )
        _store(problem, new, changed, rows)
        converged[changed] = good
    return _result(epoch, problem, converged, measured, owner, used)


def _keep(residual: F8, sigma: F8, owner: I8, n: int, options: FitOptions) -> Mask:
    """Which measurements stay; all of an object where too few would be left.

    A measurement goes when its chi2 is above the limit and a quarter of the object's largest: one bad
    position drags the orbit and makes good ones look bad (Carpino et al. 2003, 4.2).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        chi2 = np.sum((residual / sigma) ** 2, axis=1)
    worst = np.zeros(n)
    np.maximum.at(worst, owner, np.nan_to_num(chi2))
    keep = ~(chi2 > np.maximum(options.rejection_chi2, _SHARE_OF_WORST * worst[owner]))
    count, total = np.bincount(owner, keep, n), np.bincount(owner, minlength=n)
    enough = (count >= options.least_used * total) & (count >= 3)
    return np.asarray(keep | ~enough[owner])


def _store(problem: _Problem, new: _Problem, objects: Mask, rows: Mask) -> None:
    for name in ("state", "basis", "normal", "gradient", "cost"):
        getattr(problem, name)[objects] = getattr(new, name)
    problem.residual[rows] = new.residual


def _correct(
    table: PerturberTable,
    epoch: float,
    states: F8,
    measured: Astrometry,
    owner: I8,
    used: Mask,
    options: FitOptions,
) -> tuple[_Problem, Mask]:
    """Iterate to the minimum; returns the problem there and who converged."""
    n = len(states)
    arc = _arc_days(epoch, measured, owner, n)
    best = _linearise(table, epoch, states.copy(), arc, measured, owner, used, options)
    damping, converged = np.full(n, _DAMPING[0]), np.zeros(n, bool)
    active = np.isfinite(best.cost)
    for _ in range(options.steps):
        converged |= active & (_step(best, damping, active)[1] < _CONVERGED)
        active = active & ~converged & (damping < _DAMPING[2])
        if not active.any():
            break
        step, _ = _step(best, damping, active)
        rows, renumber = active[owner], np.cumsum(active) - 1
        trial = _linearise(
            table, epoch, _moved(table, epoch, best.state[active], arc[active], step), arc[active],
            measured.take(rows), renumber[owner[rows]], used[rows], options,
        )  # fmt: skip
        better = active.copy()
        better[active] = trial.cost < best.cost[active] + 1e-9 * np.abs(best.cost[active])
        _store(best, _some(trial, better[active], renumber[owner[rows]]), better, better[owner])
        factor = np.where(better, 0.1, 10.0)
        damping = np.where(active, np.maximum(damping * factor, _DAMPING[1]), damping)
    return best, converged


def _some(problem: _Problem, objects: Mask, owner: I8) -> _Problem:
    """The part of a problem that belongs to some of its objects."""
    return _Problem(
        problem.state[objects], problem.basis[objects], problem.normal[objects], problem.gradient[objects],
        problem.cost[objects], problem.residual[objects[owner]],
    )  # fmt: skip


def _step(problem: _Problem, damping: F8, active: Mask) -> tuple[F8, F8]:
    """Step of the active objects' parameters, and the fall of chi2 expected of it (inf if inactive)."""
    gain = np.full(len(problem.state), np.inf)
    normal, gradient = problem.normal[active], problem.gradient[active]
    scale = np.sqrt(np.maximum(np.einsum("nii->ni", normal), 1e-300))
    unit = normal / (scale[:, :, None] * scale[:, None, :])
    push = -gradient / scale
    damped = unit + damping[active, None, None] * np.eye(6)
    parameters = np.linalg.solve(damped, push[..., None])[..., 0]
    gain[active] = np.abs(np.sum(parameters * push, axis=1))
    return parameters / scale, gain


def _linearise(
    table: PerturberTable,
    epoch: float,
    states: F8,
    arc: F8,
    measured: Astrometry,
    owner: I8,
    used: Mask,
    options: FitOptions,
) -> _Problem:
    """Residuals and normal equations of all objects about their states."""
    n = len(states)
    near = [_moved(table, epoch, states, arc, np.broadcast_to(unit, (n, 6))) for unit in np.eye(6)]
    lanes = np.stack([states, *near], axis=1)
    basis = np.moveaxis(lanes[:, 1:] - states[:, None], 1, 2)
    plane = tangent_places(table, epoch, lanes.reshape(-1, 6), measured, owner)
    residual, partial = plane[:, 0], plane[:, 1:] - plane[:, :1]
    weight = np.where(used[:, None], 1 / measured.sigma**2, 0.0)
    starts = np.searchsorted(owner, np.arange(n))
    scaled = partial * weight[:, None, :]
    normal = _sum_by(np.einsum("mic,mjc->mij", scaled, partial), starts, owner, n)
    gradient = _sum_by(np.einsum("mic,mc->mi", scaled, residual), starts, owner, n)
    cost = _sum_by(np.sum(weight * residual**2, axis=1), starts, owner, n)
    if options.prior:
        normal, gradient, cost = _with_prior(table, epoch, lanes, normal, gradient, cost)
    bad = ~np.isfinite(cost) | ~np.isfinite(normal).all(axis=(1, 2))
    cost[bad], normal[bad], gradient[bad] = np.inf, np.eye(6), 0.0
    return _Problem(states, basis, normal, gradient, cost, residual)


def _sum_by(values: F8, starts: I8, owner: I8, n: int) -> F8:
    """Sums over each object's measurements, in their order."""
    out = np.zeros((n, *values.shape[1:]))
    if len(owner):
        present = np.unique(owner)
        out[present] = np.add.reduceat(values, starts[present], axis=0)
    return out


def tangent_places(table: PerturberTable, epoch: float, lanes: F8, measured: Astrometry, owner: I8) -> F8:
    """(m, 7, 2) places, in the tangent plane of each measured position, of an orbit and its six neighbours.

    ``lanes`` (7 n, 6) holds the seven states of each object one after the other; radians, east and north.
    """
    times = tai_to_tdb(measured.mjd_tai)
    span = (float(times.min(initial=epoch)) - 1.0, float(times.max(initial=epoch)) + 1.0)
    motion = propagate(table, epoch, lanes, span, group=_LANES)
    index = owner[:, None] * _LANES + np.arange(_LANES)
    values = motion.at(index.ravel(), np.repeat(times, _LANES))
    line, _ = light_time(values, np.repeat(measured.observer, _LANES, axis=0))
    line = line.reshape(-1, _LANES, 3)
    toward = unit_vectors(measured.ra, measured.dec)
    east, north = tangent_axes(measured.ra, measured.dec)
    depth = np.maximum(np.einsum("mlk,mk->ml", line, toward), 0.1 * np.linalg.norm(line, axis=2))
    plane = [np.einsum("mlk,mk->ml", line, axis) / depth for axis in (east, north)]
    return np.stack(plane, axis=-1)


def _moved(table: PerturberTable, epoch: float, states: F8, arc: F8, parameters: F8) -> F8:
    """States moved by parameters (n, 6) in the frame of the geocentric line of sight.

    Two angles and the logarithm of the distance, then their rates times the arc, all in units of `_OFFSET`.
    The velocity across scales with the distance, so that a change of distance alone keeps the motion on the
    sky: the long valley of a short arc is straight in these coordinates.
    """
    origin = np.concatenate(table.state(EARTH, epoch))
    line, velocity = states[:, :3] - origin[:3], states[:, 3:] - origin[3:]
    distance = np.linalg.norm(line, axis=1, keepdims=True)
    toward = line / distance
    east, north = tangent_axes(np.arctan2(line[:, 1], line[:, 0]), np.arcsin(np.clip(toward[:, 2], -1, 1)))
    axes = np.stack([east, north, toward], axis=1)
    values = _OFFSET * parameters
    turned = toward + np.einsum("nk,nkc->nc", values[:, :2], axes[:, :2])
    turned = turned / np.linalg.norm(turned, axis=1, keepdims=True)
    scale = np.exp(np.clip(values[:, 2:3], -_LARGEST_STEP, _LARGEST_STEP))
    pushed = velocity + distance / arc[:, None] * np.einsum("nk,nkc->nc", values[:, 3:], axes)
    return np.asarray(origin + np.concatenate([scale * distance * turned, scale * pushed], axis=1))


def _arc_days(epoch: float, measured: Astrometry, owner: I8, n: int) -> F8:
    """Longest time between the epoch and a measurement of each object, days."""
    arc = np.full(n, _SHORTEST_ARC_DAYS)
    np.maximum.at(arc, owner, np.abs(measured.mjd_tai - epoch))
    return arc


def _with_prior(
    table: PerturberTable, epoch: float, lanes: F8, normal: F8, gradient: F8, cost: F8
) -> tuple[F8, F8, F8]:
    sun = np.concatenate(table.state(SUN, epoch))
    x, v = lanes[..., :3] - sun[:3], lanes[..., 3:] - sun[3:]
    r = np.linalg.norm(x, axis=-1)
    speed2 = np.sum(v * v, axis=-1) * r / GM_SUN
    radial = np.sum(x * v, axis=-1) / np.sqrt(GM_SUN * r)
    values = np.stack([speed2 - 1, radial], axis=-1) / _PRIOR_WIDTH
    residual, partial = values[:, 0], values[:, 1:] - values[:, :1]
    return (
        normal + np.einsum("nic,njc->nij", partial, partial),
        gradient + np.einsum("nic,nc->ni", partial, residual),
        cost + np.sum(residual**2, axis=1),
    )


def _result(
    epoch: float, problem: _Problem, converged: Mask, measured: Astrometry, owner: I8, used: Mask
) -> OrbitFit:
    n = len(problem.state)
    square = np.where(used[:, None], problem.residual**2, 0.0)
    chi2 = np.asarray(np.bincount(owner, np.sum(square / measured.sigma**2, axis=1), n), np.float64)
    count = np.bincount(owner, used, n)
    rms = np.sqrt(np.bincount(owner, square.sum(axis=1), n) / np.maximum(2 * count, 1))
    covariance = _covariance(problem)
    good = converged & np.isfinite(covariance).all(axis=(1, 2)) & (count >= 3)
    return OrbitFit(
        epoch, problem.state, covariance, chi2, rms, count.astype(np.int64), good, used, problem.residual
    )


def _covariance(problem: _Problem) -> F8:
    """Inverse of the normal matrix, in the axes of the state; NaN where it is singular."""
    scale = np.sqrt(np.maximum(np.einsum("nii->ni", problem.normal), 1e-300))
    unit = problem.normal / (scale[:, :, None] * scale[:, None, :])
    singular = ~(np.linalg.cond(unit) < 1e15)
    unit[singular] = np.eye(6)
    inverse = np.linalg.inv(unit) / (scale[:, :, None] * scale[:, None, :])
    covariance = np.asarray(problem.basis @ inverse @ np.swapaxes(problem.basis, 1, 2))
    covariance[singular] = np.nan
    return covariance
