"""What a campaign's jobs took: a page beside the benchmark files, which are no products and may hold a clock.

Run it as ``python -m gnomon.costs ROOT``; it prints the path of the page.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gnomon.algorithms.report.html import Cell, paragraph, table
from gnomon.algorithms.report.page import bare_page
from gnomon.errors import ConfigError
from gnomon.io.atomic import replacing
from gnomon.io.catalogs import read_catalog


@dataclass(frozen=True, slots=True)
class Spent:
    """What one job took, as Snakemake measured it."""

    step: str
    """Its step."""
    wall_s: float
    """From start to end, seconds."""
    cpu_s: float
    """Of all its threads, seconds; short jobs are sampled once a second and come out too low."""
    memory_mb: float
    """Largest resident memory, 2^20 bytes."""


def spent_in(folder: Path) -> Iterator[Spent]:
    """Jobs of ``<root>/benchmark``, step by step."""
    for path in sorted(folder.glob("*/*.tsv")):
        with path.open() as file:
            for row in csv.DictReader(file, delimiter="\t"):
                yield Spent(path.parent.name, *(_number(row[n]) for n in ("s", "cpu_time", "max_rss")))


def _number(text: str) -> float:
    """What was not measured counts as nothing."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def costs_page(spent: Sequence[Spent], foretold_cpu_s: Mapping[str, float]) -> str:
    """Jobs, seconds and memory by step, the costliest first, beside what the plan foretold."""
    steps = {s.step: [t for t in spent if t.step == s.step] for s in spent}
    rows = [_row(name, jobs, foretold_cpu_s) for name, jobs in steps.items()]
    rows.sort(key=lambda row: (-float(row[3]), str(row[0])))
    total, wall = sum(s.cpu_s for s in spent), sum(s.wall_s for s in spent)
    lead = f"{len(spent)} jobs, {total / 60:.1f} CPU minutes, {wall / 60:.1f} minutes of jobs end to end."
    head = ["step", "jobs", "wall, s", "CPU, s", "CPU foretold, s", "longest job, s", "largest memory, MB"]
    return bare_page("What the jobs took", paragraph(lead) + table(head, rows))


def _row(name: str, jobs: Sequence[Spent], foretold: Mapping[str, float]) -> list[Cell]:
    wall, cpu = sum(j.wall_s for j in jobs), sum(j.cpu_s for j in jobs)
    longest, memory = max(j.wall_s for j in jobs), max(j.memory_mb for j in jobs)
    plan = f"{foretold[name]:.0f}" if name in foretold else "–"
    return [name, len(jobs), f"{wall:.0f}", f"{cpu:.1f}", plan, f"{longest:.1f}", f"{memory:.0f}"]


def write_costs(root: Path) -> Path:
    """Write ``<root>/benchmark/cost.html`` from the benchmark files below it and the plan.

    Raises
    ------
    ConfigError
        There is no benchmark file.
    """
    spent = list(spent_in(root / "benchmark"))
    if not spent:
        raise ConfigError(f"no benchmark files below {root / 'benchmark'}: is {root} the root of a campaign?")
    target, plan = root / "benchmark" / "cost.html", root / "plan" / "quanta.parquet"
    foretold: dict[str, float] = {}
    if plan.exists():
        counted = read_catalog(plan, ["step", "cpu_s"])
        for name, seconds in zip(counted["step"], counted["cpu_s"], strict=True):
            foretold[name] = foretold.get(name, 0.0) + float(seconds)
    with replacing(target) as temporary:
        temporary.write_text(costs_page(spent, foretold))
    return target


def main() -> None:
    """Write the page of one campaign."""
    parser = argparse.ArgumentParser(prog="gnomon.costs", description=__doc__)
    parser.add_argument("root", type=Path, help="folder of the campaign's products")
    try:
        sys.stdout.write(f"{write_costs(parser.parse_args().root)}\n")
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
