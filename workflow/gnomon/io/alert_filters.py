"""Named alert filters from YAML."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from gnomon.algorithms.alert.filters import AlertFilter, Watchlist, columns_of
from gnomon.errors import ConfigError
from gnomon.io.alert_schema import fields

KEYS = {"where", "watchlist", "radius_arcsec"}
"""What a filter may say."""


def known_columns() -> set[str]:
    """Columns a filter can use: every field of the source, object and solar-system records."""
    tables = ("diaSource", "diaObject", "ssSource")
    return {f"{t}.{f[0]}" for t in tables for f in fields(t)} | {"nPrvDiaSources"}


def read_filters(path: str | Path) -> tuple[AlertFilter, ...]:
    """Filters of a file, checked before any alert is made.

    The file maps names to ``where`` (an expression) and optionally ``watchlist`` (a list of ``[ra, dec]`` in
    degrees) with ``radius_arcsec``.

    Raises
    ------
    ConfigError
        Unknown key or column, an expression that does not parse, a watchlist without a radius.
    """
    text = yaml.safe_load(Path(path).read_text()) or {}
    if not isinstance(text, dict):
        raise ConfigError(f"{Path(path).name}: wanted names of filters, found {type(text).__name__}")
    return tuple(_filter(name, entry or {}) for name, entry in text.items())


def _filter(name: str, entry: dict[str, Any]) -> AlertFilter:
    unknown = sorted(set(entry) - KEYS)
    if unknown:
        raise ConfigError(f"filter {name}: unknown {', '.join(unknown)}; known are {', '.join(sorted(KEYS))}")
    where = str(entry.get("where", ""))
    strange = sorted(columns_of(where) - known_columns()) if where else []
    if strange:
        raise ConfigError(f"filter {name}: no column {', '.join(strange)}")
    return AlertFilter(name, where, _watchlist(name, entry))


def _watchlist(name: str, entry: dict[str, Any]) -> Watchlist | None:
    if "watchlist" not in entry:
        return None
    places = np.radians(np.asarray(entry["watchlist"], np.float64).reshape(-1, 2))
    radius = float(entry.get("radius_arcsec", 0.0))
    if radius <= 0:
        raise ConfigError(f"filter {name}: a watchlist wants radius_arcsec > 0, found {radius}")
    return Watchlist(places[:, 0], places[:, 1], float(np.radians(radius / 3600)))
