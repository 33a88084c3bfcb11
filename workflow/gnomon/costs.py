"""What a campaign's jobs took: a page beside the benchmark files, which are no products and may hold a clock.

Run it as ``python -m gnomon.costs ROOT``; it prints the path of the page.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from pathlib import Path

from gnomon.algorithms.report.html import Cell, paragraph, table
from gnomon.algorithms.report.page import bare_page
from gnomon.errors import ConfigError
from gnomon.io.atomic import replacing
from gnomon.io.catalogs import read_catalog
from gnomon.io.spent import Spent, spent_in


def costs_page(spent: Sequence[Spent], foretold_cpu_s: Mapping[str, float], cores: int) -> str:
    """Jobs, seconds and memory by step, the costliest first, beside what the plan foretold."""
    steps = {s.step: [t for t in spent if t.step == s.step] for s in spent}
    rows = [_row(name, jobs, foretold_cpu_s) for name, jobs in steps.items()]
    rows.sort(key=lambda row: (-float(row[3]), str(row[0])))
    head = ["step", "jobs", "wall, s", "CPU, s", "CPU foretold, s", "longest job, s", "largest memory, MB"]
    return bare_page("What the jobs took", paragraph(where_the_time_went(spent, cores)) + table(head, rows))


def where_the_time_went(spent: Sequence[Spent], cores: int) -> str:
    """The wall time of all cores, from the first job's start to the last one's end, in three parts."""
    span = max(s.ended for s in spent) - min(s.ended - s.wall_s for s in spent)
    inside, wall, whole = _total(s.cpu_s for s in spent), _total(s.wall_s for s in spent), span * cores
    around, between = wall - inside, whole - wall
    return (
        f"{len(spent)} jobs in {span / 60:.1f} minutes on {cores} cores. Of {whole / 60:.1f} minutes of cores "
        f"{inside / 60:.1f} ({inside / whole:.0%}) were computed inside steps; "
        f"{around / 60:.1f} ({around / whole:.0%}) "
        f"passed in jobs without that: starting, waiting for the disk or for a core; {between / 60:.1f} "
        f"({between / whole:.0%}) between jobs: Snakemake, and cores without a job that could start."
    )


def _total(values: Iterable[float]) -> float:
    """Sum of what is known."""
    return sum(v for v in values if not isnan(v))


def _row(name: str, jobs: Sequence[Spent], foretold: Mapping[str, float]) -> list[Cell]:
    wall, cpu = _total(j.wall_s for j in jobs), _total(j.cpu_s for j in jobs)
    longest = max(j.wall_s for j in jobs)
    memory = max((j.memory_mb for j in jobs if not isnan(j.memory_mb)), default=0.0)
    plan = f"{foretold[name]:.0f}" if name in foretold else "–"
    return [name, len(jobs), f"{wall:.0f}", f"{cpu:.1f}", plan, f"{longest:.1f}", f"{memory:.0f}"]


def write_costs(root: Path, cores: int = 2) -> Path:
    """Write ``<root>/benchmark/cost.html`` from the benchmark files and logs below it and the plan.

    ``cores`` is the number that the campaign had.

    Raises
    ------
    ConfigError
        There is no benchmark file.
    """
    spent = list(spent_in(root))
    if not spent:
        raise ConfigError(f"no benchmark files below {root / 'benchmark'}: is {root} the root of a campaign?")
    target, plan = root / "benchmark" / "cost.html", root / "plan" / "quanta.parquet"
    foretold: dict[str, float] = {}
    if plan.exists():
        counted = read_catalog(plan, ["step", "cpu_s"])
        for name, seconds in zip(counted["step"], counted["cpu_s"], strict=True):
            foretold[name] = foretold.get(name, 0.0) + float(seconds)
    with replacing(target) as temporary:
        temporary.write_text(costs_page(spent, foretold, cores))
    return target


def main() -> None:
    """Write the page of one campaign."""
    parser = argparse.ArgumentParser(prog="gnomon.costs", description=__doc__)
    parser.add_argument("root", type=Path, help="folder of the campaign's products")
    parser.add_argument("--cores", type=int, default=2, help="cores that the campaign had")
    args = parser.parse_args()
    try:
        sys.stdout.write(f"{write_costs(args.root, args.cores)}\n")
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
