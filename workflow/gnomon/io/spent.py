"""What the jobs of a campaign took: from their logs, and from the benchmark files of Snakemake."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TOLD = re.compile(r", ([\d.]+) CPU s, (\d+) MB$")


@dataclass(frozen=True, slots=True)
class Spent:
    """What one job took."""

    step: str
    """Its step."""
    name: str
    """The job among those of its step: its wildcards."""
    ended: float
    """When its process ended, seconds since 1970."""
    wall_s: float
    """From the start of its process to the end, seconds."""
    cpu_s: float
    """Inside the step, seconds; NaN where nothing is known."""
    memory_mb: float
    """Largest resident memory, 10^6 bytes; NaN where nothing is known."""


def spent_in(root: Path) -> Iterator[Spent]:
    """Jobs with a file in ``<root>/benchmark``, step by step.

    A step writes the last line of its log itself, exactly; what Snakemake measured is taken where it has not: that
    is sampled, nothing at all for short jobs, and does not see forks of the fork server.
    """
    for path in sorted((root / "benchmark").glob("*/*.tsv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                cpu, memory = _logged(root / "log" / path.parent.name / f"{path.stem}.log") or (
                    _number(row["cpu_time"]),
                    _number(row["max_rss"]) * 1.048576,
                )
                ended = path.stat().st_mtime
                yield Spent(path.parent.name, path.stem, ended, _number(row["s"]), cpu, memory)


def _logged(log: Path) -> tuple[float, float] | None:
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    found = _TOLD.search(lines[-1]) if lines else None
    return (float(found[1]), float(found[2])) if found else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
