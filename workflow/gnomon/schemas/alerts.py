"""Fields of the records of an alert packet: LSST alert schema v11.0."""

from functools import cache
from pathlib import Path

import yaml

_TABLE = Path(__file__).with_name("alert_v11_0.yaml")

VERSION = (11, 0)


@cache
def fields(record: str) -> tuple[tuple[str, str, bool, str], ...]:
    """Name, type, whether null is allowed, and meaning of each field, in the order of the wire."""
    rows = yaml.safe_load(_TABLE.read_text())["records"][record]
    return tuple(_field(row) for row in rows)


def _field(row: str) -> tuple[str, str, bool, str]:
    declaration, doc = row.split(" | ", 1)
    name, kind = declaration.split()
    return name, kind.rstrip("?"), kind.endswith("?"), doc
