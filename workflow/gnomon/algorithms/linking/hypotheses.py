"""Tracklets carried to one epoch under a hypothesis about their distance from the Sun (HelioLinC, Holman et
al. 2018).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.elements import GM_SUN
from gnomon.algorithms.orbit.ephemeris import LIGHT_AU_PER_DAY, tangent_axes, unit_vectors
from gnomon.algorithms.orbit.timescales import tai_to_tdb
from gnomon.containers.orbit import Astrometry
from gnomon.containers.perturbers import EARTH, SUN, PerturberTable
from gnomon.containers.tracklet import Tracklets

F8 = npt.NDArray[np.float64]

_NEAR_AU = 2.0
_NEAR_RATE, _FAR_RATE = 0.75, 0.36  # of the escape velocity: e = 0.85 near q = 1 au; e = 0.5 in the main belt


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """Assumed heliocentric distances and radial velocities at the reference epoch."""

    distance: F8
    """(h,) au."""
    rate: F8
    """(h,) au/day."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """What is known of n tracklets without their distance; heliocentric ICRF."""

    dt: F8
    """(n,) TDB days from the reference epoch."""
    observer: F8
    """(n, 3) au."""
    observer_velocity: F8
    """(n, 3) au/day."""
    line: F8
    """(n, 3) unit vector to the tracklet."""
    line_rate: F8
    """(n, 3) its rate, 1/day."""
    earth: F8
    """(3,) the Earth at the reference epoch, au."""


def hypothesis_grid(
    inverse_step: float = 0.04, nearest_au: float = 1.0, farthest_au: float = 100.0
) -> Hypotheses:
    """Distances equally spaced in 1/r, each with radial velocities up to a share of the escape velocity
    (0.75 inside 2 au, where near-Earth objects pass; 0.36 beyond).

    ``inverse_step`` in 1/au: parallax over a fortnight moves by less than the linking tolerance between
    neighbours. Radial velocities are spaced by the same shift in 1/r at the ends of a fortnight, at least
    three of them.
    """
    inverse = np.arange(1 / nearest_au, 0.5 / farthest_au, -inverse_step)
    inverse = np.append(inverse, [0.5 * inverse_step, 1 / farthest_au])
    distances, rates = [], []
    for r in 1 / np.unique(inverse)[::-1]:
        limit = (_NEAR_RATE if r < _NEAR_AU else _FAR_RATE) * np.sqrt(2 * GM_SUN / r)
        step = max(inverse_step * r * r / 10.0, 1.2e-3)
        half = max(int(np.ceil(limit / step)), 1)
        rates.append(np.linspace(-limit, limit, 2 * half + 1))
        distances.append(np.full(2 * half + 1, r))
    return Hypotheses(np.concatenate(distances), np.concatenate(rates))


def sightings(table: PerturberTable, tracklets: Tracklets, measured: Astrometry, epoch: float) -> Sightings:
    """Directions, rates and observers of tracklets against a reference epoch (MJD TDB)."""
    n, owner = len(tracklets), np.repeat(np.arange(len(tracklets)), tracklets.count())
    count = np.maximum(tracklets.count(), 1)[:, None]

    def mean(values: F8) -> F8:
        rows = values[tracklets.member]
        return np.asarray(np.stack([np.bincount(owner, rows[:, k], n) for k in range(3)], axis=1) / count)

    tdb = tai_to_tdb(tracklets.mjd_tai)
    sun, sun_velocity = table.state(SUN, tdb)
    east, north = tangent_axes(tracklets.ra, tracklets.dec)
    rate = tracklets.ra_rate[:, None] * east + tracklets.dec_rate[:, None] * north
    return Sightings(
        tdb - epoch, mean(measured.observer) - sun, mean(measured.observer_velocity) - sun_velocity,
        unit_vectors(tracklets.ra, tracklets.dec), rate, table.state(EARTH, epoch)[0] - table.state(SUN,
        epoch)[0],
    )  # fmt: skip


def carry(seen: Sightings, distance: float, rate: float, far_root: bool = True) -> F8:
    """(n, 6) heliocentric states at the reference epoch; NaN where the line of sight misses the sphere.

    At each tracklet's time the object is put where the line of sight meets the sphere of radius
    r + rdot dt + rddot dt^2 / 2 (of two meetings the far or the near one), with the velocity that follows;
    rddot is that of the two-body motion so found. Then the f and g series of fourth order carry it.
    """
    curvature = np.zeros(len(seen.dt))
    for _ in range(2):
        x, v, depth = _place(seen, distance, rate, curvature, far_root)
        r = np.linalg.norm(x, axis=1)
        radial = np.sum(x * v, axis=1) / r
        curvature = (np.sum(v * v, axis=1) - radial**2) / r - GM_SUN / r**2
    return _two_body_series(x, v, depth / LIGHT_AU_PER_DAY - seen.dt)


def _place(seen: Sightings, distance: float, rate: float, curvature: F8, far_root: bool) -> tuple[F8, F8, F8]:
    """Position, velocity and distance from the observer where the lines of sight meet r(t)."""
    r = distance + rate * seen.dt + 0.5 * curvature * seen.dt**2
    r_rate = rate + curvature * seen.dt
    along = np.sum(seen.observer * seen.line, axis=1)
    square = along**2 + r**2 - np.sum(seen.observer**2, axis=1)
    root = np.sqrt(np.where(square >= 0, square, np.nan))
    depth = -along + (root if far_root else -root)
    depth = np.where(depth > 0, depth, np.nan)
    x = seen.observer + depth[:, None] * seen.line
    across = seen.observer_velocity + depth[:, None] * seen.line_rate
    depth_rate = (r * r_rate - np.sum(x * across, axis=1)) / np.sum(x * seen.line, axis=1)
    return x, across + depth_rate[:, None] * seen.line, depth


def _two_body_series(x: F8, v: F8, dt: F8) -> F8:
    """States after dt by the f and g series (Danby 1992, 6.4), to fourth order."""
    r2 = np.sum(x * x, axis=1)
    u, p = GM_SUN / r2**1.5, np.sum(x * v, axis=1) / r2
    w = 3 * (np.sum(v * v, axis=1) / r2 - u) - 15 * p * p + u
    f = 1 - u * dt**2 / 2 + u * p * dt**3 / 2 + u * w * dt**4 / 24
    g = dt - u * dt**3 / 6 + u * p * dt**4 / 4
    f_rate = -u * dt + 1.5 * u * p * dt**2 + u * w * dt**3 / 6
    g_rate = 1 - u * dt**2 / 2 + u * p * dt**3
    return np.concatenate(
        [f[:, None] * x + g[:, None] * v, f_rate[:, None] * x + g_rate[:, None] * v], axis=1
    )
