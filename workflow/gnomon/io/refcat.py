"""Reference catalogues: one HDF5 file for each HEALPix pixel (nside 32, nested) that has stars.

In a file, angles are degrees; in memory, radians. Columns:

``id`` int64; ``coord_ra``, ``coord_dec`` ICRS at ``epoch`` (TAI MJD); ``raErr`` (on the sky), ``decErr``;
``pmRA`` (cos dec included), ``pmDec``, ``pmRAErr``, ``pmDecErr`` mas/yr; ``parallax``, ``parallaxErr`` mas;
``flux_<band>``, ``fluxErr_<band>`` nJy (AB). NaN where the source catalogue has nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.healpix import pixel_of, pixels_near
from gnomon.containers.provenance import Provenance
from gnomon.containers.sphere import chord, directions
from gnomon.errors import UnprocessableData
from gnomon.io.atomic import replacing
from gnomon.io.provenance import to_json

I8 = npt.NDArray[np.int64]

NSIDE = 32
"""Resolution of the shards: pixels of 1.8 degrees."""
ANGLES = ("coord_ra", "coord_dec", "raErr", "decErr")
"""Columns that are degrees in files and radians in memory."""
ASTROMETRY = (*ANGLES, "epoch", "pmRA", "pmDec", "pmRAErr", "pmDecErr", "parallax", "parallaxErr")
"""Columns of every reference catalogue beside ``id`` and the fluxes."""

_UNITS = dict.fromkeys(ANGLES, "deg") | {"epoch": "d", "parallax": "mas", "parallaxErr": "mas"}


@dataclass(frozen=True, slots=True)
class Region:
    """A circle on the sky."""

    ra: float
    """Centre, ICRS radians."""
    dec: float
    """Centre, ICRS radians."""
    radius: float
    """Radians."""

    def holds(self, ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which positions are inside; right at the poles and across ra = 0."""
        away = directions(ra, dec) - directions(np.array([self.ra]), np.array([self.dec]))
        return np.asarray(np.sum(away**2, axis=-1) <= chord(self.radius) ** 2, np.bool_)


def shards_near(region: Region) -> list[int]:
    """Shards that may hold stars of a region, in order."""
    return [int(p) for p in pixels_near(NSIDE, region.ra, region.dec, region.radius)]


def shard_path(folder: str | Path, shard: int) -> Path:
    """Where a folder keeps a shard."""
    return Path(folder) / f"{shard:05d}.h5"


def write_refcat(tables: Iterable[Catalog], folder: str | Path, provenance: Provenance) -> list[Path]:
    """Cut catalogues into shards, each sorted by ``id``; the same stars in any order give the same bytes.

    Parameters
    ----------
    tables
        Catalogues in memory units with the same columns; held in memory together.
    folder
        Where the shards go; shards of these pixels are replaced.
    provenance
        Written into every shard.

    Raises
    ------
    ValueError
        A column is missing, or an ``id`` occurs twice within a shard.
    """
    tables = list(tables)
    if not tables or not sum(len(t) for t in tables):
        return []
    whole = concatenate(tables)
    shard = pixel_of(NSIDE, whole["coord_ra"], whole["coord_dec"])
    order = np.lexsort((whole["id"], shard))
    numbers, first = np.unique(shard[order], return_index=True)
    paths = [shard_path(folder, int(n)) for n in numbers]
    for path, rows in zip(paths, np.split(order, first[1:]), strict=True):
        write_shard(whole.take(rows), path, provenance)
    return paths


def read_refcat(source: str | Path | Sequence[str | Path], region: Region) -> Catalog:
    """Stars of a region, from a folder of shards or from a list of shard files.

    A pixel without a file in the folder has no stars. The result keeps the columns and has no rows where the
    region holds none.

    Raises
    ------
    UnprocessableData
        No shard near the region at all, or one that cannot be read.
    """
    if isinstance(source, str | Path):
        paths = [p for p in (shard_path(source, s) for s in shards_near(region)) if p.exists()]
    else:
        paths = [Path(p) for p in source]
    if not paths:
        where = f"ra {np.rad2deg(region.ra):.4f} dec {np.rad2deg(region.dec):.4f}"
        raise UnprocessableData(f"the reference catalogue has nothing near {where}")
    parts = [read_shard(p) for p in sorted(paths)]
    return concatenate([p.take(region.holds(p["coord_ra"], p["coord_dec"])) for p in parts])


def write_shard(catalog: Catalog, path: str | Path, provenance: Provenance) -> None:
    """Write the stars of one pixel; radians become degrees.

    Raises
    ------
    ValueError
        A column is missing, or an ``id`` occurs twice.
    """
    missing = [c for c in ("id", *ASTROMETRY) if c not in catalog]
    if missing:
        raise ValueError(f"a reference catalogue needs {', '.join(missing)}")
    if len(np.unique(catalog["id"])) < len(catalog):
        raise ValueError("an id of the reference catalogue occurs twice")
    with replacing(path) as temporary, h5py.File(temporary, "w", libver="v110") as out:
        out.attrs["provenance"] = to_json(provenance)
        for key, value in sorted(catalog.meta.items()):
            out.attrs[key] = value
        for name in sorted(catalog.columns):
            values = np.rad2deg(catalog[name]) if name in ANGLES else catalog[name]
            dataset = out.create_dataset(name, data=values, track_times=False)
            dataset.attrs["unit"] = _unit(name)


def read_shard(path: str | Path) -> Catalog:
    """Read the stars of one pixel; degrees become radians.

    Raises
    ------
    UnprocessableData
        Not an HDF5 file, or a column is missing.
    """
    try:
        with h5py.File(path, "r") as opened:
            columns = {name: opened[name][()] for name in opened}
            meta = {k: v for k, v in opened.attrs.items() if k != "provenance"}
    except OSError as error:
        raise UnprocessableData(f"{Path(path).name} is no reference shard: {error}") from None
    missing = [c for c in ("id", *ASTROMETRY) if c not in columns]
    if missing:
        raise UnprocessableData(f"{Path(path).name} lacks the columns {', '.join(missing)}")
    return Catalog({n: np.deg2rad(c) if n in ANGLES else c for n, c in columns.items()}, meta)


def _unit(name: str) -> str:
    if name.startswith("flux"):
        return "nJy"
    return _UNITS.get(name, "mas/yr" if name.startswith("pm") else "")
