"""Alert packets as Avro: written in the LSST schema v11.0, read in whatever schema they carry."""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException

from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.alert_schema import SCHEMA_ID, packet_schema
from gnomon.io.atomic import replacing
from gnomon.io.provenance import from_json, to_json
from gnomon.schemas.alerts import fields

Packet = dict[str, Any]

SYNC_MARKER = hashlib.sha256(b"gnomon alert container").digest()[:16]
"""Fixed, so that equal alerts give equal files."""

CONTAINER_MAGIC, WIRE_MAGIC = b"Obj\x01", b"\x00"
"""First bytes of an Avro container, and of a packet in Confluent framing."""

_MAKERS: Mapping[str, Any] = {
    "long": int,
    "int": int,
    "float": float,
    "double": float,
    "string": str,
    "boolean": bool,
}


def records(table: Catalog, record: str) -> list[dict[str, Any]]:
    """Rows of a table as records of the alert schema; columns that the schema does not know are left out.

    NaN, negative identifiers and empty text become null where the schema allows it; a field without a column
    is null, or 0 where null is not allowed.

    Parameters
    ----------
    table : columns named as in the schema, positions in degrees.
    record : ``diaSource``, ``diaForcedSource``, ``diaObject``, ``ssSource`` or ``mpc_orbits``.
    """
    columns = [_values(table, *f[:3]) for f in fields(record)]
    names = [f[0] for f in fields(record)]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(table: Catalog, name: str, kind: str, null: bool) -> list[Any]:
    absent = None if null else _MAKERS[kind](0)
    if name not in table:
        return [absent] * len(table)
    column, make = table[name], _MAKERS.get(kind, int)
    if column.dtype.kind == "f":
        return [make(v) if v == v else absent for v in column.tolist()]
    if kind == "long" and null:
        return [v if v >= 0 else None for v in column.tolist()]
    return [make(v) if v != "" else absent for v in column.tolist()]


def encode_packet(packet: Packet) -> bytes:
    """One packet in Confluent framing: a zero byte, the schema's number, the record without schema.

    Raises
    ------
    ValueError
        A field is missing or has the wrong type.
    """
    out = io.BytesIO()
    out.write(WIRE_MAGIC + SCHEMA_ID.to_bytes(4, "big"))
    fastavro.schemaless_writer(out, packet_schema(), packet)
    return out.getvalue()


def write_alerts(
    packets: Sequence[Packet], path: str | Path, provenance: Provenance, reason: str = ""
) -> None:
    """A container file of packets: equal packets give equal bytes. ``reason`` tells why there are none."""
    meta = {"gnomon.provenance": to_json(provenance)}
    meta |= {"gnomon.empty_reason": reason} if reason else {}
    with replacing(path) as temporary, open(temporary, "wb") as file:
        fastavro.writer(file, packet_schema(), packets, metadata=meta, sync_marker=SYNC_MARKER, codec="null")


def read_alerts(path: str | Path, schemas: Mapping[int, Any] | None = None) -> list[Packet]:
    """Packets of a file: a container with its own schema (LSST, ZTF, WINTER), or one framed packet.

    Parameters
    ----------
    path : the file.
    schemas : parsed schemas by number, for framed packets of other versions than ours.

    Raises
    ------
    UnprocessableData
        Neither form, cut short, an invalid schema, or a schema number nobody knows.
    """
    data, name = Path(path).read_bytes(), Path(path).name
    if data.startswith(CONTAINER_MAGIC):
        return _read_container(data, name)
    if data.startswith(WIRE_MAGIC):
        return [decode_packet(data, schemas, name)]
    raise UnprocessableData(f"{name} begins with {data[:4]!r}, neither an Avro container nor a framed packet")


def decode_packet(data: bytes, schemas: Mapping[int, Any] | None = None, name: str = "packet") -> Packet:
    """One packet in Confluent framing; arguments and errors as `read_alerts`."""
    known = {SCHEMA_ID: packet_schema(), **(schemas or {})}
    number = int.from_bytes(data[1:5], "big")
    if data[:1] != WIRE_MAGIC or number not in known:
        raise UnprocessableData(f"{name} carries schema {number}; known are {sorted(known)}")
    stream = io.BytesIO(data[5:])
    try:
        packet = fastavro.schemaless_reader(stream, known[number], None)
    except (EOFError, ValueError, IndexError, UnicodeDecodeError) as error:
        reason = str(error) or "it is cut short"
        raise UnprocessableData(f"{name} does not follow schema {number}: {reason}") from None
    if stream.tell() != len(data) - 5:
        left = len(data) - 5 - stream.tell()
        raise UnprocessableData(f"{name} has {left} bytes more than schema {number} wants")
    return dict(packet)


def _read_container(data: bytes, name: str) -> list[Packet]:
    try:
        return list(fastavro.reader(io.BytesIO(data)))
    except SchemaParseException as error:
        raise UnprocessableData(f"{name} holds an invalid Avro schema: {error}") from None
    except (EOFError, ValueError, KeyError, IndexError, UnicodeDecodeError) as error:
        reason = str(error) or "it is cut short"
        raise UnprocessableData(f"{name} is not a whole Avro container: {reason}") from None


def read_schema(paths: Iterable[str | Path]) -> Any:  # noqa: ANN401
    """A parsed schema from .avsc files, each record after those it uses, the packet last.

    Raises
    ------
    UnprocessableData
        A file is no Avro schema.
    """
    known: dict[str, Any] = {}
    parsed: Any = None
    for path in paths:
        try:
            parsed = fastavro.parse_schema(json.loads(Path(path).read_text()), known)
        except (SchemaParseException, ValueError) as error:
            raise UnprocessableData(f"{Path(path).name} is no Avro schema: {error}") from None
    return parsed


def read_alert_provenance(path: str | Path) -> Provenance:
    """What made a container of ours."""
    with open(path, "rb") as file:
        return from_json(fastavro.reader(file).metadata["gnomon.provenance"])
