"""Release catalogues in the HATS layout: Parquet files by HEALPix pixel that LSDB opens.

A table is a collection: the table itself and, where it has one, its margin cache. Parts of the table are read
twice, one at a time: once to count the rows of each pixel, once to hand the rows to their partitions, which
wait in Arrow files until they are sorted one by one. So memory holds one part and one partition.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from gnomon.containers.catalog import Catalog
from gnomon.containers.hats import INDEX_ORDER, MAX_ORDER, Partitions, index_of, near, partitions
from gnomon.containers.provenance import Provenance
from gnomon.containers.release import ReleaseTable
from gnomon.containers.stream import each
from gnomon.io.atomic import replacing
from gnomon.io.catalogs import arrow_table, conform, empty_catalog
from gnomon.schemas import ColumnSpec, schema

I8 = npt.NDArray[np.int64]

INDEX = ColumnSpec(
    "_healpix_29",
    "int64",
    "Nested HEALPix pixel of order 29, by which the rows are sorted.",
    ucd="pos.healpix",
)
PIXELS_PER_FOLDER = 10_000
"""HATS puts pixel p into the folder of p rounded down to this."""
_ARCSEC = np.pi / 180 / 3600
_OF_ONE_PART = ("data_id", "failures", "empty_reason")
"""Facts that a part says of itself alone."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the first reading of the parts tells."""

    table: ReleaseTable
    """As it is to be written."""
    partitions: Partitions
    """Of all its rows."""
    columns: Catalog
    """A part without its rows; its meta is that of the table, and says why there are no rows."""
    specs: Sequence[ColumnSpec]
    """Unit, UCD and description of the columns."""
    provenance: Provenance
    """Told in every file."""

    def arrow(self, rows: Catalog, index: I8) -> pa.Table:
        """Rows with their index, under the meta of the whole."""
        columns = {INDEX.name: index, **{n: rows[n] for n in self.columns.columns}}
        return arrow_table(Catalog(columns, self.columns.meta), self.provenance, self.specs)

    def nothing(self) -> pa.Table:
        """The table without its rows."""
        return self.arrow(self.columns, np.empty(0, np.int64))


def write_release(table: ReleaseTable, path: str | Path, provenance: Provenance, schema_name: str) -> None:
    """Write a table, checked against its schema, around its ``collection.properties``, which comes last.

    Equal rows give equal bytes whatever parts they come in; rows that share an order-29 pixel keep their order.

    Parameters
    ----------
    path : ``<folder>/collection.properties``; what the folder holds of an earlier table is replaced

    Raises
    ------
    ValueError
        A part does not follow the schema.
    """
    folder = Path(path).parent
    checked = each(table.parts, lambda part: conform(_placed(part, table), schema_name))
    plan = _planned(checked, table, provenance, schema_name)
    has_margin = table.margin_arcsec > 0 and len(plan.partitions) > 1
    margin = f"{table.name}_{table.margin_arcsec:g}arcs" if has_margin else ""
    Path(path).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with TemporaryDirectory(dir=folder, prefix=".") as scratch:
        for part in checked:
            _hand_out(part, plan, Path(scratch), margin)
        _write_catalog(plan, Path(scratch, "rows"), folder / table.name, "")
        if margin:
            _write_catalog(plan, Path(scratch, "margin"), folder / margin, table.name)
    _write_text(Path(path), _collection(plan, margin))


def write_empty_release(reason: str, path: str | Path, provenance: Provenance, schema_name: str) -> None:
    """A table without rows that says why."""
    empty = empty_catalog(schema_name, reason)
    ra, dec = ("coord_ra", "coord_dec") if "coord_ra" in empty else ("ra", "dec")
    table = ReleaseTable([empty], Path(path).parent.name, 1, "", ra=ra, dec=dec)
    write_release(table, path, provenance, schema_name)


def _placed(part: Catalog, table: ReleaseTable) -> Catalog:
    """The rows that have a position."""
    return part.take(np.isfinite(part[table.ra] + part[table.dec])) if len(part) else part


def _positions(part: Catalog, table: ReleaseTable) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    return np.radians(part[table.ra]), np.radians(part[table.dec])


def _planned(
    parts: Sequence[Catalog], table: ReleaseTable, provenance: Provenance, schema_name: str
) -> _Plan:
    """Rows by cell of the finest order, and what the parts say of themselves."""
    cells, counts = np.empty(0, np.int64), np.empty(0, np.int64)
    columns, reasons = empty_catalog(schema_name, ""), []
    for part in parts:
        if not len(part):
            reasons.append(str(part.meta.get("empty_reason", "no rows")))
            continue
        if not len(cells):
            meta = {k: v for k, v in part.meta.items() if k not in _OF_ONE_PART}
            columns = Catalog(part.take(np.arange(0)).columns, meta)
        mine = index_of(*_positions(part, table)) >> (2 * (INDEX_ORDER - MAX_ORDER))
        cells, which = np.unique(np.concatenate([cells, mine]), return_inverse=True)
        counts = np.bincount(which, np.concatenate([counts, np.ones(len(mine))])).astype(np.int64)
    if not len(cells):
        why = "; ".join(dict.fromkeys(reasons)) or "nothing was made that it could hold"
        columns = Catalog(columns.columns, {"empty_reason": why})
    found = partitions(cells, counts, table.max_rows)
    return _Plan(table, found, columns, [INDEX, *schema(schema_name)], provenance)


