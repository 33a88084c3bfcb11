"""Which known objects a night's exposures should show, where, and how surely."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.algorithms.orbit.ephemeris import Ephemeris, ephemeris, magnitude_hg, tangent_axes, unit_vectors
from gnomon.algorithms.orbit.propagate import Trajectories, propagate
from gnomon.algorithms.orbit.timescales import tai_to_tdb
from gnomon.containers.orbit import Orbits
from gnomon.containers.perturbers import EARTH, PerturberTable

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

_LANES = 7  # the nominal orbit and one at 1 sigma along each axis of its error
_CHUNK = 4096  # objects integrated together
_SLOW_RAD_PER_DAY = np.deg2rad(1.0)  # faster ones are tried on every exposure
_SLACK = np.deg2rad(0.02)  # parallax of the site and curvature over half a night, for slow objects


@dataclass(frozen=True, slots=True)
class Visits:
    """Exposures of one night."""

    mjd_tai: F8
    """(v,) middle of the exposure."""
    ra: F8
    """(v,) centre of the field, ICRS radians."""
    dec: F8
    """(v,) ICRS radians."""
    radius: F8
    """(v,) of a circle around the field, radians."""
    observer: F8
    """(v, 3) barycentric position, au."""
    observer_velocity: F8
    """(v, 3) au/day."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """What k pairs of object and exposure should look like."""

    orbit: I8
    """(k,) row of the orbit."""
    visit: I8
    """(k,) row of the exposure; pairs are sorted by exposure, then orbit."""
    sky: Ephemeris
    """Position, rates and geometry of each pair."""
    covariance: F8
    """(k, 3) of the position from the orbit's error: east-east, east-north, north-north, radians^2; NaN if
    unknown.
    """
    magnitude: F8
    """(k,) V by H and G, NaN where H is unknown."""


def predict(table: PerturberTable, orbits: Orbits, visits: Visits) -> Predictions:
    """Every object whose place is inside a field, with its ephemeris at that exposure.

    Objects are integrated from their epochs to the night (orbits of one epoch together) with six neighbours
    on the 1-sigma ellipsoid, whose differences give the error ellipse on the sky to first order. Objects
    whose motion cannot be integrated (roughness, see `propagate`) are still predicted from the finest step.
    """
    parts = (
        [_predict_rows(table, orbits, rows, visits) for rows in rows_by_epoch(orbits)]
        if len(visits.ra)
        else []
    )
    parts = [p for p in parts if len(p.orbit)]
    if not parts:
        return _nothing()
    orbit, visit = (np.concatenate([getattr(p, name) for p in parts]) for name in ("orbit", "visit"))
    order = np.lexsort((orbit, visit))
    fields = Ephemeris.__slots__
    sky = Ephemeris(*(np.concatenate([getattr(p.sky, f) for p in parts])[order] for f in fields))
    covariance = np.concatenate([p.covariance for p in parts])[order]
    return Predictions(
        orbit[order], visit[order], sky, covariance, np.concatenate([p.magnitude for p in parts])[order]
    )


def rows_by_epoch(orbits: Orbits) -> list[I8]:
    """Rows of equal epoch, in chunks."""
    rows = np.argsort(orbits.epoch, kind="stable")
    _, starts = np.unique(orbits.epoch[rows], return_index=True)
    groups = np.split(rows, starts[1:])
    return [group[k : k + _CHUNK] for group in groups for k in range(0, len(group), _CHUNK)]


def _predict_rows(table: PerturberTable, orbits: Orbits, rows: I8, visits: Visits) -> Predictions:
    lanes = one_sigma_lanes(orbits.state[rows], orbits.covariance[rows])
    times = tai_to_tdb(visits.mjd_tai)
    span = (float(times.min()) - 1.0, float(times.max()) + 1.0)
    motion = propagate(table, float(orbits.epoch[rows[0]]), lanes.reshape(-1, 6), span, group=_LANES)
    visit, place = _in_field(table, motion, len(rows), times, visits)
    observer = visits.observer[visit], visits.observer_velocity[visit]
    sky = ephemeris(table, motion, place * _LANES, times[visit], observer)
    inside = np.sum(unit_vectors(visits.ra, visits.dec)[visit] * sky.line, axis=1) >= np.cos(
        visits.radius[visit]
    )
    visit, place = visit[inside], place[inside]
    sky = Ephemeris(*(getattr(sky, f)[inside] for f in Ephemeris.__slots__))
    observer = observer[0][inside], observer[1][inside]
    covariance = _sky_covariance(table, motion, place, times[visit], observer, sky)
    unknown = ~np.isfinite(orbits.covariance[rows[place]].reshape(len(place), 36)).all(axis=1)
    covariance[unknown] = np.nan
    orbit = rows[place]
    magnitude = magnitude_hg(
        orbits.H[orbit], orbits.G[orbit], sky.sun_distance, sky.observer_distance, sky.phase
    )
    return Predictions(orbit, visit, sky, covariance, magnitude)


def _in_field(
    table: PerturberTable, motion: Trajectories, count: int, times: F8, visits: Visits
) -> tuple[I8, I8]:
    """Pairs (visit, object) that may be inside; a superset."""
    middle = 0.5 * (times.min() + times.max())
    half = 0.5 * (times.max() - times.min())
    earth = table.state(EARTH, np.full(count, middle))
    here = ephemeris(table, motion, np.arange(count) * _LANES, np.full(count, middle), earth)
    rate = np.hypot(here.ra_rate, here.dec_rate)
    # parallax of the site is 8.8" over the distance in au
    reach = rate * half + _SLACK + np.deg2rad(0.01) / here.observer_distance
    fast = np.flatnonzero(~(reach <= _SLOW_RAD_PER_DAY * max(half, 0.02) + _SLACK + np.deg2rad(0.01)))
    slow = np.setdiff1d(np.arange(count), fast)
    margin = float(reach[slow].max(initial=0.0))
    found = [np.zeros(0, np.int64)] * len(times)
    if len(slow):
        chord = 2 * np.sin(np.minimum(visits.radius + margin, np.pi) / 2)
        hits = cKDTree(here.line[slow]).query_ball_point(unit_vectors(visits.ra, visits.dec), chord)
        found = [slow[np.asarray(h, np.int64)] for h in hits]
    pairs = [np.union1d(f, fast) for f in found]
    visit = np.repeat(np.arange(len(times)), [len(p) for p in pairs])
    return visit, np.concatenate(pairs).astype(np.int64)


def one_sigma_lanes(states: F8, covariance: F8) -> F8:
    """(n, 7, 6): each state and its neighbours at 1 sigma along the principal axes; equal where unknown."""
    unknown = ~np.isfinite(covariance).all(axis=(1, 2), keepdims=True)
    known = np.where(unknown, 0.0, covariance)
    scale = np.sqrt(np.maximum(np.einsum("nii->ni", known), 1e-60))
    values, vectors = np.linalg.eigh(known / (scale[:, :, None] * scale[:, None, :]))
    axes = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :] * scale[:, :, None]
    return np.concatenate([states[:, None], states[:, None] + np.swapaxes(axes, 1, 2)], axis=1)


def _sky_covariance(
    table: PerturberTable, motion: Trajectories, place: I8, times: F8, observer: tuple[F8, F8], sky: Ephemeris
) -> F8:
    east, north = tangent_axes(sky.ra, sky.dec)
    total = np.zeros((len(place), 3))
    for lane in range(1, _LANES):
        moved = ephemeris(table, motion, place * _LANES + lane, times, observer).line - sky.line
        e, n = np.sum(moved * east, axis=1), np.sum(moved * north, axis=1)
        total += np.stack([e * e, e * n, n * n], axis=1)
    return total


def _nothing() -> Predictions:
    none, index = np.zeros(0), np.zeros(0, np.int64)
    sky = Ephemeris(none, none, none, none, none, none, none, none, np.zeros((0, 3)), np.zeros((0, 3)))
    return Predictions(index, index, sky, np.zeros((0, 3)), none)
