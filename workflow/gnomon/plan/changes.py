"""What a change would invalidate, and why."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.errors import ConfigError
from gnomon.pipeline.campaign import CampaignOptions
from gnomon.pipeline.step import Step, dataset_of
from gnomon.plan.census import Census
from gnomon.plan.grains import COADD, EXPOSURE, NIGHT, PATCH, PATCH_BAND, TRACT, VISIT, grain_of, step_grain
from gnomon.smk import Campaign

Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rerun:
    """What becomes of the jobs of one step."""

    step: str
    rerun: int
    """Jobs that would run again."""
    dropped: int
    """Jobs that there would no longer be."""
    jobs: int
    """Jobs of the plan as it is."""
    because: str
    """One sentence."""


def withdraw(steps: Mapping[str, Step], units: Census, visit: int) -> list[Rerun]:
    """Jobs that a visit's withdrawal touches.

    Raises
    ------
    ConfigError
        There is no such science visit.
    """
    found = np.flatnonzero(np.concatenate([units.visit, units.calibrations]) == visit)
    if not len(found):
        raise ConfigError(f"there is no visit {visit} to withdraw")
    return _spread(steps, units, _gone(units, int(found[0])), {}, f"visit {visit} is gone")


def _gone(units: Census, exposure: int) -> dict[str, Truth]:
    """Units of every grain that there would not be without one exposure."""
    gone = {EXPOSURE: np.arange(units.size(EXPOSURE)) == exposure}
    if exposure >= len(units.visit):
        return gone
    gone[VISIT] = gone[EXPOSURE][: len(units.visit)]
    for grain in (NIGHT, COADD, PATCH_BAND, PATCH, TRACT):
        source, target = units.pairs(VISIT, grain)
        gone[grain] = units.fan(VISIT, grain) == 1
        gone[grain] &= np.bincount(target[source == exposure], minlength=units.size(grain)) > 0
    return gone


def change(steps: Mapping[str, Step], units: Census, changed: Mapping[str, str]) -> list[Rerun]:
    """Jobs that run again when steps change; ``changed`` says why, by step."""
    return _spread(steps, units, {}, changed, "")


def changed_steps(options: CampaignOptions, assignment: str) -> dict[str, str]:
    """Steps that an option's new value changes, and why: ``STEP.OPTION=VALUE``, the value in JSON.

    Raises
    ------
    ConfigError
        Not of that form, or there is no such option, or the value cannot be.
    """
    place, _, text = assignment.partition("=")
    step, _, option = place.partition(".")
    if not (step and option and text):
        raise ConfigError(f"wanted STEP.OPTION=VALUE or withdraw VISIT, found {assignment!r}")
    given = {**options.steps.get(step, {}), option: _value(text)}
    new = _params(options, {**options.steps, step: given}, step)
    was = _params(options, options.steps, step)
    old = json.dumps(json.loads(was["config"])[option])
    return {} if was == new else {step: f"{place} was {old}, would be {text}"}


def _params(options: CampaignOptions, steps: Mapping[str, Any], step: str) -> dict[str, Any]:
    whole = {"campaign": options.campaign, "instrument": options.instrument, "steps": steps}
    return Campaign(whole).params(step)


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _spread(
    steps: Mapping[str, Step],
    units: Census,
    gone: Mapping[str, Truth],
    changed: Mapping[str, str],
    why: str,
) -> list[Rerun]:
    """Follow a change from product to product; steps in the order of their data."""
    touched: dict[str, Truth] = {}
    reasons: dict[str, str] = dict(changed)
    found = []
    for step in ordered(steps):
        grain = step_grain(step)
        none = np.zeros(units.size(grain), np.bool_)
        dropped = gone.get(grain, none)
        redo = np.ones_like(none) if step.name in changed else none.copy()
        for dataset in map(dataset_of, step.reads.values()):
            reached = _reach(touched, dataset, grain, units)
            if reached.any():
                reasons.setdefault(step.name, f"it reads {dataset}")
                redo |= reached
        redo &= ~dropped
        if redo.any() or dropped.any():
            reason = reasons.get(step.name, why)
            found.append(Rerun(step.name, int(redo.sum()), int(dropped.sum()), len(none), reason))
        for dataset in step.writes.values():
            touched[dataset] = redo | dropped
    return found


def _reach(touched: Mapping[str, Truth], dataset: str, grain: str, units: Census) -> Truth:
    """Units of a grain that read a touched file of a dataset."""
    reached = np.zeros(units.size(grain), np.bool_)
    if dataset in touched and touched[dataset].any():
        source, target = units.pairs(grain_of(dataset), grain)
        reached[target[touched[dataset][source]]] = True
    return reached


def ordered(steps: Mapping[str, Step]) -> list[Step]:
    """Steps so that a dataset's writer comes before its readers; a step may read its own product."""
    writers = {d: s.name for s in steps.values() for d in s.writes.values()}
    order: dict[str, Step] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        for dataset in map(dataset_of, steps[name].reads.values()):
            maker = writers.get(dataset, name)
            if maker not in order and maker not in (*above, name):
                visit(maker, (*above, name))
        order.setdefault(name, steps[name])

    for name in steps:
        visit(name, ())
    return list(order.values())
