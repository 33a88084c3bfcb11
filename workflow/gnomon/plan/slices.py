"""A campaign cut into slices: groups of jobs small enough for one DAG.

A slice is a night's visits (or a part of a busy night's), a run of nights, or a group of tracts, at one
*stage*: work on visits that needs coadds comes in a later stage than the work that coadds need. Slices of one
stage do not depend on each other, but for nights whose work starts from the night before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.pipeline.step import Step, dataset_of
from gnomon.plan.census import Census
from gnomon.plan.grains import (
    BAND,
    CAMPAIGN,
    COADD,
    EXPOSURE,
    FILTER,
    NIGHT,
    PATCH,
    PATCH_BAND,
    TRACT,
    VISIT,
    step_grain,
)

I8 = npt.NDArray[np.int64]

_GROUP = {
    EXPOSURE: VISIT,
    VISIT: VISIT,
    NIGHT: NIGHT,
    FILTER: NIGHT,
    TRACT: TRACT,
    PATCH: TRACT,
    PATCH_BAND: TRACT,
    COADD: TRACT,
    BAND: CAMPAIGN,
    CAMPAIGN: CAMPAIGN,
}
"""What the work of each grain is sliced by."""


@dataclass(frozen=True, slots=True)
class Slices:
    """Where every job of a campaign goes."""

    names: tuple[str, ...]
    """Stage by stage: ``s0-visits-20261012``, ``s1-tracts-00012-00019``, ..."""
    places: Mapping[str, I8]
    """For each step the (njob,) index of the slice of each of its jobs."""


def cut(steps: Mapping[str, Step], units: Census, max_jobs: int = 5000) -> Slices:
    """Slices of at most ``max_jobs`` jobs; one visit or tract with more stays whole.

    Raises
    ------
    ValueError
        ``max_jobs`` is not positive.
    """
    if max_jobs < 1:
        raise ValueError(f"a slice has at least one job, not {max_jobs}")
    stage = stages(steps)
    names: list[str] = []
    places: dict[str, I8] = {}
    for number, group in sorted({(stage[n], _group(s)) for n, s in steps.items()}):
        members = [s for n, s in steps.items() if (stage[n], _group(s)) == (number, group)]
        first = len(names)
        place, labels = _cut_group(group, members, units, max_jobs)
        names += [f"s{number}-{label}" for label in labels]
        shared: dict[str, I8] = {}  # steps of one grain have one array
        for step in members:
            grain = step_grain(step)
            if grain not in shared:
                shared[grain] = first + _places(step, place, len(labels), units)
            places[step.name] = shared[grain]
    return Slices(tuple(names), places)


def stages(steps: Mapping[str, Step]) -> dict[str, int]:
    """How often the work changes between visits, nights, tracts and the whole before each step."""
    writers = {d: s.name for s in steps.values() for d in s.writes.values()}
    found: dict[str, int] = {}

    def stage(name: str, above: tuple[str, ...]) -> int:
        if name not in found:
            makers = {writers.get(dataset_of(w), "") for w in steps[name].reads.values()}
            before = sorted(makers - {"", *above, name})
            later = [stage(m, (*above, name)) + (_group(steps[m]) != _group(steps[name])) for m in before]
            found[name] = max(later, default=0)
        return found[name]

    return {name: stage(name, ()) for name in steps}


def _group(step: Step) -> str:
    return _GROUP[step_grain(step)]


def _cut_group(group: str, members: list[Step], units: Census, limit: int) -> tuple[I8, list[str]]:
    """Slice of each visit, night or tract of one stage, and the slices' labels."""
    grains = [step_grain(s) for s in members]
    if group == VISIT:
        place, labels = _cut_visits(units, max(1, limit // len(grains)))
        return place, labels + ["calibrations"] * (EXPOSURE in grains and len(units.flats) > 0)
    if group == NIGHT:
        each = grains.count(NIGHT) + grains.count(FILTER) * len(units.filters)
        place = pack(np.full(len(units.nights), each), limit)
        return place, _spans("nights", place, [*units.nights])
    if group == TRACT:
        jobs = np.full(units.size(TRACT), grains.count(TRACT))
        for grain in (PATCH, PATCH_BAND, COADD):
            jobs += grains.count(grain) * units.fan(grain, TRACT)
        place = pack(jobs, limit)
        return place, _spans("tracts", place, [f"{t:05d}" for t in units.tracts.tolist()])
    return np.zeros(1, np.int64), ["campaign"]


def _cut_visits(units: Census, visits_each: int) -> tuple[I8, list[str]]:
    """Visits of one night together, the busy nights in equal parts."""
    in_night = np.bincount(units.night, minlength=len(units.nights))
    parts = -(-in_night // visits_each)
    first = np.cumsum(parts) - parts
    order = np.argsort(units.night, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - (np.cumsum(in_night) - in_night)[units.night[order]]
    place = first[units.night] + rank * parts[units.night] // in_night[units.night]
    labels = [
        f"visits-{night}" + (f"-{k:03d}" if n > 1 else "")
        for night, n in zip(units.nights, parts.tolist(), strict=True)
        for k in range(n)
    ]
    return place, labels


def pack(jobs: npt.NDArray[np.integer[Any]], limit: int) -> I8:
    """Consecutive units to slices, each filled up to the limit; (n,) index of the slice."""
    place, filled, current = np.zeros(len(jobs), np.int64), 0, 0
    for k, n in enumerate(jobs.tolist()):
        if filled and filled + n > limit:
            current, filled = current + 1, 0
        place[k] = current
        filled += n
    return place


def _spans(what: str, place: I8, names: list[str]) -> list[str]:
    """Label of each slice by its first and last member."""
    return list(_labels(what, np.flatnonzero(np.diff(place, prepend=-1)).tolist(), names))


def _labels(what: str, starts: list[int], names: list[str]) -> Iterator[str]:
    for start, stop in zip(starts, [*starts[1:], len(names)], strict=True):
        span = [names[start]] if stop == start + 1 else [names[start], names[stop - 1]]
        yield "-".join([what, *span])


def _places(step: Step, place: I8, n_slices: int, units: Census) -> I8:
    """Slice of each job of a step from the slices of its group's units."""
    grain = step_grain(step)
    if grain == EXPOSURE:
        return np.concatenate([place, np.full(len(units.flats), n_slices - 1)])
    if _GROUP[grain] == CAMPAIGN:
        return np.zeros(units.size(grain), np.int64)
    owner = units.owner(grain, _GROUP[grain])
    return place if owner is None else place[owner]
