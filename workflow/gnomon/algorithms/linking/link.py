"""Linking of tracklets of several nights into orbits."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.algorithms.linking.candidates import DEFAULT_LINK, LinkOptions, find_candidates
from gnomon.algorithms.linking.hypotheses import Hypotheses
from gnomon.algorithms.orbit.determine import FitOptions, fit_orbits, join_fits
from gnomon.containers.orbit import Astrometry, OrbitFit
from gnomon.containers.perturbers import EARTH, PerturberTable
from gnomon.containers.tracklet import Tracklets

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_WORTH = 4.0  # chi2 that a detection may cost to be taken in: 2 sigma in each of its coordinates
TRIAL_FIT = FitOptions(steps=25, prior=True, rejection_chi2=float("inf"))
"""Of candidates: whatever is in them counts."""


@dataclass(frozen=True, slots=True)
class Links:
    """Objects found; no detection is in two of them."""

    start: I8
    """(n + 1,) where each object's detections begin in ``detection``."""
    detection: I8
    """Detections, rising in time within an object."""
    nights: I8
    """(n,) number of nights with a tracklet."""
    fit: OrbitFit
    """Orbit of each object; its rows follow ``detection``."""

    def __len__(self) -> int:
        return len(self.nights)


Item = tuple[I8, F8, int]
"""Tracklets of a candidate, its first state, and how often it has lost one."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What every fit needs."""

    table: PerturberTable
    epoch: float
    tracklets: Tracklets
    measured: Astrometry
    options: LinkOptions


@dataclass(frozen=True, slots=True)
class _Result:
    """One candidate after its fit."""

    item: Item
    detection: I8
    fit: OrbitFit
    good: bool

    @property
    def score(self) -> float:
        """chi2 less what every detection is worth: small is good."""
        return float(self.fit.chi2[0] - _WORTH * len(self.detection))


def link_tracklets(
    table: PerturberTable,
    tracklets: Tracklets,
    measured: Astrometry,
    epoch: float,
    hypotheses: Hypotheses,
    options: LinkOptions = DEFAULT_LINK,
) -> Links:
    """Objects seen as tracklets on several nights, with their orbits.

    Parameters
    ----------
    table : masses and their ephemeris
    tracklets : of all nights of the window
    measured : the detections that ``tracklets.member`` counts in
    epoch : reference epoch, MJD TDB, near the middle of the window
    hypotheses : heliocentric distances and rates to try
    options : see `LinkOptions`

    Candidates (`find_candidates`) are fitted with full perturbations, tight and large ones first; one whose
    chi2 is too large loses its worst tracklet and comes again. Where a good one shares tracklets with others
    that are no part of it, these are fitted too and the best by chi2 less 4 per detection wins. An accepted
    object owns its detections: the tracklets that hold them leave all other candidates. At the end objects
    on one orbit are made one. The result does not depend on the order of the detections.
    """
    work = _Work(table, epoch, tracklets, measured, options)
    found = find_candidates(table, tracklets, measured, epoch, hypotheses, options)
    sets = enumerate(pairwise(found.start))
    queue: list[Item] = [(found.tracklet[a:b], found.state[k], 0) for k, (a, b) in sets]
    used = np.zeros(len(measured), bool)
    accepted: list[_Result] = []
    while queue:
        now, later = _disjoint(queue, len(tracklets))
        results = _fit_sets(work, now)
        rivals, later = _rivals(later, results, len(tracklets))
        results += _fit_sets(work, rivals)
        winners = _winners(results, used)
        accepted += winners
        again = [item for r in results if not r.good for item in _without_worst(r, work)]
        lost = [r.item for r in results if r.good and id(r) not in {id(w) for w in winners}]
        queue = _still_open(again + lost + later, ~_holds_any(tracklets, used), tracklets, options)
    return _collect(_merged(accepted, work), measured, tracklets, epoch)


def _disjoint(queue: list[Item], count: int) -> tuple[list[Item], list[Item]]:
    """The leading candidates that share no tracklet, and the others."""
    taken = np.zeros(count, bool)
    now: list[Item] = []
    later: list[Item] = []
    for item in queue:
        (later if taken[item[0]].any() else now).append(item)
        taken[item[0]] = True
    return now, later


def _rivals(later: list[Item], results: list[_Result], count: int) -> tuple[list[Item], list[Item]]:
    """Candidates that share tracklets with a good one without being a part of it, and the others."""
    holder = np.full(count, -1)
    for k, result in enumerate(results):
        if result.good:
            holder[result.item[0]] = k
    rivals: list[Item] = []
    others: list[Item] = []
    for item in later:
        owners = set(holder[item[0]].tolist())
        (rivals if len(owners) > 1 else others).append(item)
    return rivals, others


