"""The slices of a plan as files: which there are and in which order, and the part of the graph that each needs."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.io.atomic import replacing
from gnomon.plan.members import Members
from gnomon.plan.parts import Parts

Graph = Mapping[str, Any]


def write_slices(folder: Path, parts: Parts, whole: Graph, counted: Catalog, instrument: str) -> None:
    """Write ``slices/NAME.json`` for each slice, and last ``slices.json``: their order, steps and needs.

    Parameters
    ----------
    folder
        Of the plan.
    parts
        The slices.
    whole
        The graph of the whole campaign.
    counted
        Jobs and cost by slice and step.
    instrument
        Name of the instrument.
    """
    told = {}
    before: dict[int, list[str]] = {}
    for first, then in parts.edges():
        before.setdefault(then, []).append(parts.slices.names[first])
    members = Members(parts)
    rows = _rows_by_name(counted)
    for index, name in enumerate(parts.slices.names):
        part = members.graph(index, whole)
        text = (
            json.dumps({**part, "targets": parts.targets(index, instrument)}, indent=0, sort_keys=True) + "\n"
        )
        _write(folder / "slices" / f"{name}.json", text)
        mine = counted.take(np.array(rows[name]))
        told[name] = {
            "before": before.get(index, []),
            "steps": [*parts.steps_of(index)],
            "jobs": int(mine["jobs"].sum()),
            "cpu_s": round(float(mine["cpu_s"].sum())),
            "mem_mb": round(float(mine["mem_mb"].max())),
            "content": hashlib.sha256(text.encode()).hexdigest(),
        }
    _write(folder / "slices.json", json.dumps(told, indent=0) + "\n")


def _rows_by_name(counted: Catalog) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(counted["slice"].tolist()):
        rows.setdefault(str(name), []).append(row)
    return rows


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)
