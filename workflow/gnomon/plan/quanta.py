"""Jobs of every step, and what they take: processor time, memory, bytes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog
from gnomon.pipeline.step import Many, Step, dataset_of
from gnomon.plan.census import Census
from gnomon.plan.grains import COADD, EXPOSURE, PATCH, PATCH_BAND, VISIT, grain_of, step_grain
from gnomon.plan.slices import Slices

I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StepCount:
    """Jobs of one step, unit by unit of its grain."""

    step: Step
    grain: str
    inputs: I8
    """(njob,) detectors looped over, or files gathered, at least 1."""
    quanta: I8
    """(njob,) units of the classical kind inside a job: a detector, or a visit's warp."""


def count(step: Step, units: Census) -> StepCount:
    """Jobs of a step and their sizes."""
    grain = step_grain(step)
    inputs = np.maximum(_inputs(step, grain, units), 1)
    warps = bool(step.axis) or grain in (PATCH, PATCH_BAND, COADD)
    return StepCount(step, grain, inputs, inputs if warps else np.ones_like(inputs))


def _inputs(step: Step, grain: str, units: Census) -> I8:
    if step.axis and grain == VISIT:
        return units.n_detectors.astype(np.int64)
    if step.axis and grain != EXPOSURE:
        return np.full(units.size(grain), units.n_detectors.max(initial=1), np.int64)
    gathered = [grain_of(dataset_of(w)) for w in step.reads.values() if isinstance(w, Many)]
    total = np.zeros(units.size(grain), np.int64)
    for source in gathered:
        total += units.fan(source, grain)
    return total


def quanta(steps: Mapping[str, Step], units: Census, slices: Slices) -> Catalog:
    """One row for every slice and step: jobs, quanta, and what they are predicted to take.

    Columns: slice, step, jobs, quanta, inputs, cpu_s (sum), mem_mb (of the largest job), out_mb (sum).
    """
    parts = [_rows(count(step, units), slices) for step in steps.values()]
    names = parts[0].keys() if parts else ()
    return Catalog({n: np.concatenate([p[n] for p in parts]) for n in names})


def _rows(counted: StepCount, slices: Slices) -> dict[str, npt.NDArray[np.generic]]:
    """Sums over the jobs of each slice."""
    place, n = slices.places[counted.step.name], len(slices.names)
    cost, inputs = counted.step.cost, counted.inputs.astype(np.float64)
    jobs = np.bincount(place, minlength=n)
    used = np.flatnonzero(jobs)
    largest = np.zeros(n, np.int64)
    np.maximum.at(largest, place, counted.inputs)
    total = np.bincount(place, inputs, n)[used]
    return {
        "slice": np.array(slices.names, object)[used],
        "step": np.full(len(used), counted.step.name, object),
        "jobs": jobs[used],
        "quanta": np.bincount(place, counted.quanta, n)[used].astype(np.int64),
        "inputs": total.astype(np.int64),
        "cpu_s": jobs[used] * cost.cpu_s + total * cost.cpu_s_per_input,
        "mem_mb": cost.mem_mb + largest[used] * cost.mem_mb_per_input,
        "out_mb": total * cost.out_mb,
    }
