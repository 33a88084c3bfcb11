"""One slice of a campaign by itself: what it must make, what must be there before, and its own small graph."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gnomon.datamodel import DATASETS
from gnomon.pipeline.step import Step, dataset_of
from gnomon.plan.census import Census
from gnomon.plan.chain import names_of
from gnomon.plan.grains import TRACT, VISIT, grain_of, step_grain
from gnomon.plan.incidence import Incidence
from gnomon.plan.slices import Slices

I8 = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]


def edges(slices: Slices, steps: Mapping[str, Step], units: Census) -> list[tuple[int, int]]:
    """Pairs of slices (before, after) where a job of one reads a product of the other; sorted, each once.

    Exact: a tract waits for the nights that saw it and for no other. A night's step that reads the night before
    is not in it, since the relation of a grain to itself is that of each unit to itself.
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
    pairs = [divmod(int(k), n) for k in found]
    return [(a, b) for a, b in pairs if a != b]


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


def members(slices: Slices, steps: Mapping[str, Step], units: Census, name: str) -> tuple[Truth, Truth]:
    """Which visits (nvisit,) and tracts (ntract,) a slice's jobs are about or read.

    Raises
    ------
    ValueError
        There is no such slice.
    """
    here = _index(slices, name)
    visits, tracts = np.zeros(units.size(VISIT), np.bool_), np.zeros(units.size(TRACT), np.bool_)
    for step in steps.values():
        grain, chosen = step_grain(step), slices.places[step.name] == here
        if not chosen.any():
            continue
        for grains, mask in ((VISIT, visits), (TRACT, tracts)):
            source, target = units.pairs(grains, grain)
            mask[source[chosen[target]]] = True
    return visits, tracts


def subset(pairs: Incidence, visits: Truth, tracts: npt.NDArray[np.integer]) -> Incidence:
    """The pairs of these visits in these tracts (ids), visits counted anew among those chosen."""
    keep = visits[pairs.visit] & np.isin(pairs.tract, tracts)
    rank = (np.cumsum(visits) - 1).astype(np.int32)
    return Incidence(pairs.tract[keep], pairs.patch[keep], rank[pairs.visit[keep]], pairs.n_detectors[keep])


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
