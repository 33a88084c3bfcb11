"""Pairs and longer runs of detections within a night that move in a straight line."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.algorithms.orbit.ephemeris import tangent_axes, unit_vectors
from gnomon.containers.tracklet import Tracklets

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

_STRAIGHT_SIGMA = 5.0  # how far from the line of two members a further one may lie
_FLOOR_RAD = np.deg2rad(
    0.1 / 3600
)  # least tolerance of straightness: curvature by parallax in an hour or two


@dataclass(frozen=True, slots=True)
class MotionLimits:
    """Which pairs of detections may be one object."""

    fastest_rad_per_day: float = np.deg2rad(2.0)
    """Greatest motion on the sky."""
    shortest_days: float = 10.0 / 1440
    """Least time between two members; shorter pairs tell no motion."""
    longest_days: float = 90.0 / 1440
    """Greatest time between first and last member."""
    least_motion_sigma: float = 3.0
    """Motion of a pair in units of its error below which it is no tracklet by itself."""
    slowest_rad_per_day: float = np.deg2rad(7.0 / 3600)
    """What moves less than this stands still, and its detections are in no tracklet: 0.3" an hour, an object
    at about 1,000 au. Told by two exposures far enough apart for `least_motion_sigma`."""


DEFAULT_LIMITS = MotionLimits()


def find_tracklets(
    mjd_tai: F8, ra: F8, dec: F8, sigma: F8, night: I8, limits: MotionLimits = DEFAULT_LIMITS
) -> Tracklets:
    """All maximal straight runs of detections within a night.

    Parameters
    ----------
    mjd_tai : (m,) middle of the exposure, days
    ra, dec : (m,) ICRS radians
    sigma : (m,) standard error of a position per axis, radians
    night : (m,) number of the night of each detection
    limits : see `MotionLimits`

    Detections that repeat at one place within the night are left out (variable stars, artefacts). Pairs
    come from a KD-tree of directions; a pair takes up every further detection on its line; of tracklets
    with the same members one is kept, and a tracklet inside another is dropped. The result, sorted by night
    and members, does not depend on the order of the detections. One detection may be in several tracklets.
    """
    order = np.lexsort((dec, ra, mjd_tai))
    line = unit_vectors(ra, dec)
    found: list[tuple[int, ...]] = []
    for number in np.unique(night):
        rows = order[night[order] == number]
        pairs, near = _pairs(line[rows], mjd_tai[rows], sigma[rows], limits)
        runs = _runs(pairs, near, line[rows], mjd_tai[rows], sigma[rows])
        found += [tuple(rows[list(run)].tolist()) for run in runs]
    return straight_lines(found, mjd_tai, ra, dec, sigma, night)


def _pairs(line: F8, time: F8, sigma: F8, limits: MotionLimits) -> tuple[I8, I8]:
    """(p, 2) pairs of rows (time rises with the row) within the limits, sorted; and all that may share a
    run.
    """
    reach = 2 * np.sin(min(limits.fastest_rad_per_day * limits.longest_days, np.pi) / 2)
    if len(time) < 2:
        return np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64)
    pairs = cKDTree(line).query_pairs(reach, output_type="ndarray").astype(np.int64)
    i, j = pairs.min(axis=1), pairs.max(axis=1)
    gap = time[j] - time[i]
    away = np.linalg.norm(line[j] - line[i], axis=1)
    least = limits.least_motion_sigma * np.hypot(sigma[i], sigma[j])
    still = (away < least) & (least < limits.slowest_rad_per_day * gap)
    repeats = np.zeros(len(time), bool)
    repeats[i[still]] = repeats[j[still]] = True
    near = (gap > 0) & (gap <= limits.longest_days) & ~repeats[i] & ~repeats[j]
    near &= away <= limits.fastest_rad_per_day * gap + least
    good = near & (gap >= limits.shortest_days) & (away <= limits.fastest_rad_per_day * gap) & (away >= least)
    order, both = np.lexsort((j, i)), np.stack([i, j], axis=1)
    return both[order[good[order]]], both[order[near[order]]]


def _runs(pairs: I8, near_pairs: I8, line: F8, time: F8, sigma: F8) -> list[tuple[int, ...]]:
    """Maximal straight runs that contain each pair."""
    if not len(pairs):
        return []
    degree = np.bincount(near_pairs.ravel(), minlength=len(time))
    single = (degree[pairs] == 1).all(axis=1)
    runs: set[tuple[int, ...]] = {(int(i), int(j)) for i, j in pairs[single]}
    partners = _partners(near_pairs)
    for i, j in pairs[~single]:
        near = partners[int(i)]
        gap = time[j] - time[i]
        share = (time[near] - time[i]) / gap
        guess = line[i] + share[:, None] * (line[j] - line[i])
        error = np.sqrt(sigma[near] ** 2 + ((1 - share) * sigma[i]) ** 2 + (share * sigma[j]) ** 2)
        off = np.linalg.norm(line[near] - guess, axis=1)
        on = near[off <= _STRAIGHT_SIGMA * error + _FLOOR_RAD]
        runs.add(_one_per_time((int(i), int(j)), on, off[np.isin(near, on)], time))
    return _maximal(runs)


def _partners(pairs: I8) -> dict[int, I8]:
    """Rows paired with each row, both ways."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    keys, starts = np.unique(both[:, 0], return_index=True)
    return dict(zip(keys.tolist(), np.split(both[:, 1], starts[1:]), strict=True))


