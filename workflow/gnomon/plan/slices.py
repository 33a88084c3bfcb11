"""A campaign cut into slices: groups of jobs small enough for one DAG.

A slice is a night's visits (or a part of a busy night's), a run of nights, or a group of tracts, at one
*stage*: work on visits that needs coadds comes in a later stage than the work that coadds need. Slices of one
stage do not depend on each other, but for nights whose work starts from the night before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.pipeline.step import Many, Step, dataset_of
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
    grain_of,
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


def cut(steps: Mapping[str, Step], units: Census, max_jobs: int = 5000, max_inputs: int = 50_000) -> Slices:
    """Slices of at most ``max_jobs`` jobs that read ``max_inputs`` files; one visit or tract with more stays whole.

    Raises
    ------
    ValueError
        A limit is not positive.
    """
    if min(max_jobs, max_inputs) < 1:
        raise ValueError(f"a slice has at least one job and one input, not {max_jobs} and {max_inputs}")
    stage = stages(steps)
    names: list[str] = []
    places: dict[str, I8] = {}
    for number, group in sorted({(stage[n], _group(s)) for n, s in steps.items()}):
        members = [s for n, s in steps.items() if (stage[n], _group(s)) == (number, group)]
        first = len(names)
        place, labels = _cut_group(group, members, units, (max_jobs, max_inputs))
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


def _cut_group(
    group: str, members: list[Step], units: Census, limits: tuple[int, int]
) -> tuple[I8, list[str]]:
    """Slice of each visit, night or tract of one stage, and the slices' labels."""
    if group == CAMPAIGN:
        return np.zeros(1, np.int64), ["campaign"]
    sizes = sum((_size(s, group, units) for s in members), np.zeros((units.size(group), 2), np.int64))
    if group == VISIT:
        place, labels = _cut_visits(units, sizes, limits)
        exposures = EXPOSURE in map(step_grain, members) and len(units.flats) > 0
        return place, labels + ["calibrations"] * exposures
    place = pack(sizes, limits)
    if group == NIGHT:
        return place, _spans("nights", place, [*units.nights])
    return place, _spans("tracts", place, [f"{t:05d}" for t in units.tracts.tolist()])


def _size(step: Step, group: str, units: Census) -> I8:
    """Jobs of a step in each unit of its group, and the files that they read: (n, 2)."""
    grain, files = step_grain(step), files_read(step, units)
    owner = units.owner(VISIT if grain == EXPOSURE else grain, group)
    assert owner is not None  # a group is what its grains are parts of
    files = files[: len(owner)]  # of exposures the science visits
    columns = [np.bincount(owner, w, units.size(group)) for w in (None, files)]
    return np.stack(columns, axis=1).astype(np.int64)


def files_read(step: Step, units: Census) -> I8:
    """(njob,) files that each job reads.

    Earlier visits that share a patch with a job's own count as one: who gathers those gathers as many patches too.
    """
    grain = step_grain(step)
    total = np.zeros(units.size(grain), np.int64)
    for want in step.reads.values():
        total += units.fan(grain_of(want.dataset), grain) if isinstance(want, Many) else 1
    return total


def _cut_visits(units: Census, sizes: I8, limits: tuple[int, int]) -> tuple[I8, list[str]]:
    """Visits of one night together, the busy nights in parts."""
    place, labels = np.empty(len(sizes), np.int64), list[str]()
    order = np.argsort(units.night, kind="stable")
    starts = np.searchsorted(units.night[order], np.arange(1, len(units.nights)))
    for night, rows in zip(units.nights, np.split(order, starts), strict=bool(units.nights)):
        part = pack(sizes[rows], limits)
        place[rows] = len(labels) + part
        n = int(part.max(initial=-1)) + 1
        labels += [f"visits-{night}" + (f"-{k:03d}" if n > 1 else "") for k in range(n)]
    return place, labels


def pack(sizes: I8, limits: Sequence[int]) -> I8:
    """Consecutive units to slices, each filled until one of the limits is reached; (n,) index of the slice.

    Parameters
    ----------
    sizes
        (n, k) what each unit adds to each of the limited sums.
    limits
        (k,) the most of each in a slice.
    """
    place, filled, current = np.zeros(len(sizes), np.int64), [0] * len(limits), 0
    for k, size in enumerate(sizes.tolist()):
        total = [a + b for a, b in zip(filled, size, strict=True)]
        if any(filled) and any(t > limit for t, limit in zip(total, limits, strict=True)):
            current, total = current + 1, size
        place[k], filled = current, total
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
