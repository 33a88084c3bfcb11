"""Which steps a campaign has: what its targets need; no truth, no check of it; no bias frames, no master bias."""

from collections.abc import Mapping

from gnomon.containers.catalog import Catalog
from gnomon.pipeline import simulation
from gnomon.pipeline.step import Many, Step, dataset_of
from gnomon.smk import TARGETS

_MASTER_OF = {"bias": "master_bias", "dark": "master_dark", "flat": "master_flat"}
"""Dataset made from each kind of calibration exposure."""


def active(
    steps: Mapping[str, Step], table: Catalog, simulated: bool, filtered: bool = False
) -> dict[str, Step]:
    """The steps that have jobs.

    Parameters
    ----------
    steps
        All that are declared.
    table
        Schema `visit_detector`, for the kinds of exposures there are.
    simulated
        Whether the exposures are to be simulated.
    filtered
        Whether there are named alert filters.
    """
    missing = _missing(set(table["obstype"].tolist())) | (set() if filtered else {"filtered_alert"})
    if not simulated:
        missing |= {d for s in simulation.STEPS for d in s.writes.values()} - {"raw"}
    left, before = dict(steps), -1
    if not simulated:
        left = {n: s for n, s in left.items() if n not in {m.name for m in simulation.STEPS}}
    while len(left) != before:
        before = len(left)
        left = {n: s for n, s in left.items() if not _starved(s, missing)}
        missing |= {d for n, s in steps.items() if n not in left for d in s.writes.values()} - {"raw"}
    return _wanted(left, set(TARGETS))


def _wanted(steps: Mapping[str, Step], datasets: set[str]) -> dict[str, Step]:
    """Steps that make the datasets, or something that another such step reads."""
    found: dict[str, Step] = {}
    while True:
        more = {n: s for n, s in steps.items() if n not in found and datasets & set(s.writes.values())}
        if not more:
            return {n: s for n, s in steps.items() if n in found}
        found |= more
        datasets |= {dataset_of(d) for s in more.values() for d in s.reads.values()}


def _missing(kinds: set[str]) -> set[str]:
    """Masters that cannot be made; the defects need darks or flats."""
    missing = {d for kind, d in _MASTER_OF.items() if kind not in kinds}
    return missing | ({"defects"} if not kinds & {"dark", "flat"} else set())


def _starved(step: Step, missing: set[str]) -> bool:
    """Whether a product of a step cannot be, or something that it cannot do without."""
    needed = {d for d in step.reads.values() if not isinstance(d, Many)}
    return bool(missing & {*step.writes.values(), *needed})
