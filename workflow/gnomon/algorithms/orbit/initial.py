"""First orbits from a handful of positions, and a full fit grown from them."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.determine import DEFAULT_FIT, FitOptions, fit_orbits
from gnomon.algorithms.orbit.elements import GM_SUN
from gnomon.algorithms.orbit.ephemeris import unit_vectors
from gnomon.algorithms.orbit.timescales import tai_to_tdb
from gnomon.containers.orbit import Astrometry, OrbitFit
from gnomon.containers.perturbers import SUN, PerturberTable
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]

_RANGES_AU = np.geomspace(0.03, 60.0, 24)  # topocentric distances tried
_RADIAL = (-0.5, -0.25, 0.0, 0.25, 0.5)  # heliocentric radial velocities tried, of the circular one
_FIRST_ARC_DAYS = 30.0
_GROWTH = 2.5  # factor by which the arc grows between fits
_KEPT = 4  # best first orbits that are carried on
_TRIAL = FitOptions(steps=15, rejection_chi2=float("inf"))


def gauss(times: F8, line: F8, observer: F8) -> F8:
    """(k, 6) heliocentric states at the middle of three directions by Gauss' method, k up to 3.

    ``times`` (3,) TDB days, ``line`` (3, 3) unit vectors and ``observer`` (3, 3) heliocentric au, ICRF.
    Curtis (2014), algorithm 5.5, without its iteration: the result is a start for a fit. Light time is left
    out. Empty where no root is real and positive. Fails near-coplanar geometry and arcs beyond about 60
    degrees.
    """
    before, after = times[0] - times[1], times[2] - times[1]
    tau = after - before
    cross = np.stack([np.cross(line[1], line[2]), np.cross(line[0], line[2]), np.cross(line[0], line[1])])
    volume = float(line[0] @ cross[0])
    if abs(volume) < 1e-14:
        return np.zeros((0, 6))
    d = observer @ cross.T
    a = (-d[0, 1] * after / tau + d[1, 1] + d[2, 1] * before / tau) / volume
    b = (
        (d[0, 1] * (after**2 - tau**2) * after / tau + d[2, 1] * (tau**2 - before**2) * before / tau)
        / 6
        / volume
    )
    along, size2 = float(observer[1] @ line[1]), float(observer[1] @ observer[1])
    polynomial = np.zeros(9)
    polynomial[[0, 2, 5, 8]] = (
        1,
        -(a * a + 2 * a * along + size2),
        -2 * GM_SUN * b * (a + along),
        -((GM_SUN * b) ** 2),
    )
    roots = np.roots(polynomial)
    radii = np.unique(roots.real[(np.abs(roots.imag) < 1e-8 * np.abs(roots)) & (roots.real > 0.01)])
    return np.array([_gauss_state(r, before, after, line, observer, d, volume) for r in radii]).reshape(-1, 6)


def _gauss_state(r: float, before: float, after: float, line: F8, observer: F8, d: F8, volume: float) -> F8:
    """State for one root r: the distances, then the Lagrange coefficients (Curtis 2014, eq. 5.112-5.114)."""
    u = GM_SUN / r**3
    f1, f3 = 1 - u * before**2 / 2, 1 - u * after**2 / 2
    g1, g3 = before - u * before**3 / 6, after - u * after**3 / 6
    scale = f1 * g3 - f3 * g1
    c1, c3 = g3 / scale, -g1 / scale
    rho1 = (-d[0, 0] + d[1, 0] / c1 - c3 / c1 * d[2, 0]) / volume
    rho2 = (-c1 * d[0, 1] + d[1, 1] - c3 * d[2, 1]) / volume
    rho3 = (-c1 / c3 * d[0, 2] + d[1, 2] / c3 - d[2, 2]) / volume
    x1, x2, x3 = (observer[k] + rho * line[k] for k, rho in enumerate((rho1, rho2, rho3)))
    return np.concatenate([x2, (f1 * x3 - f3 * x1) / scale])


def ranging_states(times: F8, line: F8, observer: F8, observer_velocity: F8) -> F8:
    """(k, 6) heliocentric states at the mean time for a grid of distances and radial velocities.

    Position and motion on the sky come from a straight line through the directions (m, 3); the radial
    velocity is a share of the circular one, 0 being an apsis as in Vaisala's method.
    """
    mid, span = float(times.mean()), times - times.mean()
    center = line.mean(axis=0) / np.linalg.norm(line.mean(axis=0))
    rate = (span @ line) / float(span @ span)
    rate -= center * float(rate @ center)
    k = int(np.argmin(np.abs(times - mid)))
    place = observer[k] + observer_velocity[k] * (mid - times[k])
    states = []
    for rho in _RANGES_AU:
        x = place + rho * center
        across = observer_velocity[k] + rho * rate
        r = float(np.linalg.norm(x))
        for share in _RADIAL:
            wanted = share * np.sqrt(GM_SUN / r) * r
            toward = float(x @ center)
            if abs(toward) < 0.05 * r:
                continue
            states.append(np.concatenate([x, across + (wanted - float(x @ across)) / toward * center]))
    found = np.array(states).reshape(-1, 6)
    bound = np.sum(found[:, 3:] ** 2, axis=1) < 2.2 * GM_SUN / np.linalg.norm(found[:, :3], axis=1)
    return np.asarray(found[bound])


def determine_orbit(
    table: PerturberTable, measured: Astrometry, options: FitOptions = DEFAULT_FIT
) -> OrbitFit:
    """Orbit of one object from its positions alone, at an epoch in the middle of the best-covered month.

    First orbits by Gauss' method and by ranging on at most 30 days are fitted there; the best few are
    carried on to arcs that grow until all measurements are in. ``options`` are those of the last fit; the
    prior is left out of it when the arc is longer than a year.

    Raises
    ------
    UnprocessableData
        Fewer than three positions, or no first orbit leads to a fit.
    """
    order = np.argsort(measured.mjd_tai, kind="stable")
    rows = _densest(measured.mjd_tai[order], _FIRST_ARC_DAYS)
    first = measured.take(order[rows])
    if len(first) < 3:
        raise UnprocessableData(f"{len(first)} positions within {_FIRST_ARC_DAYS:.0f} days: an orbit needs 3")
    epoch = float(np.round(tai_to_tdb(first.mjd_tai).mean()))
    states, fit = _first_states(table, first, epoch), None
    arc = float(np.ptp(first.mjd_tai))
    sorted_all = measured.take(order)
    while True:
        inside = np.abs(sorted_all.mjd_tai - epoch) <= max(arc, 1.0)
        last = bool(inside.all())
        trial = options if last else _TRIAL
        if last and np.ptp(sorted_all.mjd_tai) > 365:
            trial = FitOptions(
                options.steps, False, options.rejection_chi2, options.rejection_rounds, options.least_used
            )
        states, fit = _carry_on(table, epoch, states, sorted_all.take(inside), trial)
        if last:
            return _in_order(fit, order)
        arc *= _GROWTH


def _densest(times: F8, days: float) -> slice:
    """Rows of the window of some days with the most measurements, the earliest of equals."""
    ends = np.searchsorted(times, times + days, side="right")
    k = int(np.argmax(ends - np.arange(len(times)))) if len(times) else 0
    return slice(k, int(ends[k]) if len(times) else 0)


def _first_states(table: PerturberTable, measured: Astrometry, epoch: float) -> F8:
    """(k, 6) barycentric guesses, moved to the epoch on straight lines."""
    times = tai_to_tdb(measured.mjd_tai)
    sun, sun_velocity = table.state(SUN, times)
    line = unit_vectors(measured.ra, measured.dec)
    observer, velocity = measured.observer - sun, measured.observer_velocity - sun_velocity
    middle = int(np.argmin(np.abs(times - 0.5 * (times[0] + times[-1]))))
    found = [(times.mean(), ranging_states(times, line, observer, velocity))]
    if 0 < middle < len(times) - 1:
        three = [0, middle, len(times) - 1]
        found.append((times[middle], gauss(times[three], line[three], observer[three])))
    moved = [_drift(states, epoch - t) for t, states in found]
    return np.asarray(np.concatenate(moved) + np.concatenate(table.state(SUN, epoch)))


def _drift(states: F8, days: float) -> F8:
    """Heliocentric states carried by the f and g series of second order."""
    x, v = states[:, :3], states[:, 3:]
    pull = -GM_SUN * x / np.linalg.norm(x, axis=1, keepdims=True) ** 3
    return np.concatenate([x + days * v + 0.5 * days**2 * pull, v + days * pull], axis=1)


def _carry_on(
    table: PerturberTable, epoch: float, states: F8, measured: Astrometry, options: FitOptions
) -> tuple[F8, OrbitFit]:
    """Fit from every state; the best states, and the fit of the best one."""
    copies = len(states)
    many = measured.take(np.tile(np.arange(len(measured)), copies))
    owner = np.repeat(np.arange(copies), len(measured))
    fits = fit_orbits(table, epoch, states, many, owner, options)
    score = fits.chi2 / np.maximum(fits.used_count, 1)
    order = np.argsort(np.where(np.isfinite(score), score, np.inf), kind="stable")[:_KEPT]
    best = int(order[0])
    if not np.isfinite(score[best]):
        raise UnprocessableData(f"no orbit fits {len(measured)} positions: all {copies} first orbits diverge")
    pick, rows = slice(best, best + 1), slice(best * len(measured), (best + 1) * len(measured))
    one = OrbitFit(
        epoch, fits.state[pick], fits.covariance[pick], fits.chi2[pick], fits.rms[pick],
        fits.used_count[pick], fits.converged[pick], fits.used[rows], fits.residual[rows],
    )  # fmt: skip
    return fits.state[order], one


def _in_order(fit: OrbitFit, order: npt.NDArray[np.int64]) -> OrbitFit:
    """The fit with its measurements in the order in which they came."""
    used, residual = np.empty_like(fit.used), np.empty_like(fit.residual)
    used[order], residual[order] = fit.used, fit.residual
    return OrbitFit(
        fit.epoch, fit.state, fit.covariance, fit.chi2, fit.rms, fit.used_count, fit.converged, used, residual
    )