def _fit_sets(work: _Work, items: list[Item]) -> list[_Result]:
    """Fit an orbit to the detections of each set of tracklets."""
    if not items:
        return []
    sets = [item[0] for item in items]
    of_set = np.repeat(np.arange(len(sets)), [len(s) for s in sets])
    detection, which = work.tracklets.members_of(np.concatenate(sets))
    pairs = np.unique(np.stack([of_set[which], detection], axis=1), axis=0)
    order = np.lexsort((pairs[:, 1], work.measured.mjd_tai[pairs[:, 1]], pairs[:, 0]))
    owner, detection = pairs[order, 0], pairs[order, 1]
    states = np.stack([item[1] for item in items])
    fit = fit_orbits(work.table, work.epoch, states, work.measured.take(detection), owner, TRIAL_FIT)
    bounds = np.searchsorted(owner, np.arange(len(items) + 1))
    rows = [slice(int(a), int(b)) for a, b in pairwise(bounds)]
    good = is_orbit(fit, work.options.chi2_limit)
    return [
        _Result(item, detection[r], one_of(fit, k, r), bool(good[k]))
        for k, (item, r) in enumerate(zip(items, rows, strict=True))
    ]


def is_orbit(fit: OrbitFit, chi2_limit: float) -> Mask:
    """(n,) whether each fit's chi2 per degree of freedom is within the limit."""
    freedom = np.maximum(2 * fit.used_count - 6, 1)
    # a candidate creeping along a degenerate direction is as good as one that has arrived
    return np.asarray(fit.chi2 <= chi2_limit * freedom)


def one_of(fit: OrbitFit, k: int, rows: slice) -> OrbitFit:
    """The fit of one object, whose measurements are these rows."""
    pick = slice(k, k + 1)
    return OrbitFit(
        fit.epoch, fit.state[pick], fit.covariance[pick], fit.chi2[pick], fit.rms[pick], fit.used_count[pick],
        fit.converged[pick], fit.used[rows], fit.residual[rows],
    )  # fmt: skip


def _winners(results: list[_Result], used: Mask) -> list[_Result]:
    """Good candidates, best first, whose detections are free; marks them used."""
    won = []
    for result in sorted((r for r in results if r.good), key=lambda r: (r.score, r.detection.tolist())):
        if not used[result.detection].any():
            used[result.detection] = True
            won.append(result)
    return won


def _holds_any(tracklets: Tracklets, used: Mask) -> Mask:
    """(n,) whether a tracklet holds a used detection."""
    if not len(tracklets):
        return np.zeros(0, bool)
    return np.asarray(np.logical_or.reduceat(used[tracklets.member], tracklets.start[:-1]))


def _without_worst(result: _Result, work: _Work) -> list[Item]:
    """A bad candidate less the tracklet with the largest mean square residual; nothing where too few are
    left.
    """
    members, state, drops = result.item
    if drops >= work.options.drop_rounds or len(members) <= work.options.least_nights:
        return []
    badness = dict(
        zip(result.detection.tolist(), np.sum(result.fit.residual**2, axis=1).tolist(), strict=True)
    )
    detection, which = work.tracklets.members_of(members)
    mean = np.bincount(which, [badness[int(d)] for d in detection]) / np.bincount(which)
    return [(np.delete(members, int(np.argmax(mean))), state, drops + 1)]


def _still_open(queue: list[Item], free: Mask, tracklets: Tracklets, options: LinkOptions) -> list[Item]:
    """Candidates less the tracklets that are taken, where enough nights are left; each set once."""
    left: dict[bytes, Item] = {}
    for members, state, drops in queue:
        rest = members[free[members]]
        if len(set(tracklets.night[rest].tolist())) >= options.least_nights:
            left.setdefault(rest.tobytes(), (rest, state, drops))
    return list(left.values())


def _merged(accepted: list[_Result], work: _Work) -> list[_Result]:
    """Objects whose states are alike and whose detections lie on one orbit, made one."""
    accepted = sorted(accepted, key=lambda r: (r.score, r.detection.tolist()))
    states = np.concatenate([np.zeros((0, 6)), *(r.fit.state for r in accepted)])
    seen = np.concatenate(work.table.state(EARTH, work.epoch))
    line = states[:, :3] - seen[:3]
    distance = np.linalg.norm(line, axis=1, keepdims=True)
    scales = work.options.direction_tolerance, work.options.velocity_tolerance
    place = np.concatenate([line / distance / scales[0], states[:, 3:] / distance / scales[1]], axis=1)
    pairs = sorted(cKDTree(place).query_pairs(1.0)) if len(accepted) else []
    items: list[Item] = [
        (np.union1d(accepted[i].item[0], accepted[j].item[0]), accepted[i].fit.state[0], 0) for i, j in pairs
    ]
    gone: set[int] = set()
    whole: list[_Result] = []
    for (i, j), result in zip(pairs, _fit_sets(work, items), strict=True):
        if result.good and not {i, j} & gone:
            gone |= {i, j}
            whole.append(result)
    return [r for k, r in enumerate(accepted) if k not in gone] + whole


def _collect(accepted: list[_Result], measured: Astrometry, tracklets: Tracklets, epoch: float) -> Links:
    """Objects in the order of their first detection."""
    accepted = sorted(
        accepted, key=lambda item: (measured.mjd_tai[item.detection[0]], measured.ra[item.detection[0]])
    )
    counts = [len(item.detection) for item in accepted]
    detection = np.concatenate([np.zeros(0, np.int64), *(item.detection for item in accepted)])
    night = np.zeros(len(measured), np.int64)
    night[tracklets.member] = np.repeat(tracklets.night, tracklets.count())
    nights = [len(set(night[item.detection].tolist())) for item in accepted]
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Links(
        start, detection, np.array(nights, np.int64), join_fits(epoch, [item.fit for item in accepted])
    )
