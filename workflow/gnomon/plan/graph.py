"""The plan as the Snakefile sees it: names and file lists, small enough to read in every job."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.containers import healpix
from gnomon.containers.catalog import Catalog
from gnomon.containers.sphere import angles, directions
from gnomon.datamodel import DIMENSIONS
from gnomon.io.raw import SEPARATOR
from gnomon.plan.exposures import corners_of
from gnomon.plan.incidence import Incidence

I8 = npt.NDArray[np.int64]

SHARD_NSIDE = 32
"""Resolution of the reference catalogue's shards, nested."""
SHARD_MARGIN = np.radians(2 / 60)
"""Reach of the search for reference stars beyond the detectors: pointing errors, proper motion."""


def graph(
    table: Catalog, pairs: Incidence, science: I8, seasons: Mapping[str, list[float]], refcat: str = ""
) -> dict[str, Any]:
    """Visits, calibration exposures and patches by name.

    Parameters
    ----------
    table
        Schema `visit_detector`.
    pairs
        Patches by row of ``science``.
    science
        Numbers of the science visits in the order that ``pairs`` counts them.
    seasons
        When the seasons of each tract and band begin; those of other tracts are left out.
    refcat
        Folder of the reference shards; only those that are there are named. Empty: none are named.
    """
    by_visit = _rows_by_visit(table)
    there = {p.stem for p in Path(refcat).glob("*.h5")} if refcat else set()
    visits = {_token("visit", v): _visit(table.take(by_visit[v]), there) for v in science.tolist()}
    others = {v: table.take(rows) for v, rows in by_visit.items() if table["obstype"][rows[0]] != "science"}
    tracts = _groups((_token("tract", t), _token("patch", p)) for t, p in _distinct(pairs))
    return {
        "visits": visits,
        "exposures": {_token("visit", v): _exposure(t) for v, t in others.items()},
        "bias": _of_kind(others, "bias"),
        "dark": _of_kind(others, "dark"),
        "flat": _flats(others),
        "bands": sorted({v["band"] for v in visits.values()}),
        "nights": _groups((v["night"], name) for name, v in visits.items()),
        "patches": _patches(pairs, [(n, v["band"]) for n, v in visits.items()]),
        "tracts": tracts,
        "seasons": {k: starts for k, starts in seasons.items() if k.partition("/")[0] in tracts},
    }


def _rows_by_visit(table: Catalog) -> dict[int, I8]:
    visit, first = np.unique(table["visit"], return_index=True)
    parts = np.split(np.arange(len(table)), first[1:])
    return dict(zip(visit.tolist(), parts, strict=True)) if len(visit) else {}


def _exposure(rows: Catalog) -> dict[str, Any]:
    """Facts of one exposure from its detectors' rows."""
    return {
        "night": str(rows["night"][0]),
        "obstype": str(rows["obstype"][0]),
        "band": str(rows["band"][0]),
        "detectors": rows["detector"].tolist(),
        "raws": list(dict.fromkeys(f for p in rows["path"] for f in str(p).split(SEPARATOR) if f)),
    }


def _visit(rows: Catalog, there: set[str]) -> dict[str, Any]:
    near = [_token("shard", n) for n in shards_near(*corners_of(rows))] if there else []
    shards = [n for n in near if n in there]
    return {**_exposure(rows), "mjd": float(rows["midpointMjdTai"][0]), "shards": shards}


def shards_near(ra: npt.ArrayLike, dec: npt.ArrayLike, margin: float = SHARD_MARGIN) -> list[int]:
    """Reference shards that the circle about these positions (radians) may touch; none for NaN."""
    points = directions(np.ravel(ra), np.ravel(dec))
    points = points[np.isfinite(points).all(axis=-1)]
    if not len(points):
        return []
    middle = points.mean(axis=0)
    middle /= np.linalg.norm(middle)
    radius = 2 * np.arcsin(min(float(np.linalg.norm(points - middle, axis=-1).max()) / 2, 1.0))
    ra0, dec0 = angles(middle)
    return [int(p) for p in healpix.pixels_near(SHARD_NSIDE, float(ra0), float(dec0), radius + margin)]


def _of_kind(others: Mapping[int, Catalog], kind: str) -> list[str]:
    return [_token("visit", v) for v, t in others.items() if t["obstype"][0] == kind]


def _flats(others: Mapping[int, Catalog]) -> dict[str, list[str]]:
    flats = [(str(t["band"][0]), _token("visit", v)) for v, t in others.items() if t["obstype"][0] == "flat"]
    return _groups(flats)


def _patches(pairs: Incidence, visits: Sequence[tuple[str, str]]) -> dict[str, dict[str, list[str]]]:
    """``{tract/patch: {band: [visit]}}`` in order of all of them."""
    patches: dict[str, dict[str, list[str]]] = {}
    for tract, patch, row in zip(
        pairs.tract.tolist(), pairs.patch.tolist(), pairs.visit.tolist(), strict=True
    ):
        visit, band = visits[row]
        place = f"{_token('tract', tract)}/{_token('patch', patch)}"
        patches.setdefault(place, {}).setdefault(band, []).append(visit)
    return patches


def _distinct(pairs: Incidence) -> list[tuple[int, int]]:
    return list(dict.fromkeys(zip(pairs.tract.tolist(), pairs.patch.tolist(), strict=True)))


def _groups(items: Any) -> dict[str, list[str]]:  # noqa: ANN401
    """Second members by first member, both in order."""
    groups: dict[str, list[str]] = {}
    for key, value in sorted(items):
        groups.setdefault(key, []).append(value)
    return groups


def _token(dimension: str, value: int) -> str:
    return DIMENSIONS[dimension].token(value)
