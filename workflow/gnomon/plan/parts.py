"""One slice of a campaign by itself: what it must make, and what must be there before."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gnomon.datamodel import DATASETS
from gnomon.pipeline.step import Many, Step, dataset_of
from gnomon.plan.census import Census
from gnomon.plan.chain import names_of
from gnomon.plan.grains import NIGHT, VISIT, grain_of, step_grain
from gnomon.plan.slices import Slices

I8 = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]


def edges(slices: Slices, steps: Mapping[str, Step], units: Census) -> list[tuple[int, int]]:
    """Pairs of slices (before, after) where a job of one reads a product of the other; sorted, each once.

    Exact: a tract waits for the nights that saw it and for no other. Where a step gathers products of earlier
    visits or nights, its slices follow each other.
    """
    writers = {d: s for s in steps.values() for d in s.writes.values()}
    n, found = len(slices.names), np.empty(0, np.int64)
    for step in steps.values():
        for dataset in map(dataset_of, step.reads.values()):
            if dataset in writers:
                source, target = units.pairs(grain_of(dataset), step_grain(step))
                before = slices.places[writers[dataset].name][source]
                key = before * n + slices.places[step.name][target]
                found = np.union1d(found, np.unique(key))
    pairs = {divmod(int(k), n) for k in found} | _in_turn(slices, steps)
    return sorted((a, b) for a, b in pairs if a != b)


def _in_turn(slices: Slices, steps: Mapping[str, Step]) -> set[tuple[int, int]]:
    """Consecutive slices of the steps that gather what their own kind of unit made before."""
    found: set[tuple[int, int]] = set()
    for name, step in steps.items():
        grain = step_grain(step)
        many = [w.dataset for w in step.reads.values() if isinstance(w, Many)]
        if grain in (VISIT, NIGHT) and grain in map(grain_of, many):
            found |= set(pairwise(np.unique(slices.places[name]).tolist()))
    return found


def targets(
    slices: Slices, steps: Mapping[str, Step], units: Census, name: str, instrument: str
) -> list[str]:
    """Files below the root that a slice is asked for: all that it makes but what only its own jobs read.

    Raises
    ------
    ValueError
        There is no such slice.
    """
    here = _index(slices, name)
    paths: list[str] = []
    for step in steps.values():
        chosen = slices.places[step.name] == here
        if not chosen.any():
            continue
        ids = names_of(step_grain(step), units)
        for dataset in (DATASETS[d] for d in step.writes.values()):
            if not _read_inside(dataset.name, chosen, here, slices, steps, units):
                mine = np.flatnonzero(chosen).tolist()
                paths += [dataset.path(instrument=instrument, **ids[k]) for k in mine]
    return paths


def _index(slices: Slices, name: str) -> int:
    if name not in slices.names:
        raise ValueError(
            f"there is no slice {name!r}; the first of {len(slices.names)} is {slices.names[0]!r}"
        )
    return slices.names.index(name)


def _read_inside(
    dataset: str, chosen: Truth, here: int, slices: Slices, steps: Mapping[str, Step], units: Census
) -> bool:
    """Whether somebody reads the chosen files of a dataset, and nobody out of this slice does."""
    read = False
    for reader in steps.values():
        if dataset in map(dataset_of, reader.reads.values()):
            source, target = units.pairs(grain_of(dataset), step_grain(reader))
            places = slices.places[reader.name][target[chosen[source]]]
            if (places != here).any():
                return False
            read |= bool(len(places))
    return read