def _one_per_time(pair: tuple[int, int], on: I8, off: F8, time: F8) -> tuple[int, ...]:
    """The pair and, for every other exposure, the detection nearest to its line."""
    best = {float(time[k]): k for k in pair}
    for k in on[np.lexsort((on, off))]:
        best.setdefault(float(time[k]), int(k))
    return tuple(sorted(best.values()))


def _maximal(runs: set[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Runs that are inside no longer one, sorted."""
    kept: list[tuple[int, ...]] = []
    holders: dict[tuple[int, int], list[frozenset[int]]] = {}
    for run in sorted(runs, key=lambda r: (-len(r), r)):
        if any(whole.issuperset(run) for whole in holders.get((run[0], run[1]), [])):
            continue
        kept.append(run)
        whole = frozenset(run)
        for k, a in enumerate(run):
            for b in run[k + 1 :]:
                holders.setdefault((a, b), []).append(whole)
    return sorted(kept)


def straight_lines(
    found: list[tuple[int, ...]], time: F8, ra: F8, dec: F8, sigma: F8, night: I8
) -> Tracklets:
    """Tracklets of given members: straight lines through them, by least squares in the tangent plane of the
    first.

    ``found`` holds rows of the detections, rising in time; the other arguments are those of `find_tracklets`.
    """
    counts = np.array([len(r) for r in found], np.int64)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    member = np.array([k for run in found for k in run], np.int64)
    owner, first = np.repeat(np.arange(len(found)), counts), member[start[:-1]]
    east, north = tangent_axes(ra[first], dec[first])
    line = unit_vectors(ra, dec)[member]
    n = len(found)
    mean_time = np.bincount(owner, time[member], n) / np.maximum(counts, 1)
    t = time[member] - mean_time[owner]
    scatter = np.bincount(owner, t * t, n)
    center: F8 = np.stack([np.bincount(owner, line[:, k], n) for k in range(3)], axis=1)
    center = center / np.linalg.norm(center, axis=1, keepdims=True)
    slope = [
        np.bincount(owner, t * np.sum(line * axis[owner], axis=1), n) / scatter for axis in (east, north)
    ]
    error = np.sqrt(np.bincount(owner, t * t * sigma[member] ** 2, n)) / scatter
    return Tracklets(
        start, member, night[first], mean_time, np.mod(np.arctan2(center[:, 1], center[:, 0]), 2 * np.pi),
        np.arcsin(np.clip(center[:, 2], -1, 1)), slope[0], slope[1], error,
    )  # fmt: skip
