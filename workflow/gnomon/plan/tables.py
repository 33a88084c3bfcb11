"""The plan for people to read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.pipeline.step import Step, dataset_of
from gnomon.plan.changes import Rerun, ordered

_UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (0.0, "kB"))


def by_step(counted: Catalog, steps: Mapping[str, Step]) -> str:
    """Jobs, processor hours, memory and bytes of every step, with their sums."""
    rows = []
    for step in ordered(steps):
        mine = counted.take(counted["step"] == step.name)
        if len(mine):
            rows.append([step.name, *_totals(mine)])
    rows.append(["all", *_totals(counted)])
    head = ["step", "jobs", "quanta", "CPU h", "memory of a job", "written"]
    return (
        text_table(head, rows) + f"\nlongest chain of jobs: {longest_chain(counted, steps) / 3600:.2f} CPU h"
    )


def by_slice(counted: Catalog) -> str:
    """Jobs, processor hours, memory and bytes of every slice."""
    names = list(dict.fromkeys(counted["slice"].tolist()))
    rows = [[n, *_totals(counted.take(counted["slice"] == n))] for n in sorted(names)]
    return text_table(["slice", "jobs", "quanta", "CPU h", "memory of a job", "written"], rows)


def reruns(found: Sequence[Rerun]) -> str:
    """What a change would do to the jobs of each step."""
    if not found:
        return "nothing would run again"
    rows = [[r.step, str(r.rerun), str(r.dropped), str(r.jobs), r.because] for r in found]
    rows.append(["all", *(str(sum(getattr(r, n) for r in found)) for n in ("rerun", "dropped", "jobs")), ""])
    return text_table(["step", "again", "dropped", "of", "because"], rows)


def longest_chain(counted: Catalog, steps: Mapping[str, Step]) -> float:
    """CPU seconds of the longest chain of jobs, each taken as the mean of its step."""
    writers = {d: s.name for s in steps.values() for d in s.writes.values()}
    ends: dict[str, float] = {}
    for step in ordered(steps):
        mine = counted["step"] == step.name
        jobs = max(float(counted["jobs"][mine].sum()), 1.0)
        before = [ends.get(writers.get(dataset_of(w), ""), 0.0) for w in step.reads.values()]
        ends[step.name] = float(counted["cpu_s"][mine].sum()) / jobs + max(before, default=0.0)
    return max(ends.values(), default=0.0)


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; numbers to the right."""
    widths = [max(len(r[k]) for r in [head, *rows]) for k in range(len(head))]
    return "\n".join(_line(r, widths) for r in [head, *rows])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    right = [c.rjust(w) if c[:1].isdigit() else c.ljust(w) for c, w in zip(cells, widths, strict=True)]
    return "  ".join(right).rstrip()


def _totals(rows: Catalog) -> list[str]:
    """Jobs, quanta, hours, largest memory, bytes."""
    numbers: Any = np.int64(rows["jobs"].sum()), np.int64(rows["quanta"].sum())
    hours, memory = float(rows["cpu_s"].sum()) / 3600, float(rows["mem_mb"].max(initial=0.0))
    return [
        *(f"{n}" for n in numbers),
        f"{hours:.2f}",
        size_text(memory),
        size_text(float(rows["out_mb"].sum())),
    ]


def size_text(megabytes: float) -> str:
    """A size with three digits and its unit."""
    value = megabytes * 1e6
    scale, unit = next(u for u in _UNITS if value >= u[0])
    return f"{value / (scale or 1e3):.3g} {unit}"
