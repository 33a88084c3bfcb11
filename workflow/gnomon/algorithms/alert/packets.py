"""Packets that a named filter lets through."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.alert.filters import AlertFilter, Watchlist, columns_of, passing
from gnomon.errors import ConfigError
from gnomon.schemas.alerts import fields

Packet = dict[str, Any]

RECORDS = ("diaSource", "diaObject", "ssSource")
"""Records of a packet whose fields a filter can use."""
EARLIER = "nPrvDiaSources"
"""Number of earlier detections, as a filter calls it."""


def named_filter(
    name: str, where: str, watchlist: Sequence[tuple[float, float]], radius_arcsec: float
) -> AlertFilter:
    """A filter, checked before any alert is made.

    Parameters
    ----------
    name : of the filter
    where : expression; empty lets all through
    watchlist : right ascension and declination of places, degrees; empty: anywhere
    radius_arcsec : how near to a place

    Raises
    ------
    ConfigError
        An expression that does not parse, an unknown column, a watchlist without a radius.
    """
    known = {f"{r}.{f[0]}" for r in RECORDS for f in fields(r)} | {EARLIER}
    strange = sorted(columns_of(where) - known) if where else []
    if strange:
        raise ConfigError(f"filter {name}: no column {', '.join(strange)}")
    if not watchlist:
        return AlertFilter(name, where)
    if radius_arcsec <= 0:
        raise ConfigError(f"filter {name}: a watchlist wants radius_arcsec > 0, found {radius_arcsec}")
    places = np.radians(np.asarray(watchlist, np.float64).reshape(-1, 2))
    radius = float(np.radians(radius_arcsec / 3600))
    return AlertFilter(name, where, Watchlist(places[:, 0], places[:, 1], radius))


def select(alert_filter: AlertFilter, packets: Sequence[Packet]) -> list[Packet]:
    """The packets that pass a filter, in order."""
    if not packets:
        return []
    columns = flat_columns(packets)
    ra, dec = (np.radians(columns[f"diaSource.{n}"]) for n in ("ra", "dec"))
    return [p for p, ok in zip(packets, passing(alert_filter, columns, ra, dec), strict=True) if ok]


def flat_columns(packets: Sequence[Packet]) -> Mapping[str, npt.NDArray[Any]]:
    """Columns of packets for filters, such as ``diaSource.snr``; null numbers are NaN."""
    out: dict[str, npt.NDArray[Any]] = {}
    for record in RECORDS:
        for name, kind, _, _ in fields(record):
            values = [(p[record] or {}).get(name) for p in packets]
            out[f"{record}.{name}"] = _column(values, kind)
    out[EARLIER] = np.array([len(p["prvDiaSources"] or ()) for p in packets], np.int64)
    return out


def _column(values: list[Any], kind: str) -> npt.NDArray[Any]:
    if kind == "string":
        return np.array(["" if v is None else v for v in values], dtype=object)
    if kind == "boolean":
        return np.array([bool(v) for v in values], np.bool_)
    if kind == "long":
        return np.array([-1 if v is None else v for v in values], np.int64)
    return np.array([np.nan if v is None else v for v in values], np.float64)