def _hand_out(part: Catalog, plan: _Plan, scratch: Path, margin: str) -> None:
    """Add the rows of a part to the files of their partitions, and of those that they are near."""
    if not len(part):
        return
    ra, dec = _positions(part, plan.table)
    rows = plan.arrow(part, index_of(ra, dec))
    home = plan.partitions.of(rows[INDEX.name].to_numpy())
    _append(rows, np.arange(len(home)), home, scratch / "rows")
    if margin:
        _append(rows, *near(plan.partitions, ra, dec, plan.table.margin_arcsec * _ARCSEC), scratch / "margin")


def _append(rows: pa.Table, which: I8, partition: I8, folder: Path) -> None:
    """Rows ``which`` to the end of the files of their partitions."""
    folder.mkdir(exist_ok=True)
    for k in np.unique(partition).tolist():
        chosen = rows.take(pa.array(which[partition == k]))
        with (folder / str(k)).open("ab") as file, ipc.new_stream(file, rows.schema) as stream:
            stream.write_table(chosen)


def _gathered(path: Path) -> pa.Table:
    """All rows of a partition, by their index."""
    parts = []
    with path.open("rb") as file:
        while file.peek(1):
            parts.append(ipc.open_stream(file).read_all())
    whole = pa.concat_tables(parts)
    rank = np.argsort(whole[INDEX.name].to_numpy(), kind="stable")
    return whole.take(pa.array(rank)).combine_chunks()


def _write_catalog(plan: _Plan, waiting: Path, folder: Path, primary: str) -> None:
    """One file a partition, their metadata together, and what the table is; a margin names its table."""
    dataset = folder / "dataset"
    dataset.mkdir(parents=True)
    counts, metadata = {}, []
    for k in range(len(plan.partitions)):
        if (waiting / str(k)).exists():
            rows = _gathered(waiting / str(k))
            key = int(plan.partitions.order[k]), int(plan.partitions.pixel[k])
            counts[key] = len(rows)
            metadata.append(_write_partition(rows, dataset, *key))
    plain = plan.nothing().schema
    pq.write_metadata(plain, dataset / "_common_metadata")
    pq.write_metadata(plain, dataset / "_metadata", metadata_collector=metadata)
    _write_text(folder / "partition_info.csv", _partition_info(counts))
    _write_text(folder / "hats.properties", _properties(plan, folder.name, counts, primary))


def _write_partition(part: pa.Table, dataset: Path, order: int, pixel: int) -> pq.FileMetaData:
    base = pixel // PIXELS_PER_FOLDER * PIXELS_PER_FOLDER
    name = f"Norder={order}/Dir={base}/Npix={pixel}.parquet"
    with replacing(dataset / name) as temporary:
        pq.write_table(
            part, temporary, compression="zstd", store_schema=True, row_group_size=max(len(part), 1)
        )
        found = pq.read_metadata(temporary)
    found.set_file_path(name)
    return found


def _partition_info(counts: Mapping[tuple[int, int], int]) -> str:
    rows = [f"{o},{p},{n}" for (o, p), n in sorted(counts.items())]
    return "\n".join(["Norder,Npix,num_rows", *rows, ""])


def _properties(plan: _Plan, name: str, counts: Mapping[tuple[int, int], int], primary: str) -> str:
    """No clock in it: the date of a release is said by the release."""
    table = plan.table
    said: dict[str, object] = {
        "obs_collection": name,
        "dataproduct_type": "margin" if primary else "object",
        "hats_nrows": sum(counts.values()),
        "hats_col_ra": table.ra,
        "hats_col_dec": table.dec,
        "hats_col_healpix": INDEX.name,
        "hats_col_healpix_order": INDEX_ORDER,
        "hats_npix_suffix": ".parquet",
        "hats_max_rows": table.max_rows,
        "hats_order": max((o for o, _ in counts), default=0),
        "hats_builder": "gnomon",
        "hats_version": "v1.0",
        "hats_frame": "equatorial",
    }
    if primary:
        said |= {"hats_primary_table_url": primary, "hats_margin_threshold": table.margin_arcsec}
    return _lines(said | _told(plan))


def _collection(plan: _Plan, margin: str) -> str:
    name = plan.table.name
    said: dict[str, object] = {"obs_collection": name, "hats_primary_table_url": name}
    said |= {"all_margins": margin, "default_margin": margin} if margin else {}
    return _lines(said | _told(plan))


def _told(plan: _Plan) -> dict[str, object]:
    """Name of the release, and why the table is empty."""
    why = plan.columns.meta.get("empty_reason", "")
    told: dict[str, object] = {"obs_title": plan.table.release} if plan.table.release else {}
    return told | ({"gnomon_empty_reason": why} if why else {})


def _lines(said: Mapping[str, object]) -> str:
    return "".join(f"{key}={value}\n" for key, value in said.items())


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)
