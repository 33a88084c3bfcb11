"""Release catalogues in the HATS layout: Parquet files by HEALPix pixel that LSDB opens.

The layout is that of the IVOA note "HATS: a standard for the hierarchical adaptive tiling scheme".
"""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from gnomon.containers.catalog import Catalog
from gnomon.containers.healpix import pixel_of
from gnomon.containers.provenance import Provenance
from gnomon.containers.release import ReleaseTable
from gnomon.io.atomic import replacing
from gnomon.io.catalogs import arrow_table, conform
from gnomon.schemas import ColumnSpec, schema

I8 = npt.NDArray[np.int64]

INDEX_ORDER = 29
"""Order of the spatial index: 0.4 mas, the finest that fits int64."""

INDEX = ColumnSpec(
    "_healpix_29",
    "int64",
    "Nested HEALPix pixel of order 29, by which the rows are sorted.",
    ucd="pos.healpix",
)

MAX_ORDER = 12
"""Partitions are not divided further: 0.9 arcmin."""

PIXELS_PER_FOLDER = 10_000
"""HATS puts pixel p into the folder of p rounded down to this."""


def partitions(index: I8, max_rows: int) -> tuple[I8, I8]:
    """Order and pixel of every row's partition: the largest pixels with at most ``max_rows`` rows.

    Parameters
    ----------
    index : (n,) nested pixels of order 29.

    Raises
    ------
    ValueError
        ``max_rows`` is not positive.
    """
    if max_rows < 1:
        raise ValueError(f"a partition holds at least one row, not {max_rows}")
    order, pixel = np.full(len(index), -1, np.int64), np.zeros(len(index), np.int64)
    open_rows = np.arange(len(index))
    for k in range(MAX_ORDER + 1):
        at = index[open_rows] >> (2 * (INDEX_ORDER - k))
        _, which, n = np.unique(at, return_inverse=True, return_counts=True)
        done = (n[which] <= max_rows) | (k == MAX_ORDER)
        order[open_rows[done]], pixel[open_rows[done]] = k, at[done]
        open_rows = open_rows[~done]
    return order, pixel


def write_release(value: ReleaseTable, path: str | Path, provenance: Provenance, schema_name: str) -> None:
    """Write a table checked against its schema; see `write_hats`."""
    write_hats(
        replace(value, catalog=conform(value.catalog, schema_name)), path, provenance, schema(schema_name)
    )


def write_empty_release(catalog: Catalog, path: str | Path, provenance: Provenance, schema_name: str) -> None:
    """A table without rows; its meta says why."""
    write_hats(ReleaseTable(catalog, Path(path).parent.name, 1, ""), path, provenance, schema(schema_name))


def write_hats(
    table: ReleaseTable, path: str | Path, provenance: Provenance, columns: Iterable[ColumnSpec] = ()
) -> None:
    """Write a catalogue around its ``hats.properties``, which comes last: where it exists, all is whole.

    Equal catalogues give equal bytes; rows that share an order-29 pixel keep their order. The whole table is
    in memory once more, sorted.

    Parameters
    ----------
    table : rows in any order.
    path : ``<folder>/hats.properties``; the folder's ``dataset`` is replaced.
    columns : unit, UCD and description of the columns.

    Raises
    ------
    ValueError
        A position is not finite.
    """
    folder = Path(path).parent
    ra, dec = (np.radians(np.asarray(table.catalog[c], np.float64)) for c in (table.ra, table.dec))
    if not np.isfinite(ra + dec).all():
        raise ValueError(f"{table.name}: {(~np.isfinite(ra + dec)).sum()} rows have no position")
    index = pixel_of(1 << INDEX_ORDER, ra, dec)
    rows = np.argsort(index, kind="stable")
    arrow = arrow_table(_indexed(table.catalog.take(rows), index[rows]), provenance, [INDEX, *columns])
    order, pixel = partitions(index[rows], table.max_rows)
    Path(path).unlink(missing_ok=True)
    shutil.rmtree(folder / "dataset", ignore_errors=True)
    counts = _write_partitions(arrow, order, pixel, folder)
    _write_text(folder / "partition_info.csv", _partition_info(counts))
    _write_text(Path(path), _properties(table, max((o for o, _ in counts), default=0)))


def _indexed(catalog: Catalog, index: I8) -> Catalog:
    return Catalog({INDEX.name: index, **catalog.columns}, catalog.meta)


def _write_partitions(table: pa.Table, order: I8, pixel: I8, folder: Path) -> dict[tuple[int, int], int]:
    """One file per partition, and their metadata together; rows per (order, pixel) in order of the sky."""
    dataset = folder / "dataset"
    dataset.mkdir(parents=True)
    starts = np.flatnonzero((np.diff(order, prepend=-1) != 0) | (np.diff(pixel, prepend=-1) != 0))
    ends = np.append(starts, len(order))[1:]
    counts, metadata = {}, []
    for first, last in zip(starts, ends, strict=True):
        key = int(order[first]), int(pixel[first])
        counts[key] = int(last - first)
        metadata.append(_write_partition(table.slice(first, last - first), dataset, *key))
    pq.write_metadata(table.schema, dataset / "_common_metadata")
    pq.write_metadata(table.schema, dataset / "_metadata", metadata_collector=metadata)
    return counts


def _write_partition(part: pa.Table, dataset: Path, order: int, pixel: int) -> pq.FileMetaData:
    base = pixel // PIXELS_PER_FOLDER * PIXELS_PER_FOLDER
    name = f"Norder={order}/Dir={base}/Npix={pixel}.parquet"
    with replacing(dataset / name) as temporary:
        pq.write_table(part, temporary, compression="zstd", store_schema=True)
        found = pq.read_metadata(temporary)
    found.set_file_path(name)
    return found


def _partition_info(counts: Mapping[tuple[int, int], int]) -> str:
    rows = [f"{o},{p},{n}" for (o, p), n in sorted(counts.items())]
    return "\n".join(["Norder,Npix,num_rows", *rows, ""])


def _properties(about: ReleaseTable, order: int) -> str:
    """No clock in it: the date of a release is said by the release."""
    said = {
        "obs_collection": about.name,
        "dataproduct_type": "object",
        "hats_nrows": len(about),
        "hats_col_ra": about.ra,
        "hats_col_dec": about.dec,
        "hats_col_healpix": INDEX.name,
        "hats_col_healpix_order": INDEX_ORDER,
        "hats_npix_suffix": ".parquet",
        "hats_max_rows": about.max_rows,
        "hats_order": order,
        "hats_builder": "gnomon",
        "hats_version": "v1.0",
        "hats_frame": "equatorial",
    }
    said |= {"obs_title": about.release} if about.release else {}
    return "".join(f"{key}={value}\n" for key, value in said.items())


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)
