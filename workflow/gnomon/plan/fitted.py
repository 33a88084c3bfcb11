"""What jobs take, learnt from an earlier run: straight lines in the size of a job, at a quantile."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from gnomon.datamodel import DATASETS
from gnomon.io.atomic import replacing
from gnomon.io.products import provenance_of
from gnomon.io.spent import Spent, spent_in
from gnomon.pipeline import STEPS
from gnomon.pipeline.step import Step
from gnomon.plan.tables import text_table
from gnomon.smk import MARGIN

F8 = npt.NDArray[np.float64]

QUANTILE = 0.95
"""Part of the jobs that is to fit into the first request; the others are asked for again with more."""
_FEWEST = 8
"""Jobs from which on a slope is fitted; with fewer it stays the one declared."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Jobs of one step that have run."""

    size: F8
    """(n,) detectors looped over or files read."""
    mem_mb: F8
    """(n,) peak resident memory, 10^6 bytes."""
    cpu_s: F8
    """(n,) processor seconds."""


def line_at(size: F8, value: F8, quantile: float, slope: float) -> tuple[float, float]:
    """Intercept and slope, none negative, of the line that a part of the values lies below.

    Quantile regression (Koenker & Bassett 1978, Econometrica 46, 33) as a linear program.

    Parameters
    ----------
    size, value
        (n,) of the jobs.
    quantile
        That part, between 0 and 1.
    slope
        Used where all sizes are equal or the jobs are few: then a slope cannot be learnt.
    """
    if len(size) < _FEWEST or np.ptp(size) == 0:
        return max(float(np.quantile(value - slope * size, quantile, method="higher")), 0.0), slope
    n = len(size)
    cost = np.concatenate([[0.0, 0.0], np.full(n, quantile), np.full(n, 1 - quantile)])
    rows = np.column_stack([np.ones(n), size, np.eye(n), -np.eye(n)])
    found = linprog(cost, A_eq=rows, b_eq=value, bounds=(0, None), method="highs")
    return float(found.x[0]), float(found.x[1])


def measured(root: Path) -> dict[str, Measured]:
    """The benchmarks below a root by step, with the sizes of the jobs; those without numbers are left out."""
    graph = json.loads((root / "plan" / "graph.json").read_text())
    detectors = {v: len(e["detectors"]) for v, e in {**graph["visits"], **graph["exposures"]}.items()}
    jobs: dict[str, list[tuple[float, float, float]]] = {}
    for job in spent_in(root):
        if job.step in STEPS and job.memory_mb > 0 and job.cpu_s >= 0:  # neither is NaN
            row = (_size(root, STEPS[job.step], job, detectors), job.memory_mb, job.cpu_s)
            jobs.setdefault(job.step, []).append(row)
    return {name: Measured(*np.array(jobs[name], np.float64).T) for name in STEPS if name in jobs}


def _size(root: Path, step: Step, job: Spent, detectors: Mapping[str, int]) -> float:
    """What the cost of a job grows with, as ``Campaign.resources`` counts it."""
    wildcards = [d for d in step.dimensions if d != "instrument"]
    given = dict(zip(wildcards, job.name.split("-"), strict=True)) if wildcards else {}
    return float(detectors.get(given.get("visit", ""), 0) if step.axis else _files_read(root, step, given))


def _files_read(root: Path, step: Step, given: Mapping[str, str]) -> int:
    first = DATASETS[next(iter(step.writes.values()))]
    folders = {d: "*" for d in first.dimensions if d not in given}
    product = next(root.glob(first.template.format(**given, **folders)), None)
    made_by = provenance_of(product) if product else None
    return len(made_by.inputs) if made_by else 0


def fit(jobs: Measured, step: Step, quantile: float) -> dict[str, float]:
    """Cost of a step: time at the median, memory at the quantile."""
    cpu = line_at(jobs.size, jobs.cpu_s, 0.5, step.cost.cpu_s_per_input)
    mem = line_at(jobs.size, jobs.mem_mb, quantile, step.cost.mem_mb_per_input)
    names = ("cpu_s", "cpu_s_per_input", "mem_mb", "mem_mb_per_input")
    return {n: ceil(1e4 * v) / 1e4 for n, v in zip(names, (*cpu, *mem), strict=True)}


def main(argv: Sequence[str] | None = None) -> None:
    """Write the costs of the steps that ran, print how requests and use compare."""
    parser = argparse.ArgumentParser(prog="fit_costs", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder of a campaign that has run")
    parser.add_argument("--out", type=Path, required=True, help="file for the campaign's option costs")
    parser.add_argument("--quantile", type=float, default=QUANTILE, help="part of the jobs that fits at once")
    args = parser.parse_args(argv)
    if not (args.root / "plan" / "graph.json").is_file():
        raise SystemExit(f"fit_costs: no campaign has run in {args.root}")
    if not 0 < args.quantile < 1:
        raise SystemExit(f"fit_costs: a quantile lies between 0 and 1, not at {args.quantile}")
    jobs = measured(args.root)
    costs = {n: fit(m, STEPS[n], args.quantile) for n, m in jobs.items()}
    told = {n: {"cost": c, "quantile": args.quantile, "jobs": len(jobs[n].size)} for n, c in costs.items()}
    with replacing(args.out) as temporary:
        temporary.write_text(json.dumps(told, indent=1) + "\n")
    sys.stdout.write(requests(jobs, costs) + "\n")


def requests(jobs: Mapping[str, Measured], costs: Mapping[str, Mapping[str, float]]) -> str:
    """Table of what is asked for and used: as declared and as fitted; jobs that did not fit."""
    rows = []
    for name, found in jobs.items():
        cost, new = STEPS[name].cost, costs[name]
        declared = MARGIN * (cost.mem_mb + cost.mem_mb_per_input * found.size)
        fitted = new["mem_mb"] + new["mem_mb_per_input"] * found.size
        used = np.maximum(found.mem_mb, 1.0)
        words = [f"{len(used)}", f"{used.max():.0f}"]
        for asked in (declared, fitted):
            words += [f"{np.mean(asked / used):.2f}", f"{int((asked < used).sum())}"]
        rows.append([name, *words])
    head = ["step", "jobs", "largest MB", "asked/used", "too little", "fitted/used", "too little"]
    return text_table(head, rows)
