"""Columns of every catalogue: name, dtype, unit, UCD, description, null rule."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gnomon.errors import ConfigError

_FOLDER = Path(__file__).parent
YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C library's parser where there is one: a tenth of the time."""


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column of a catalogue."""

    name: str
    dtype: str
    """numpy name of the type, or ``str``."""
    doc: str
    unit: str = ""
    """VOUnit; empty for a pure number or an identifier."""
    ucd: str = ""
    """IVOA Unified Content Descriptor 1+."""
    null: bool = False
    """May be NaN (numbers) or empty (text)."""


@cache
def schema(name: str) -> tuple[ColumnSpec, ...]:
    """Columns of a schema in order.

    A column with ``per: [a, b]`` stands for one column a value, ``{}`` in its name and text replaced. A schema
    with ``join: [a, b]`` has the columns of those schemas first, each name once, without those of ``without``.

    Raises
    ------
    ConfigError
        No schema of that name.
    """
    path = _FOLDER / f"{name}.yaml"
    if not path.exists():
        raise ConfigError(f"no schema {name!r}")
    content = yaml.load(path.read_text(), YAML_LOADER)
    joined: dict[str, ColumnSpec] = {}
    for column in (c for other in content.get("join", ()) for c in schema(other)):
        joined.setdefault(column.name, column)
    columns = [c for n, c in joined.items() if n not in content.get("without", ())]
    for entry in content.get("columns", ()):
        values = entry.pop("per", [""])
        for value in values:
            texts: dict[str, Any] = {k: _fill(v, value) for k, v in entry.items()}
            columns.append(ColumnSpec(**texts))
    return tuple(columns)


def _fill(text: object, value: object) -> object:
    return text.replace("{}", str(value)) if isinstance(text, str) else text
