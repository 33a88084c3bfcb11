"""The LSST alert schema v11.0 as an Avro schema, from the table of its fields."""

from functools import cache
from typing import Any

import fastavro

from gnomon.schemas.alerts import VERSION, fields

SCHEMA_ID = 100 * VERSION[0] + VERSION[1]
"""Identifier on the wire: major and two digits of minor version (LSST's convention)."""

NAMESPACE = f"lsst.v{VERSION[0]}_{VERSION[1]}"

SUB_RECORDS = ("diaSource", "diaForcedSource", "diaObject", "ssSource", "mpc_orbits")

_TIME = {"type": "long", "logicalType": "timestamp-micros"}


@cache
def packet_schema() -> Any:  # noqa: ANN401
    """The parsed schema of a packet, sub-records written out where they first occur."""
    return _ordered(fastavro.parse_schema(_record("alert", set())))


def _ordered(part: Any) -> Any:  # noqa: ANN401
    """The schema with its keys in order: fastavro leaves them in that of a set, another one in every process."""
    if isinstance(part, dict):
        return {k: _ordered(part[k]) for k in sorted(part)}
    return [_ordered(p) for p in part] if isinstance(part, list) else part


def _record(name: str, seen: set[str]) -> dict[str, Any]:
    seen.add(name)
    made = [_avro_field(*f, seen) for f in fields(name)]
    doc = f"LSST alert packet v{VERSION[0]}.{VERSION[1]}" if name == "alert" else ""
    return {"type": "record", "name": f"{NAMESPACE}.{name}", "doc": doc, "fields": made}


def _avro_field(name: str, kind: str, null: bool, doc: str, seen: set[str]) -> dict[str, Any]:
    value = _avro_type(kind, seen)
    field: dict[str, Any] = {"name": name, "type": ["null", value] if null else value, "doc": doc}
    return field | {"default": None} if null else field


def _avro_type(kind: str, seen: set[str]) -> Any:  # noqa: ANN401
    if kind.startswith("["):
        return {"type": "array", "items": _avro_type(kind[1:-1], seen)}
    if kind == "time":
        return _TIME
    if kind in SUB_RECORDS:
        return f"{NAMESPACE}.{kind}" if kind in seen else _record(kind, seen)
    return kind
