"""The part of the graph that one slice needs: its visits, nights, tracts and patches, with all that its jobs gather."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.datamodel import DIMENSIONS
from gnomon.pipeline.step import Many, Step, dataset_of
from gnomon.plan.grains import (
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
from gnomon.plan.incidence import distinct
from gnomon.plan.parts import Parts, groups, of_group

I8 = npt.NDArray[np.int64]
Index = npt.NDArray[np.integer[Any]]
Graph = Mapping[str, Any]
Patches = dict[str, dict[str, list[str]]]

_ON_SKY = (TRACT, PATCH, PATCH_BAND, COADD)
_ABOUT_OTHERS = ("night", "obstype", "band", "mjd")
"""What jobs about one visit ask of another."""


class Members:
    """Visits and patches that the jobs of each slice are about or read."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.units = parts, parts.units
        self._visits = self._of(VISIT)
        self._patches = self._of(PATCH)

    def _of(self, related: str) -> tuple[I8, I8]:
        """Members of one grain by slice; the visits of a patch are left out, for a patch has all of them anyway."""
        slices, units = self.parts.slices, self.units
        seen: dict[tuple[str, int], tuple[Any, Any]] = {}
        for step in self.parts.steps.values():
            grain, places = step_grain(step), slices.places[step.name]
            by_patch = grain in _ON_SKY
            wanted = (
                not by_patch if related == VISIT else grain not in (VISIT, EXPOSURE) or _meets_the_sky(step)
            )
            if wanted and (grain, id(places)) not in seen:
                source, target = units.pairs(related, grain)
                seen[grain, id(places)] = places[target], source
        pieces = seen.values()
        found = [p for p, _ in pieces], [m for _, m in pieces]
        return groups(*found, len(slices.names), units.size(related))

    def graph(self, index: int, whole: Graph) -> dict[str, Any]:
        """The part of the graph that a slice needs, in which all that its jobs gather is what they gather of the whole.

        A patch is there with all its visits. Where the jobs are about visits alone it is there with theirs and, for
        the templates, one of each season and band; ``beside`` has the visits that share a patch with each of theirs,
        where a job gathers products of such.
        """
        rows = of_group(index, *self._patches)
        own = of_group(index, *self._visits)
        steps = self.parts.steps_of(index).values()
        grains = set(map(step_grain, steps))
        alone = grains <= {VISIT, EXPOSURE}
        patches = self._thinned(rows, own) if alone else self._whole(rows, whole)
        beside = self._beside(own) if alone and any(map(_reads_its_neighbours, steps)) else {}
        others = {v for bands in patches.values() for some in bands.values() for v in some}
        others |= {v for some in beside.values() for v in some}
        visits = {v: _about(whole["visits"][v]) if alone else whole["visits"][v] for v in others}
        visits |= {v: whole["visits"][v] for v in self._names(own)}
        seasons = whole["seasons"]
        tracts = {p.partition("/")[0] for p in patches}
        return {
            **whole,
            "visits": visits,
            "nights": whole["nights"] if {NIGHT, FILTER} & grains else _of_nights(visits, whole),
            "patches": patches,
            **({"beside": beside} if beside else {}),
            "tracts": {t: whole["tracts"][t] for t in tracts},
            "seasons": {
                k: seasons[k] for t in tracts for b in whole["bands"] if (k := f"{t}/{b}") in seasons
            },
        }

    def _names(self, visits: Index) -> list[str]:
        return [DIMENSIONS["visit"].token(v) for v in self.units.visit[visits].tolist()]

    def _places(self, rows: I8) -> list[str]:
        """Patches as ``tract/patch``."""
        tract, patch = (self.units.patch[n][rows].tolist() for n in ("tract", "patch"))
        tokens = DIMENSIONS["tract"].token, DIMENSIONS["patch"].token
        return [f"{tokens[0](t)}/{tokens[1](p)}" for t, p in zip(tract, patch, strict=True)]

    def _whole(self, rows: I8, whole: Graph) -> Patches:
        return {p: whole["patches"][p] for p in self._places(rows)}

    @cached_property
    def _starts(self) -> I8:
        """Where the pairs of each patch start, and the end; pairs are sorted by patch and visit."""
        patch = self.units.patch_band["patch"][self.units.pair_patch_band]
        return np.searchsorted(patch, np.arange(self.units.size(PATCH) + 1))

    @cached_property
    def _first(self) -> npt.NDArray[np.bool_]:
        """Whether a pair is the first of its patch, band and season."""
        width = np.int64(self.units.pair_season.max(initial=0)) + 1
        _, first = np.unique(self.units.pair_patch_band * width + self.units.pair_season, return_index=True)
        found = np.zeros(len(self.units.pair_visit), np.bool_)
        found[first] = True
        return found

    def _pairs_of(self, rows: I8) -> I8:
        """Pairs of some patches, in order."""
        start, count = self._starts[rows], self._starts[rows + 1] - self._starts[rows]
        return np.repeat(start - np.cumsum(count) + count, count) + np.arange(count.sum())

    def _thinned(self, rows: I8, own: I8) -> Patches:
        """Some patches with some visits, and one of every season and band."""
        units, pairs = self.units, self._pairs_of(rows)
        kept = pairs[self._first[pairs] | np.isin(units.pair_visit[pairs], own)]
        found: Patches = {p: {} for p in self._places(rows)}
        places = self._places(units.patch_band["patch"][units.pair_patch_band[kept]])
        visits = self._names(units.pair_visit[kept])
        for place, visit, band in zip(
            places, visits, units.band[units.pair_visit[kept]].tolist(), strict=True
        ):
            found[place].setdefault(units.bands[band], []).append(visit)
        return found

    def _beside(self, own: I8) -> dict[str, list[str]]:
        """Visits that share a patch with each visit, in order; itself among them."""
        by_visit, starts = self._patches_of_visits
        found = {}
        for name, row in zip(self._names(own), own.tolist(), strict=True):
            pairs = self._pairs_of(of_group(row, by_visit, starts))
            found[name] = self._names(distinct(self.units.pair_visit[pairs].astype(np.int64)))
        return found

    @cached_property
    def _patches_of_visits(self) -> tuple[I8, I8]:
        patch, visit = self.units.pairs(PATCH, VISIT)
        return groups([visit], [patch], self.units.size(VISIT), self.units.size(PATCH))


def _about(visit: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of a visit that the slice has no job for."""
    return {n: visit[n] for n in _ABOUT_OTHERS}


def _of_nights(kept: Iterable[str], whole: Graph) -> dict[str, list[str]]:
    """Every night with these visits of it, in order."""
    found: dict[str, list[str]] = {night: [] for night in whole["nights"]}
    for visit in sorted(kept):
        found[whole["visits"][visit]["night"]].append(visit)
    return found


def _meets_the_sky(step: Step) -> bool:
    """Whether a visit's job reads what was made of patches, or of other visits that share one."""
    on_sky = [d for d in map(dataset_of, step.reads.values()) if grain_of(d) in _ON_SKY]
    return bool(on_sky) or _reads_its_neighbours(step)


def _reads_its_neighbours(step: Step) -> bool:
    """Whether a visit's job gathers products of visits."""
    return VISIT in (grain_of(w.dataset) for w in step.reads.values() if isinstance(w, Many))
