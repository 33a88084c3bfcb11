"""The slices of a plan as files: which there are and in which order, and the part of the graph that each needs."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog
from gnomon.datamodel import DIMENSIONS
from gnomon.io.atomic import replacing
from gnomon.pipeline.step import Many, Step, dataset_of
from gnomon.plan.census import Census
from gnomon.plan.grains import COADD, FILTER, NIGHT, PATCH, PATCH_BAND, TRACT, VISIT, grain_of, step_grain
from gnomon.plan.parts import edges, targets
from gnomon.plan.slices import Slices

Truth = npt.NDArray[np.bool_]
Graph = Mapping[str, Any]

_ON_SKY = (TRACT, PATCH, PATCH_BAND, COADD)


@dataclass(frozen=True, slots=True)
class Cut:
    """A campaign's work, and where it was cut."""

    slices: Slices
    steps: Mapping[str, Step]
    units: Census

    def steps_of(self, index: int) -> dict[str, Step]:
        """Steps that have jobs in a slice."""
        return {n: s for n, s in self.steps.items() if (self.slices.places[n] == index).any()}


def write_slices(folder: Path, cut: Cut, whole: Graph, counted: Catalog, instrument: str) -> None:
    """Write ``slices/NAME.json`` for each slice, and last ``slices.json``: their order, steps and needs.

    Parameters
    ----------
    folder
        Of the plan.
    cut
        The slices.
    whole
        The graph of the whole campaign.
    counted
        Jobs and cost by slice and step.
    instrument
        Name of the instrument.
    """
    told = {}
    before: dict[int, list[str]] = {}
    for first, then in edges(cut.slices, cut.steps, cut.units):
        before.setdefault(then, []).append(cut.slices.names[first])
    for index, name in enumerate(cut.slices.names):
        part = graph_of(cut, index, whole)
        asked = targets(cut.slices, cut.steps, cut.units, name, instrument)
        text = json.dumps({**part, "targets": asked}, indent=0, sort_keys=True) + "\n"
        _write(folder / "slices" / f"{name}.json", text)
        mine = counted.take(counted["slice"] == name)
        told[name] = {
            "before": before.get(index, []),
            "steps": [*cut.steps_of(index)],
            "jobs": int(mine["jobs"].sum()),
            "cpu_s": round(float(mine["cpu_s"].sum())),
            "mem_mb": round(float(mine["mem_mb"].max())),
            "content": hashlib.sha256(text.encode()).hexdigest(),
        }
    _write(folder / "slices.json", json.dumps(told, indent=0) + "\n")


def graph_of(cut: Cut, index: int, whole: Graph) -> dict[str, Any]:
    """The part of the graph that a slice needs, in which all that its jobs gather is whole.

    A patch that is in it is there with all its visits, and a visit that works on patches with all of its patches,
    so that a gather finds in it what it finds in the whole.
    """
    visits, patches = _members(cut, index)
    units = cut.units
    kept = {_token("visit", v) for v in units.visit[visits].tolist()}
    tract, patch = (units.patch[n][patches].tolist() for n in ("tract", "patch"))
    places = [f"{_token('tract', t)}/{_token('patch', p)}" for t, p in zip(tract, patch, strict=True)]
    near = {p: whole["patches"][p] for p in places}
    kept |= {v for bands in near.values() for some in bands.values() for v in some}
    tracts = {p.partition("/")[0] for p in places}
    by_night = bool({NIGHT, FILTER} & set(map(step_grain, cut.steps_of(index).values())))
    nights = {n: v if by_night else [k for k in v if k in kept] for n, v in whole["nights"].items()}
    return {
        **whole,
        "visits": {v: whole["visits"][v] for v in whole["visits"] if v in kept},
        "nights": {n: v for n, v in nights.items() if v},
        "patches": near,
        "tracts": {t: p for t, p in whole["tracts"].items() if t in tracts},
        "seasons": {k: s for k, s in whole["seasons"].items() if k.partition("/")[0] in tracts},
    }


def _members(cut: Cut, index: int) -> tuple[Truth, Truth]:
    """(nvisit,) and (npatch,) those that a slice's jobs are about or read."""
    visits, patches = np.zeros(cut.units.size(VISIT), np.bool_), np.zeros(cut.units.size(PATCH), np.bool_)
    for step in cut.steps_of(index).values():
        grain, chosen = step_grain(step), cut.slices.places[step.name] == index
        for related, mask in ((VISIT, visits), (PATCH, patches)):
            if related == VISIT or grain != VISIT or _meets_the_sky(step):
                source, target = cut.units.pairs(related, grain)
                mask[source[chosen[target]]] = True
    return visits, patches


def _meets_the_sky(step: Step) -> bool:
    """Whether a visit's job reads what was made of patches, or of other visits that share one."""
    many = [w.dataset for w in step.reads.values() if isinstance(w, Many)]
    on_sky = [d for d in map(dataset_of, step.reads.values()) if grain_of(d) in _ON_SKY]
    return bool(on_sky) or VISIT in map(grain_of, many)


def _token(dimension: str, value: int) -> str:
    return DIMENSIONS[dimension].token(value)


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)
