"""Files of exposures to the table of visits; a file that cannot be used is named with the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.containers.exposure import VisitFacts
from gnomon.containers.instrument import Instrument
from gnomon.containers.wcs import Wcs
from gnomon.errors import UnprocessableData
from gnomon.io.catalogs import conform
from gnomon.io.raw import SEPARATOR, DetectorFile, detector_files, files_of, is_companion
from gnomon.schemas import schema

SCHEMA = "visit_detector"
SUFFIXES = (".fits", ".fit", ".fts", ".fz", ".gz", ".bz2", ".xz")
"""Ends of the names of files that may be FITS."""
_CORNERS = ("llc", "lrc", "urc", "ulc")


@dataclass(frozen=True, slots=True)
class Reject:
    """A file that cannot be used."""

    path: str
    """As it was given."""
    reason: str
    """One sentence: what was found and what was wanted."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What there is to work on."""

    table: Catalog
    """Schema `visit_detector`, one row a detector of an exposure, by visit and detector; degrees."""
    rejects: tuple[Reject, ...]
    """Files left out, in the order given."""


def exposure_files(folder: Path) -> list[Path]:
    """Files below a folder that may be FITS by their names, sorted by path."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)


def ingest(paths: Iterable[Path], instrument: Instrument) -> Ingested:
    """The table of visits of these files, from their headers alone.

    Every file is read on its own: one that cannot be used is listed and does not stop the others. Weight and
    mask files of a calibrated instrument belong to their image and are passed over. A detector of a visit
    that an earlier file gave already is refused, the earlier file named.

    Parameters
    ----------
    paths
        In the order that decides which of two duplicates stays.
    instrument
        Its description.
    """
    rows: dict[tuple[int, int], tuple[Path, DetectorFile]] = {}
    exposures: dict[int, tuple[Path, VisitFacts]] = {}
    rejects: list[Reject] = []
    for path in paths:
        if is_companion(path, instrument):
            continue
        try:
            found = detector_files(path, instrument)
            _check_new(path, found, rows, exposures)
        except UnprocessableData as error:
            rejects.append(Reject(str(path), str(error).removeprefix(f"{path.name}: ")))
            continue
        for one in found:
            rows[one.facts.visit, one.detector.id] = path, one
            exposures.setdefault(one.facts.visit, (path, one.facts))
    return Ingested(_table([rows[key] for key in sorted(rows)], instrument), tuple(rejects))


def listing(found: Ingested) -> str:
    """The visits and the rejects as text for a person: one line a visit, one line a file left out."""
    table = found.table
    lines = ["visit          night     kind     band  exposure  midpoint (TAI MJD)  detectors"]
    visits, first = np.unique(table["visit"], return_index=True)
    for visit, row in zip(visits, first, strict=True):
        r = table.take(np.array([row]))
        detectors = int(np.count_nonzero(table["visit"] == visit))
        kind, band, seconds = r["obstype"][0], r["band"][0], r["expTime"][0]
        lines.append(
            f"{visit:013d}  {r['night'][0]}  {kind:7s}  {band:4s}  {seconds:6.1f} s"
            f"  {r['midpointMjdTai'][0]:18.8f}  {detectors:9d}"
        )
    lines += [f"{len(visits)} visits, {len(table)} detectors; {len(found.rejects)} files left out"]
    lines += [f"  {reject.path}: {reject.reason}" for reject in found.rejects]
    return "\n".join(lines)


def _check_new(
    path: Path,
    found: Sequence[DetectorFile],
    rows: dict[tuple[int, int], tuple[Path, DetectorFile]],
    exposures: dict[int, tuple[Path, VisitFacts]],
) -> None:
    """Refuse a detector that is there already, and a visit whose files disagree about it."""
    for one in found:
        visit = one.facts.visit
        if (visit, one.detector.id) in rows:
            earlier = rows[visit, one.detector.id][0]
            raise UnprocessableData(
                f"duplicate of visit {visit}, detector {one.detector.id}, which {earlier.name} gives already"
            )
        if visit in exposures:
            other, facts = exposures[visit]
            if (facts.obstype, facts.band, facts.night) != (
                one.facts.obstype,
                one.facts.band,
                one.facts.night,
            ):
                raise UnprocessableData(
                    f"visit {visit} is {one.facts.obstype} {one.facts.band} {one.facts.night} here, "
                    f"but {facts.obstype} {facts.band} {facts.night} in {other.name}"
                )


def _table(rows: Sequence[tuple[Path, DetectorFile]], instrument: Instrument) -> Catalog:
    cells = [_row(SEPARATOR.join(map(str, files_of(path, instrument))), one) for path, one in rows]
    columns = {c.name: np.array([cell[c.name] for cell in cells]) for c in schema(SCHEMA)}
    return conform(Catalog(columns), SCHEMA)


def _row(files: str, one: DetectorFile) -> dict[str, str | int | float]:
    f = one.facts
    return {
        "visit": f.visit,
        "detector": one.detector.id,
        "night": f.night,
        "obstype": f.obstype,
        "band": f.band,
        "physical_filter": f.physical_filter,
        "expTime": f.exptime,
        "darkTime": f.darktime,
        "midpointMjdTai": f.mjd_tai,
        "ra": float(np.rad2deg(f.ra)),
        "dec": float(np.rad2deg(f.dec)),
        "skyRotation": float(np.rad2deg(f.rotation)),
        "airmass": f.airmass,
        **_corners(one.wcs, one.shape),
        "path": files,
    }


def _corners(wcs: Wcs | None, shape: tuple[int, int]) -> dict[str, float]:
    """Sky positions of the outer corners of the corner pixels, degrees; NaN without a map."""
    ny, nx = shape
    if wcs is None:
        return {f"{c}{a}": float("nan") for c in _CORNERS for a in ("ra", "dec")}
    x, y = np.array([0, nx, nx, 0]) - 0.5, np.array([0, 0, ny, ny]) - 0.5
    ra, dec = wcs.pixel_to_sky(x, y)
    corners = {f"{c}ra": float(v) for c, v in zip(_CORNERS, np.rad2deg(ra), strict=True)}
    return corners | {f"{c}dec": float(v) for c, v in zip(_CORNERS, np.rad2deg(dec), strict=True)}
