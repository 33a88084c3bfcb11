"""Alert packets from the tables and stamps of a visit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gnomon.containers.alerts import AlertBatch, Stamps
from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.io.alert_avro import Packet, records, write_alerts
from gnomon.io.stamps import stamp_bytes

HISTORY_DAYS = 365.25
"""How far back a packet reaches: twelve months of detections, as LSST."""

Rows = list[dict[str, Any]]


def packets(batch: AlertBatch) -> list[Packet]:
    """One packet per source, with its history strictly before it, its object, and three stamps.

    Histories run in order of time; equal times in order of identifier.
    """
    previous = _by_object(batch.previous, "diaSource", "diaSourceId")
    forced = _by_object(batch.forced, "diaForcedSource", "diaForcedSourceId")
    objects = _by_key(batch.object, "diaObject", "diaObjectId")
    solar = _by_key(batch.solar, "ssSource", "diaSourceId")
    orbits = _by_key(batch.orbit, "mpc_orbits", "designation")
    out = []
    for k, row in enumerate(records(batch.source, "diaSource")):
        circumstances = solar.get(row["diaSourceId"])
        out.append(
            {
                "diaSourceId": row["diaSourceId"],
                "observation_reason": None,
                "target_name": None,
                "diaSource": row,
                "prvDiaSources": _before(row, previous),
                "prvDiaForcedSources": _before(row, forced),
                "diaObject": objects.get(row["diaObjectId"]),
                "ssSource": circumstances,
                "mpc_orbits": orbits.get(circumstances["designation"]) if circumstances else None,
                "cutoutDifference": _stamp(batch.difference, k),
                "cutoutScience": _stamp(batch.science, k),
                "cutoutTemplate": _stamp(batch.template, k),
            }
        )
    return out


def write_batch(batch: AlertBatch | list[Packet], path: str | Path, provenance: Provenance) -> None:
    """The packets of a batch, or packets, as a container file."""
    write_alerts(packets(batch) if isinstance(batch, AlertBatch) else batch, path, provenance)


def _by_object(table: Catalog, record: str, identity: str) -> dict[int, Rows]:
    """Records of each object in order of time."""
    out: dict[int, Rows] = {}
    for row in sorted(records(table, record), key=lambda r: (r["midpointMjdTai"], r[identity])):
        if row["diaObjectId"] is not None:
            out.setdefault(row["diaObjectId"], []).append(row)
    return out


def _by_key(table: Catalog, record: str, key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in records(table, record)}


def _before(row: Mapping[str, Any], history: Mapping[int, Rows]) -> Rows | None:
    """The object's history up to, and without, the time of ``row``; null if there is none."""
    t = row["midpointMjdTai"]
    mine = history.get(row["diaObjectId"], [])
    return [r for r in mine if t - HISTORY_DAYS <= r["midpointMjdTai"] < t] or None


def _stamp(stamps: Stamps, k: int) -> bytes | None:
    return stamp_bytes(stamps, k) if len(stamps) else None
