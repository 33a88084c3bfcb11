"""Linking of tracklets of several nights into orbits."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.linking.candidates import DEFAULT_LINK, LinkOptions, find_candidates
from gnomon.algorithms.linking.hypotheses import Hypotheses
from gnomon.algorithms.orbit.determine import FitOptions, fit_orbits, join_fits
from gnomon.containers.orbit import Astrometry, OrbitFit
from gnomon.containers.perturbers import PerturberTable
from gnomon.containers.tracklet import Tracklets

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_TRIAL_FIT = FitOptions(steps=25, prior=True, rejection_chi2=float("inf"))


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


@dataclass(frozen=True, slots=True)
class _Trial:
    """Candidates being fitted in one round."""

    sets: tuple[I8, ...]  # tracklets of each
    fit: OrbitFit
    detection: I8
    owner: I8


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

    Candidates (`find_candidates`) are fitted with full perturbations, largest first; one whose chi2 is too
    large loses its worst tracklet and comes again. An accepted object owns its detections: the tracklets
    that hold them leave all other candidates. Rounds take only candidates without a common tracklet, so
    that the order of work does not matter; the result does not depend on the order of the detections either.
    """
    candidates = find_candidates(table, tracklets, measured, epoch, hypotheses, options)
    queue = [
        (candidates.tracklet[a:b], candidates.state[k], 0)
        for k, (a, b) in enumerate(zip(candidates.start[:-1], candidates.start[1:], strict=True))
    ]
    free = np.ones(len(tracklets), bool)
    used = np.zeros(len(measured), bool)
    accepted: list[tuple[I8, OrbitFit]] = []
    while queue:
        now, later = _disjoint(queue, len(tracklets))
        trial = _fit_sets(
            table, epoch, tracklets, measured, [q[0] for q in now], np.stack([q[1] for q in now])
        )
        good = _is_orbit(trial, options)
        for k in np.flatnonzero(good):
            rows = trial.owner == k
            if not used[trial.detection[rows]].any():
                used[trial.detection[rows]] = True
                accepted.append((trial.detection[rows], _one(trial.fit, int(k), rows)))
        free = ~_holds_any(tracklets, used)
        again = _without_worst(now, trial, good, tracklets, options)
        queue = _still_open(again + later, free, tracklets, options)
    return _collect(accepted, measured, tracklets, epoch)


Queue = list[tuple[I8, F8, int]]


def _disjoint(queue: Queue, count: int) -> tuple[Queue, Queue]:
    """The leading candidates that share no tracklet, and the others."""
    taken, now, later = np.zeros(count, bool), [], []
    for item in queue:
        if taken[item[0]].any():
            later.append(item)
        else:
            now.append(item)
        taken[item[0]] = True
    return now, later


def _fit_sets(
    table: PerturberTable,
    epoch: float,
    tracklets: Tracklets,
    measured: Astrometry,
    sets: list[I8],
    states: F8,
) -> _Trial:
    """Fit orbits to the detections of each set of tracklets."""
    flat = np.concatenate(sets)
    of_set = np.repeat(np.arange(len(sets)), [len(s) for s in sets])
    detection, which = tracklets.members_of(flat)
    pairs = np.unique(np.stack([of_set[which], detection], axis=1), axis=0)
    order = np.lexsort((pairs[:, 1], measured.mjd_tai[pairs[:, 1]], pairs[:, 0]))
    owner, detection = pairs[order, 0], pairs[order, 1]
    fit = fit_orbits(table, epoch, states, measured.take(detection), owner, _TRIAL_FIT)
    return _Trial(tuple(sets), fit, detection, owner)


def _is_orbit(trial: _Trial, options: LinkOptions) -> Mask:
    freedom = np.maximum(2 * trial.fit.used_count - 6, 1)
    # a candidate creeping along a degenerate direction is as good as one that has arrived
    return np.asarray(trial.fit.chi2 <= options.chi2_limit * freedom)


def _one(fit: OrbitFit, k: int, rows: Mask) -> OrbitFit:
    pick = slice(k, k + 1)
    return OrbitFit(
        fit.epoch, fit.state[pick], fit.covariance[pick], fit.chi2[pick], fit.rms[pick], fit.used_count[pick],
        fit.converged[pick], fit.used[rows], fit.residual[rows],
    )  # fmt: skip


def _holds_any(tracklets: Tracklets, used: Mask) -> Mask:
    """(n,) whether a tracklet holds a used detection."""
    if not len(tracklets):
        return np.zeros(0, bool)
    return np.asarray(np.logical_or.reduceat(used[tracklets.member], tracklets.start[:-1]))


def _without_worst(
    now: Queue, trial: _Trial, good: Mask, tracklets: Tracklets, options: LinkOptions
) -> Queue:
    """Bad candidates less the tracklet with the largest mean square residual."""
    again: Queue = []
    square = np.sum(trial.fit.residual**2, axis=1)
    bounds = np.searchsorted(trial.owner, np.arange(len(now) + 1))
    for k in np.flatnonzero(~good):
        members, state, drops = now[k]
        if drops >= options.drop_rounds or len(members) <= options.least_nights:
            continue
        rows = slice(int(bounds[k]), int(bounds[k + 1]))
        badness = dict(zip(trial.detection[rows].tolist(), square[rows].tolist(), strict=True))
        detection, which = tracklets.members_of(members)
        mean = np.bincount(which, [badness[int(d)] for d in detection]) / np.bincount(which)
        again.append((np.delete(members, int(np.argmax(mean))), state, drops + 1))
    return again


def _still_open(queue: Queue, free: Mask, tracklets: Tracklets, options: LinkOptions) -> Queue:
    """Candidates less the tracklets that are taken, where enough nights are left; each set once."""
    left: dict[bytes, tuple[I8, F8, int]] = {}
    for members, state, drops in queue:
        rest = members[free[members]]
        if len(set(tracklets.night[rest].tolist())) >= options.least_nights:
            left.setdefault(rest.tobytes(), (rest, state, drops))
    return list(left.values())


def _collect(
    accepted: list[tuple[I8, OrbitFit]], measured: Astrometry, tracklets: Tracklets, epoch: float
) -> Links:
    """Objects in the order of their first detection."""
    accepted = sorted(accepted, key=lambda item: (measured.mjd_tai[item[0][0]], measured.ra[item[0][0]]))
    counts = [len(item[0]) for item in accepted]
    detection = np.concatenate([np.zeros(0, np.int64), *(item[0] for item in accepted)])
    night = np.zeros(len(measured), np.int64)
    night[tracklets.member] = np.repeat(tracklets.night, tracklets.count())
    nights = [len(set(night[item[0]].tolist())) for item in accepted]
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Links(
        start, detection, np.array(nights, np.int64), join_fits(epoch, [item[1] for item in accepted])
    )
