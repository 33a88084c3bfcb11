"""The slices of a campaign one by one: what each must make, and what must be there before.

Everything is found for all slices together, in a few passes over the jobs and the pairs of a visit and a patch.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.datamodel import DATASETS
from gnomon.pipeline.step import Many, Step, dataset_of
from gnomon.plan.census import Census
from gnomon.plan.chain import names_of
from gnomon.plan.grains import NIGHT, VISIT, grain_of, step_grain
from gnomon.plan.incidence import PIECE, distinct
from gnomon.plan.slices import Slices

I8 = npt.NDArray[np.int64]
Index = npt.NDArray[np.integer[Any]]
Truth = npt.NDArray[np.bool_]

_DENSE = 1 << 28
"""Pairs of slices that are marked in a table of all of them; more are sorted."""


class Parts:
    """All slices of a campaign."""

    def __init__(self, slices: Slices, steps: Mapping[str, Step], units: Census) -> None:
        self.slices, self.steps, self.units = slices, steps, units
        self._grouped: dict[int, tuple[I8, I8]] = {}

    @cached_property
    def flows(self) -> dict[str, tuple[I8, I8]]:
        """For each dataset that a step makes and another reads: pairs of slices (maker's, reader's), sorted.

        Exact: a tract waits for the nights that saw it and for no other.
        """
        makers = {d: s for s in self.steps.values() for d in s.writes.values()}
        n, seen = len(self.slices.names), dict[tuple[str, str, int, int], I8]()
        found: dict[str, list[I8]] = {}
        for step in self.steps.values():
            for dataset in map(dataset_of, step.reads.values()):
                if dataset in makers:
                    first, then = self._places(makers[dataset]), self._places(step)
                    grains = grain_of(dataset), step_grain(step)
                    key = *grains, id(first), id(then)
                    if key not in seen:
                        source, target = self.units.pairs(*grains)
                        seen[key] = _met(first, source, then, target, n)
                    found.setdefault(dataset, []).append(seen[key])
        return {d: np.divmod(distinct(np.concatenate(keys)), n) for d, keys in found.items()}

    def edges(self) -> list[tuple[int, int]]:
        """Pairs of slices (before, after) where a job of one reads a product of the other; sorted, each once.

        Where a step gathers products of earlier visits or nights, its slices follow each other.
        """
        pairs = {p for a, b in self.flows.values() for p in zip(a.tolist(), b.tolist(), strict=True)}
        return sorted((a, b) for a, b in pairs | self._in_turn() if a != b)

    def steps_of(self, index: int) -> dict[str, Step]:
        """Steps that have jobs in a slice."""
        return {n: s for n, s in self.steps.items() if len(self.jobs(s, index))}

    def jobs(self, step: Step, index: int) -> I8:
        """Jobs of a step that are in a slice, in order."""
        return of_group(index, *self._by_slice(step))

    def targets(self, index: int, instrument: str) -> list[str]:
        """Files below the root that a slice is asked for: all that it makes but what only its own jobs read."""
        paths: list[str] = []
        for step in self.steps.values():
            mine = self.jobs(step, index)
            asked = [DATASETS[d] for d in step.writes.values() if not self._read_inside(d, index)]
            if len(mine) and asked:
                ids = names_of(step_grain(step), self.units, mine)
                paths += [d.path(instrument=instrument, **one) for d in asked for one in ids]
        return paths

    def _places(self, step: Step) -> I8:
        return self.slices.places[step.name]

    def _by_slice(self, step: Step) -> tuple[I8, I8]:
        places = self._places(step)
        if id(places) not in self._grouped:
            order = np.argsort(places, kind="stable")
            self._grouped[id(places)] = order, _starts(places[order], len(self.slices.names))
        return self._grouped[id(places)]

    def _read_inside(self, dataset: str, index: int) -> bool:
        """Whether somebody reads a slice's files of a dataset, and nobody out of this slice does."""
        if dataset not in self.flows:
            return False
        first, then = self.flows[dataset]
        readers = then[np.searchsorted(first, index) : np.searchsorted(first, index, "right")]
        return len(readers) == 1 and int(readers[0]) == index

    def _in_turn(self) -> set[tuple[int, int]]:
        """Consecutive slices of the steps that gather what their own kind of unit made before."""
        found: set[tuple[int, int]] = set()
        for step in self.steps.values():
            grain = step_grain(step)
            many = [w.dataset for w in step.reads.values() if isinstance(w, Many)]
            if grain in (VISIT, NIGHT) and grain in map(grain_of, many):
                found |= set(pairwise(np.unique(self._places(step)).tolist()))
        return found


def groups(group: Iterable[Index], member: Iterable[Index], n_groups: int, n_members: int) -> tuple[I8, I8]:
    """Members of each group, each once and sorted, and where each group starts among them: for `of_group`.

    Parameters
    ----------
    group, member
        Pairs of a group and its member, in several pieces.
    n_groups, n_members
        Number of groups and of members.
    """
    keys = [distinct(a.astype(np.int64) * n_members + b) for a, b in zip(group, member, strict=True)]
    key = distinct(np.concatenate([*keys, np.empty(0, np.int64)]))
    return key % max(n_members, 1), _starts(key // max(n_members, 1), n_groups)


def of_group(index: int, members: I8, starts: I8) -> I8:
    """Members of one group."""
    return members[starts[index] : starts[index + 1]]


def _starts(sorted_groups: I8, n_groups: int) -> I8:
    return np.searchsorted(sorted_groups, np.arange(n_groups + 1))


def _met(first: I8, source: Index, then: I8, target: Index, n: int) -> I8:
    """Keys before * n + after of the pairs of slices that related units lie in, each once, sorted."""
    pieces = [slice(k, k + PIECE) for k in range(0, len(source), PIECE)]
    keys = (first[source[p]] * n + then[target[p]] for p in pieces)
    if n * n > _DENSE:
        return distinct(np.concatenate([*map(distinct, keys), np.empty(0, np.int64)]))
    seen = np.zeros(n * n, np.bool_)
    for key in keys:
        seen[key] = True
    return np.flatnonzero(seen)
