"""Clusters of tracklets that a hypothesis brings together."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.algorithms.linking.hypotheses import Hypotheses, Sightings, carry, sightings
from gnomon.containers.orbit import Astrometry
from gnomon.containers.perturbers import SUN, PerturberTable
from gnomon.containers.tracklet import Tracklets

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """What counts as one object."""

    direction_tolerance: float = 1.5e-3
    """Radius of a cluster in direction from the Earth at the reference epoch, radians."""
    velocity_tolerance: float = 2.2e-4
    """Radius of a cluster in velocity over distance, radians/day."""
    least_nights: int = 3
    """Nights with a tracklet that a link needs."""
    chi2_limit: float = 3.0
    """chi2 per degree of freedom above which a candidate is no orbit."""
    drop_rounds: int = 3
    """How often the worst tracklet of a bad candidate is dropped before it is given up."""


_TIGHT = 0.25  # of the tolerances: what noise of 50 mas and neighbouring hypotheses leave of one object
_CROWDED = 2  # tracklets a night from which on a whole neighbourhood is surely several objects

DEFAULT_LINK = LinkOptions()


@dataclass(frozen=True, slots=True)
class Candidates:
    """Sets of tracklets that may be one object."""

    start: I8
    """(n + 1,) where each set begins in ``tracklet``."""
    tracklet: I8
    """Tracklets, rising within a set."""
    state: F8
    """(n, 6) barycentric first guess at the reference epoch."""
    spread: F8
    """(n,) mean square distance of the members from the seed, in units of the tolerances."""
    tier: I8
    """(n,) how the set was formed: 0 tight, 1 nearest of each night, 2 all within the tolerances."""

    def __len__(self) -> int:
        return len(self.spread)


def find_candidates(
    table: PerturberTable,
    tracklets: Tracklets,
    measured: Astrometry,
    epoch: float,
    hypotheses: Hypotheses,
    options: LinkOptions,
) -> Candidates:
    """Clusters of tracklets under every hypothesis, each set once, with its tightest state.

    Two tracklets are neighbours when direction and velocity over distance agree within the tolerances
    (Euclidean in six dimensions); the neighbours of each tracklet are a candidate where they span enough
    nights.
    """
    seen = sightings(table, tracklets, measured, epoch)
    sun = np.concatenate(table.state(SUN, epoch))
    reach = float(np.linalg.norm(seen.observer, axis=1).max(initial=0.0))
    parts = []
    for r, rate in zip(hypotheses.distance, hypotheses.rate, strict=True):
        carried = [
            carry(seen, float(r), float(rate), far) for far in ((True, False) if r < reach else (True,))
        ]
        parts += [_clusters(states, seen, tracklets.night, options) for states in carried]
    return _unique(parts, sun)


def _clusters(states: F8, seen: Sightings, night: I8, options: LinkOptions) -> Candidates:
    """Candidates of one hypothesis; states heliocentric."""
    rows = np.flatnonzero(np.isfinite(states).all(axis=1))
    line = states[rows, :3] - seen.earth
    distance = np.linalg.norm(line, axis=1, keepdims=True)
    direction = line / (distance * options.direction_tolerance)
    place = np.concatenate([direction, states[rows, 3:] / (distance * options.velocity_tolerance)], 1)
    if len(rows) < options.least_nights:
        return no_candidates()
    pairs = cKDTree(place).query_pairs(1.0, output_type="ndarray")
    one = np.arange(len(rows))
    seed, other = np.concatenate([pairs, pairs[:, ::-1], np.stack([one, one], 1)]).astype(np.int64).T
    away = np.sum((place[seed] - place[other]) ** 2, axis=1)
    order = np.lexsort((rows[other], away, night[rows[other]], seed))
    near = _Neighbours(seed[order], rows[other[order]], night[rows[other[order]]], away[order])
    return _join([_sets(near, mask, tier, states[rows], options) for tier, mask in enumerate(_tiers(near))])


@dataclass(frozen=True, slots=True)
class _Neighbours:
    """Pairs of neighbours, sorted by seed, night of the member, and distance."""

    seed: I8
    member: I8  # tracklet
    night: I8
    away: F8  # square of the distance, in tolerances


def _tiers(near: _Neighbours) -> list[npt.NDArray[np.bool_]]:
    """Which pairs count: all that are tight; the nearest of each night; all, where nights are not crowded."""
    fresh = np.ones(len(near.seed), bool)
    fresh[1:] = (near.seed[1:] != near.seed[:-1]) | (near.night[1:] != near.night[:-1])
    count = np.bincount(near.seed)
    nights = np.bincount(near.seed, fresh, len(count))
    return [near.away <= _TIGHT**2, fresh, (count <= _CROWDED * nights)[near.seed]]


def _sets(
    near: _Neighbours, mask: npt.NDArray[np.bool_], tier: int, states: F8, options: LinkOptions
) -> Candidates:
    """Neighbourhoods, of the pairs of a mask, that span enough nights."""
    seed, member, night, away = (getattr(near, name)[mask] for name in _Neighbours.__slots__)
    fresh = np.ones(len(seed), bool)
    fresh[1:] = (seed[1:] != seed[:-1]) | (night[1:] != night[:-1])
    good = (np.bincount(seed, fresh, len(states)) >= options.least_nights)[seed]
    seed, member, away = seed[good], member[good], away[good]
    if not len(seed):
        return no_candidates()
    heads, starts = np.unique(seed, return_index=True)
    count = np.diff(np.append(starts, len(seed)))
    spread = np.add.reduceat(away, starts) / count
    order = np.lexsort((member, seed))
    start = np.append(starts, len(seed)).astype(np.int64)
    return Candidates(start, member[order], states[heads], spread, np.full(len(heads), tier))


def no_candidates() -> Candidates:
    """Nothing found."""
    none = np.zeros(0, np.int64)
    return Candidates(np.zeros(1, np.int64), none, np.zeros((0, 6)), np.zeros(0), none)


def _join(parts: list[Candidates]) -> Candidates:
    parts = [p for p in parts if len(p)]
    if not parts:
        return no_candidates()
    count = np.concatenate([np.diff(p.start) for p in parts])
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    columns = (
        np.concatenate([getattr(p, n) for p in parts]) for n in ("tracklet", "state", "spread", "tier")
    )
    return Candidates(start, *columns)


def _unique(parts: list[Candidates], sun: F8) -> Candidates:
    """Every set once, in the order of tier, size and compactness; states become barycentric."""
    whole = _join(parts)
    if not len(whole):
        return whole
    counts = np.diff(whole.start)
    with np.errstate(over="ignore"):
        name = np.add.reduceat(
            _mix(whole.tracklet.astype(np.uint64)), whole.start[:-1]
        )  # a sum names the set
    order = np.lexsort((whole.spread, whole.tier, name, counts))
    first = np.ones(len(order), bool)
    first[1:] = (name[order][1:] != name[order][:-1]) | (counts[order][1:] != counts[order][:-1])
    pick = order[first]
    pick = pick[np.lexsort((name[pick], whole.spread[pick], -counts[pick], whole.tier[pick]))]
    moved = Candidates(whole.start, whole.tracklet, whole.state + sun, whole.spread, whole.tier)
    return _take(moved, pick)


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """A 64-bit hash (splitmix64, Steele et al. 2014)."""
    z = (values + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _take(sets: Candidates, rows: I8) -> Candidates:
    member, _ = _members(sets, rows)
    count = np.diff(sets.start)[rows]
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    return Candidates(start, member, sets.state[rows], sets.spread[rows], sets.tier[rows])


def _members(sets: Candidates, rows: I8) -> tuple[I8, I8]:
    """Tracklets of some sets, and the position of their set in ``rows``."""
    count = np.diff(sets.start)[rows]
    owner = np.repeat(np.arange(len(rows)), count)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    return sets.tracklet[np.repeat(sets.start[:-1][rows], count) + offset], owner
