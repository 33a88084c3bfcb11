"""Why a file is made: its step, what the step reads, and so on down to the raw exposures."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.datamodel import DATASETS, DIMENSIONS, DatasetType
from gnomon.io.products import identify
from gnomon.pipeline.step import Step, dataset_of
from gnomon.plan.census import Census
from gnomon.plan.grains import PATCH, PATCH_BAND, VISIT, grain_of

Index = npt.NDArray[np.integer[Any]]

_SHOWN = 4
"""Files named of a gather; the others are counted."""


def why(path: str, instrument: str, steps: Mapping[str, Step], units: Census) -> str:
    """The chain from a product back to what no step makes, one line a dataset, deeper ones further in."""
    dataset, found = identify(path)
    data_id = {"instrument": instrument, **found}
    writers = {d: s for s in steps.values() for d in s.writes.values()}
    return "\n".join(_lines(dataset, _paths_of(dataset, data_id), writers, units, set(), 0))


def _paths_of(dataset: DatasetType, data_id: Mapping[str, str]) -> dict[str, str]:
    return {**data_id, "path": dataset.path(**data_id)}


def _lines(
    dataset: DatasetType,
    found: Mapping[str, str],
    writers: Mapping[str, Step],
    units: Census,
    told: set[str],
    depth: int,
) -> Iterator[str]:
    maker = writers.get(dataset.name)
    by = f"made by {maker.name} version {maker.version}" if maker else "made by no step"
    if dataset.name in told:
        yield f"{'  ' * depth}{found['path']} ({by}: see above)"
        return
    told.add(dataset.name)
    yield f"{'  ' * depth}{found['path']}: {dataset.doc} ({by})"
    if maker is None:
        return
    for want in maker.reads.values():
        source = DATASETS[dataset_of(want)]
        names = related(dataset, found, source, units)
        for name in names[:1]:
            yield from _lines(source, name, writers, units, told, depth + 1)
        shown = [n["path"] for n in names[1:_SHOWN]]
        more = [f"and {len(names) - _SHOWN} more like it"] if len(names) > _SHOWN else []
        yield from (f"{'  ' * (depth + 1)}{text}" for text in [*shown, *more])


def related(
    dataset: DatasetType, data_id: Mapping[str, str], source: DatasetType, units: Census
) -> list[dict[str, str]]:
    """Files of ``source`` that a job of ``dataset`` may read: data ids with their paths."""
    grain, source_grain = grain_of(dataset.name), grain_of(source.name)
    here = np.flatnonzero([_agrees(n, data_id) for n in names_of(grain, units)])
    first, second = units.pairs(source_grain, grain)
    every = names_of(source_grain, units)
    wanted = np.unique(first[np.isin(second, here)]).tolist()
    ids = [{**data_id, **every[k]} for k in wanted]
    usable = [i for i in ids if set(source.dimensions) <= set(i)]
    return [_paths_of(source, {k: v for k, v in i.items() if k != "path"}) for i in usable]


def _agrees(name: Mapping[str, str], data_id: Mapping[str, str]) -> bool:
    return all(data_id.get(k, v) == v for k, v in name.items())


def names_of(grain: str, units: Census, rows: Index | None = None) -> list[dict[str, str]]:
    """Data ids of units of a grain, as tokens; of every unit unless rows are given."""
    if rows is None:
        rows = np.arange(units.size(grain))
    match grain:
        case "visit":
            return [_tokens(visit=v, band=units.bands[b]) for v, b in _rows(rows, units.visit, units.band)]
        case "exposure":
            science = rows[rows < len(units.visit)]
            others = units.calibrations[rows[rows >= len(units.visit)] - len(units.visit)]
            return names_of(VISIT, units, science) + [_tokens(visit=v) for v in others.tolist()]
        case "night":
            return [_tokens(night=units.nights[k]) for k in rows.tolist()]
        case "filter":
            every = [_tokens(night=n, filter=f) for n in units.nights for f in units.filters]
            return [every[k] for k in rows.tolist()]
        case "band":
            return [_tokens(band=units.bands[k]) for k in rows.tolist()]
        case "tract":
            return [_tokens(tract=t) for t in units.tracts[rows].tolist()]
        case "patch":
            numbers = _rows(rows, units.patch["tract"], units.patch["patch"])
            return [_tokens(tract=t, patch=p) for t, p in numbers]
        case "patch_band":
            places = names_of(PATCH, units, units.patch_band["patch"][rows])
            bands = [units.bands[b] for b in units.patch_band["band"][rows].tolist()]
            return [{**place, "band": band} for place, band in zip(places, bands, strict=True)]
        case "coadd":
            places = names_of(PATCH_BAND, units, units.coadd["patch_band"][rows])
            kinds = [units.kinds[k] for k in units.coadd["kind"][rows].tolist()]
            return [{**place, "kind": kind} for place, kind in zip(places, kinds, strict=True)]
    return [{} for _ in rows]


def _rows(rows: Index, *columns: Index) -> Iterator[tuple[int, ...]]:
    return zip(*(c[rows].tolist() for c in columns), strict=True)


def _tokens(**data_id: int | str) -> dict[str, str]:
    return {k: DIMENSIONS[k].token(v) for k, v in data_id.items()}
