"""Catalogues as Parquet: unit, UCD and description with every column, provenance in the file."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.atomic import replacing
from gnomon.io.provenance import from_json, to_json
from gnomon.schemas import ColumnSpec, schema

_META, _PROVENANCE = b"gnomon.meta", b"gnomon.provenance"


def empty_catalog(schema_name: str, reason: str) -> Catalog:
    """A table with every column and no row, that says why."""
    columns = {c.name: np.empty(0, _dtype(c)) for c in schema(schema_name)}
    return Catalog(columns, {"empty_reason": reason})


def conform(catalog: Catalog, schema_name: str) -> Catalog:
    """The catalogue's columns in the schema's order and types.

    Raises
    ------
    ValueError
        A column is missing or unknown, or holds NaN where the schema forbids it.
    """
    specs = {c.name: c for c in schema(schema_name)}
    missing, unknown = sorted(set(specs) - set(catalog.columns)), sorted(set(catalog.columns) - set(specs))
    if missing or unknown:
        raise ValueError(f"{schema_name}: missing columns {missing}, unknown columns {unknown}")
    for name, spec in specs.items():
        values = catalog[name]
        if not spec.null and values.dtype.kind == "f" and np.isnan(values).any():
            raise ValueError(f"{schema_name}: {name} holds NaN, which its schema forbids")
    columns = {n: np.asarray(catalog[n]).astype(_dtype(s)) for n, s in specs.items()}
    return Catalog(columns, catalog.meta)


def write_catalog(catalog: Catalog, path: str | Path, provenance: Provenance, schema_name: str) -> None:
    """Write one catalogue, checked against its schema; equal catalogues give equal bytes."""
    checked = conform(catalog, schema_name) if schema_name else catalog
    table = arrow_table(checked, provenance, schema(schema_name) if schema_name else ())
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", store_schema=True)


def arrow_table(catalog: Catalog, provenance: Provenance, specs: Iterable[ColumnSpec]) -> pa.Table:
    """The columns as Arrow with unit, UCD and description in the metadata of each field."""
    known = {c.name: c for c in specs}
    arrays = [_to_arrow(catalog[n]) for n in catalog.columns]
    fields = [
        pa.field(n, a.type, metadata=_field_metadata(known.get(n)))
        for n, a in zip(catalog.columns, arrays, strict=True)
    ]
    meta = {_META: json.dumps(dict(catalog.meta), sort_keys=True), _PROVENANCE: to_json(provenance)}
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=meta))


def read_catalog(path: str | Path, columns: list[str] | None = None) -> Catalog:
    """Read a catalogue, or some of its columns.

    Raises
    ------
    UnprocessableData
        Not a Parquet file, or a column is missing.
    """
    try:
        with pq.ParquetFile(path) as opened:
            missing = sorted(set(columns or ()) - set(opened.schema_arrow.names))
            if missing:
                raise UnprocessableData(f"{Path(path).name} has no column {', '.join(missing)}")
            table = opened.read(columns=columns, use_threads=False)
    except (pa.ArrowInvalid, OSError) as error:
        raise UnprocessableData(f"{Path(path).name} is not a readable Parquet file: {error}") from None
    metadata = table.schema.metadata or {}
    arrays = {n: _to_numpy(table[n]) for n in table.column_names}
    return Catalog(arrays, json.loads(metadata.get(_META, b"{}")))


def read_provenance(path: str | Path) -> Provenance:
    """What made a catalogue."""
    return from_json(pq.read_schema(path).metadata[_PROVENANCE].decode())


def _dtype(spec: ColumnSpec) -> npt.DTypeLike:
    return np.dtype(object) if spec.dtype == "str" else np.dtype(spec.dtype)


def _field_metadata(spec: ColumnSpec | None) -> dict[str, str]:
    return {"unit": spec.unit, "ucd": spec.ucd, "description": spec.doc} if spec else {}


def _to_arrow(values: npt.NDArray[np.generic]) -> pa.Array:
    if values.dtype.kind in "OU":
        return pa.array([str(v) for v in values], pa.string())
    if values.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(
            pa.array(np.ascontiguousarray(values).ravel()), values.shape[1]
        )
    return pa.array(np.ascontiguousarray(values))


def _to_numpy(column: pa.ChunkedArray) -> npt.NDArray[np.generic]:
    flat = column.combine_chunks()
    if pa.types.is_fixed_size_list(flat.type):
        width = flat.type.list_size
        return np.array(flat.flatten().to_numpy(zero_copy_only=False)).reshape(-1, width)
    if pa.types.is_string(flat.type):
        return np.array(flat.to_pylist(), dtype=object)
    return np.array(flat.to_numpy(zero_copy_only=False))
