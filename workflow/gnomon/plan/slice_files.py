"""The slices of a plan as files: which there are and in which order, and the part of the graph that each needs."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog
from gnomon.datamodel import DIMENSIONS
from gnomon.io.atomic import replacing
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
from gnomon.plan.parts import Parts, groups, of_group

I8 = npt.NDArray[np.int64]
Graph = Mapping[str, Any]

_ON_SKY = (TRACT, PATCH, PATCH_BAND, COADD)


def write_slices(folder: Path, parts: Parts, whole: Graph, counted: Catalog, instrument: str) -> None:
    """Write ``slices/NAME.json`` for each slice, and last ``slices.json``: their order, steps and needs.

    Parameters
    ----------
    folder
        Of the plan.
    parts
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
    for first, then in parts.edges():
        before.setdefault(then, []).append(parts.slices.names[first])
    members = Members(parts)
    rows = _rows_by_name(counted)
    for index, name in enumerate(parts.slices.names):
        part = members.graph(index, whole)
        text = (
            json.dumps({**part, "targets": parts.targets(index, instrument)}, indent=0, sort_keys=True) + "\n"
        )
        _write(folder / "slices" / f"{name}.json", text)
        mine = counted.take(np.array(rows[name]))
        told[name] = {
            "before": before.get(index, []),
            "steps": [*parts.steps_of(index)],
            "jobs": int(mine["jobs"].sum()),
            "cpu_s": round(float(mine["cpu_s"].sum())),
            "mem_mb": round(float(mine["mem_mb"].max())),
            "content": hashlib.sha256(text.encode()).hexdigest(),
        }
    _write(folder / "slices.json", json.dumps(told, indent=0) + "\n")


def _rows_by_name(counted: Catalog) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(counted["slice"].tolist()):
        rows.setdefault(str(name), []).append(row)
    return rows


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
        """The part of the graph that a slice needs, in which all that its jobs gather is whole.

        A patch that is in it is there with all its visits, and a visit that works on patches with all of its patches,
        so that a gather finds in it what it finds in the whole.
        """
        units = self.units
        rows = of_group(index, *self._patches)
        tract, patch = (units.patch[n][rows].tolist() for n in ("tract", "patch"))
        near = [f"{_token('tract', t)}/{_token('patch', p)}" for t, p in zip(tract, patch, strict=True)]
        patches = {p: whole["patches"][p] for p in near}
        kept = {_token("visit", v) for v in units.visit[of_group(index, *self._visits)].tolist()}
        kept |= {v for bands in patches.values() for some in bands.values() for v in some}
        tracts = {p.partition("/")[0] for p in near}
        by_night = bool({NIGHT, FILTER} & set(map(step_grain, self.parts.steps_of(index).values())))
        nights = whole["nights"] if by_night else _of_nights(kept, whole)
        return {
            **whole,
            "visits": {v: whole["visits"][v] for v in kept},
            "nights": nights,
            "patches": patches,
            "tracts": {t: whole["tracts"][t] for t in tracts},
            "seasons": {
                k: whole["seasons"][k]
                for t in tracts
                for b in whole["bands"]
                if (k := f"{t}/{b}") in whole["seasons"]
            },
        }


def _of_nights(kept: Iterable[str], whole: Graph) -> dict[str, list[str]]:
    """These visits by night, in order."""
    found: dict[str, list[str]] = {}
    for visit in sorted(kept):
        found.setdefault(whole["visits"][visit]["night"], []).append(visit)
    return found


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
