"""One visit through the steps of the campaign, from its raw file to its alerts."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from gnomon.containers.dataid import DataId
from gnomon.errors import ConfigError
from gnomon.job import Job, prepare
from gnomon.pipeline import STEPS
from gnomon.pipeline.step import Step, dataset_of
from gnomon.service.gathers import Gathers
from gnomon.service.warm import Warm
from gnomon.smk import Campaign

log = logging.getLogger("gnomon")

Paths = Mapping[str, list[str]]

CHAIN = (
    "isr", "calibrate_visit", "finalize_visit", "difference", "score_dia_sources", "ephemerides", "attribute",
    "associate", "dia_forced_source", "alert",
)  # fmt: skip
"""Steps of a visit, in order; those that the pipeline does not declare are left out."""

_LATE = ("orbit_catalog", "known_orbits", "astrometry_fit", "photometry_fit", "isolated_star")
"""Made by day: where one is not there yet, the visit does without. Joint fits do not have the new visit anyway."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What one stage of one visit took."""

    stage: str
    wall_s: float
    cpu_s: float
    made: bool
    """Whether anything had to be made."""


@dataclass(slots=True)
class Chain:
    """The steps, ready to run: imported, with what many visits share held in memory."""

    campaign: Campaign
    gathers: Gathers
    warm: Warm
    threads: int = 1
    _functions: dict[str, Callable[..., Any]] = field(init=False)

    def __post_init__(self) -> None:
        modules = {n: import_module(f"gnomon.steps.{n}") for n in CHAIN if n in STEPS}
        self._functions = {n: getattr(m, n) for n, m in modules.items()}

    def run(self, visit: str) -> list[Timing]:
        """All stages of a visit; those whose products are there are not made again.

        Raises
        ------
        ConfigError
            Something is missing that no stage makes, such as a master or a template.
        """
        return [self._stage(STEPS[name], visit) for name in self._functions]

    def _stage(self, step: Step, visit: str) -> Timing:
        wall, cpu, made = time.perf_counter(), time.process_time(), False
        for tokens in self._jobs(step, visit):
            inputs = self._inputs(step, tokens)
            outputs = {n: p.format(**tokens) for n, p in self.campaign.writes(step.name).items()}
            if _due(step, inputs, outputs):
                said = self._job(step, tokens, inputs, outputs).perform(self._functions[step.name])
                log.debug("%s %s: %s", step.name, " ".join(tokens.values()), said)
                made = True
        return Timing(step.name, time.perf_counter() - wall, time.process_time() - cpu, made)

    def _jobs(self, step: Step, visit: str) -> Iterator[dict[str, str]]:
        """Wildcards of the jobs of a step that a visit calls for."""
        if step.dimensions == ("visit",):
            yield {"visit": visit}
        elif step.dimensions == ("night",):
            yield {"night": self.campaign.graph["visits"][visit]["night"]}
        else:
            for place in self.campaign.patches_of_visit[visit]:
                yield dict(zip(("tract", "patch"), place.split("/"), strict=True))

    def _inputs(self, step: Step, tokens: Mapping[str, str]) -> dict[str, list[str]]:
        given = self.gathers.inputs(step.name, tokens)
        return {n: self._there(dataset_of(want), given[n]) for n, want in step.reads.items()}

    def _job(self, step: Step, tokens: Mapping[str, str], inputs: Paths, outputs: Mapping[str, str]) -> Job:
        config: Any = TypeAdapter(step.config).validate_json(self.campaign.params(step.name)["config"])
        return prepare(
            step, DataId.of(tokens), config, inputs, outputs, self.campaign.root, self.threads,
            self.warm.read, self.warm.digest,
        )  # fmt: skip

    def _there(self, dataset: str, paths: list[str]) -> list[str]:
        """The files of a gather; of what visits make, those of the visits so far."""
        if dataset in made_by_visits() or dataset in _LATE:
            return [p for p in paths if Path(p).exists()]
        for path in paths:
            if not Path(path).exists():
                raise ConfigError(f"no such file: {path}; make it before the night: snakemake {path}")
        return paths


def made_by_visits() -> frozenset[str]:
    """Dataset types that the chain makes."""
    return frozenset(d for n in CHAIN if n in STEPS for d in STEPS[n].writes.values())


def shared_by_visits() -> frozenset[str]:
    """Dataset types that the chain reads and does not make."""
    read = {dataset_of(w) for n in CHAIN if n in STEPS for w in STEPS[n].reads.values()}
    return frozenset(read - made_by_visits() - {"raw", *_LATE, "instrument"})


def _due(step: Step, inputs: Paths, outputs: Mapping[str, str]) -> bool:
    """Whether a product is missing, or, of what gathers visits, older than an input."""
    made = [Path(p) for p in outputs.values()]
    if not all(p.exists() for p in made):
        return True
    if step.dimensions == ("visit",):
        return False
    oldest = min(p.stat().st_mtime_ns for p in made)
    return any(Path(p).stat().st_mtime_ns > oldest for some in inputs.values() for p in some)
