"""Perturbed motion of many small bodies from one epoch, with dense output."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.perturbers import masses_on_grid
from gnomon.containers.perturbers import PerturberTable
from gnomon.kernels import orbit as kernel

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

LONGEST_STEP_DAYS = 8.0
SEGMENT_STEPS = 16  # long steps between two choices of the step
FINEST_TIER = 7  # 8 d / 2^7 = 1.5 h: passages of the Earth at a few lunar distances
# Highest polynomial term over acceleration above which a step is halved. Measured against 0.25 d steps over
# a year (400 orbits each): error at most 1e-5 mas at 1 au for main-belt and 5e-5 mas for near-Earth and
# distant orbits.
ROUGHNESS_LIMIT = 1e-4


@dataclass(frozen=True, slots=True)
class Dense:
    """Polynomials of some objects on one segment, all with one step."""

    step: float
    """Days; negative backwards in time."""
    values: F8
    """(nstep, nblock, 30, 4) as `kernels.orbit.integrate` returns."""


@dataclass(frozen=True, slots=True)
class Segment:
    """All objects on one stretch of time."""

    start: float
    """MJD TDB."""
    parts: tuple[Dense, ...]
    """One per step that was needed."""
    part: I8
    """(n,) which part holds the object."""
    place: I8
    """(n,) which row of it."""


@dataclass(frozen=True, slots=True)
class Trajectories:
    """Motion of n objects on both sides of an epoch."""

    epoch: float
    """MJD TDB of the initial states."""
    segment_days: tuple[float, float]
    """Length of the segments after and before the epoch, days."""
    forward: tuple[Segment, ...]
    """Segments after the epoch, in order."""
    backward: tuple[Segment, ...]
    """Segments before the epoch, going back."""
    roughness: F8
    """(n,) what was left after the finest step; above `ROUGHNESS_LIMIT` the motion is not to be trusted."""

    def at(self, index: npt.ArrayLike, mjd_tdb: npt.ArrayLike) -> F8:
        """(m, 9) barycentric position au, velocity au/day and acceleration au/day^2 of objects at times.

        ``index`` (m,) and ``mjd_tdb`` (m,); times a few hours outside the span are extrapolated.
        """
        objects, times = np.broadcast_arrays(np.asarray(index, np.int64), np.asarray(mjd_tdb, np.float64))
        out = np.empty((len(objects), 9))
        ahead = times >= self.epoch if self.forward else np.zeros(len(times), bool)
        if not self.backward:
            ahead[:] = True
        for side, segments, length in (
            (ahead, self.forward, self.segment_days[0]),
            (~ahead, self.backward, self.segment_days[1]),
        ):
            number = np.clip(np.abs(times - self.epoch) // max(length, 1e-9), 0, max(len(segments) - 1, 0))
            for k in np.unique(number[side]).astype(int):
                rows = np.flatnonzero(side & (number == k))
                out[rows] = _evaluate(segments[k], objects[rows], times[rows])
        return out


def propagate(
    table: PerturberTable,
    epoch: float,
    states: F8,
    span: tuple[float, float],
    *,
    exclude: I8 | None = None,
    group: int = 1,
) -> Trajectories:
    """Integrate barycentric ICRF states from one epoch over a span of time.

    Parameters
    ----------
    table : masses and their ephemeris
    epoch : MJD TDB of ``states``
    states : (n, 6) float64, au and au/day
    span : earliest and latest MJD TDB wanted
    exclude : (n,) index into ``table.gm`` of the mass that is the object itself, or -1
    group : consecutive objects that must share their steps (a nominal orbit and its neighbours)

    Raises
    ------
    ValueError
        The span leaves the ephemeris, or n is no multiple of ``group``.

    Forces: Newtonian masses of the table, 1PN term of the Sun. Not modelled: oblateness, radiation,
    outgassing. Steps are halved per group and segment until smooth. Objects must not be closer than about
    0.01 au to a planet.
    """
    if len(states) % group:
        raise ValueError(f"{len(states)} states cannot be split into groups of {group}")
    own = np.full(len(states), -1, np.int64) if exclude is None else np.asarray(exclude, np.int64)
    after, before = max(span[1] - epoch, 0.0), max(epoch - span[0], 0.0)
    job = (table, epoch, np.ascontiguousarray(states, np.float64), own, group)
    forward, length_f, rough_f = _side(*job, after, 1.0)
    backward, length_b, rough_b = _side(*job, before, -1.0)
    return Trajectories(epoch, (length_f, length_b), forward, backward, np.maximum(rough_f, rough_b))


def _side(
    table: PerturberTable, epoch: float, states: F8, own: I8, group: int, days: float, sign: float
) -> tuple[tuple[Segment, ...], float, F8]:
    """Segments that cover ``days`` in one direction, their length, and the worst roughness per object."""
    roughness, segments = np.zeros(len(states)), []
    if days <= 0 or not len(states):
        return (), 0.0, roughness
    steps = min(SEGMENT_STEPS, int(np.ceil(days / LONGEST_STEP_DAYS)))
    length = steps * LONGEST_STEP_DAYS
    for k in range(int(np.ceil(days / length))):
        start = epoch + sign * k * length
        segment, states, rough = _segment(table, start, states, own, group, steps, sign)
        segments.append(segment)
        roughness = np.fmax(roughness, rough)
    return tuple(segments), length, roughness


def _segment(
    table: PerturberTable, start: float, states: F8, own: I8, group: int, steps: int, sign: float
) -> tuple[Segment, F8, F8]:
    """Integrate one segment, halving the step of those groups that need it."""
    part, place = np.zeros(len(states), np.int64), np.zeros(len(states), np.int64)
    final, rough = np.empty_like(states), np.empty(len(states))
    todo, parts = np.arange(len(states)), []
    for tier in range(FINEST_TIER + 1):
        step = sign * LONGEST_STEP_DAYS / 2**tier
        grid = masses_on_grid(table, start, step, steps * 2**tier)
        dense, end, measure = kernel.integrate(states[todo], own[todo], *grid, step)
        parts.append(Dense(step, dense))
        part[todo], place[todo] = tier, np.arange(len(todo))
        final[todo], rough[todo] = end, measure
        worst = np.repeat(measure.reshape(-1, group).max(axis=1), group)
        todo = todo[~(worst <= ROUGHNESS_LIMIT)]
        if not len(todo):
            break
    return Segment(start, tuple(parts), part, place), final, rough


def _evaluate(segment: Segment, objects: I8, times: F8) -> F8:
    out = np.empty((len(objects), 9))
    for k in np.unique(segment.part[objects]):
        rows = np.flatnonzero(segment.part[objects] == k)
        dense = segment.parts[k]
        elapsed = times[rows] - segment.start
        out[rows] = kernel.evaluate(dense.values, dense.step, segment.place[objects[rows]], elapsed)
    return out
