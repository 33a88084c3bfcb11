"""Campaign: all that the Snakefile may ask of the package. Loads no numpy."""

import difflib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from gnomon.datamodel import DATASETS, DIMENSIONS
from gnomon.errors import ConfigError
from gnomon.pipeline import STEPS
from gnomon.pipeline.campaign import CampaignOptions
from gnomon.pipeline.step import Many

T = TypeVar("T")

WILDCARDS = {d.name: d.pattern for d in DIMENSIONS.values()}
INSTRUMENTS = Path("config/instruments")
TARGETS = (
    "report",
    *(name for name in DATASETS if name.startswith("release_")),
    "dia_source",
    "orbit_catalog",
)
"""Dataset types that a whole campaign ends with; what they need is made, and nothing else."""
PLAN_VERSION = 5
"""Raised when a plan holds something else for the same exposures and options."""

Graph = Mapping[str, Any]
"""The plan as the Snakefile sees it (``plan/graph.json``):

``key``       what the plan was made from; another key means plan again
``visits``    {visit: {night, band, detectors, raws, shards}} of the science exposures
``exposures`` {visit: {raws}} of the calibration exposures
``bias``, ``dark``  [visit];  ``flat``  {band: [visit]}
``patches``   {"tract/patch": {band: [visit]}}
``seasons``   {"tract/band": [MJD at which each season begins]}
"""


class Campaign:
    """One validated config, its plan, and what each rule takes from them."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.options = campaign_options(config)
        self.root = self.options.root.rstrip("/")
        self._params = {name: _params(name, self.options.steps.get(name, {})) for name in STEPS}

    @cached_property
    def graph(self) -> Graph:
        """The plan; made first where it is missing or was made from something else."""
        path, key = Path(self.root, "plan", "graph.json"), plan_key(self.options)
        graph = json.loads(path.read_text()) if path.exists() else {}
        if graph.get("key") != key:
            _make_plan(self.options)
            graph = json.loads(path.read_text())
        return dict(graph)

    def path(self, dataset: str) -> str:
        """Path template of a dataset type, one wildcard per dimension."""
        found = DATASETS[dataset]
        template = found.template if found.external else f"{self.root}/{found.template}"
        return template.replace("{instrument}", self.options.instrument)

    def reads(self, step: str) -> dict[str, str]:
        """One-file inputs of a step; the rule itself says what a gathered input gathers."""
        return {n: self.path(d) for n, d in STEPS[step].reads.items() if not isinstance(d, Many)}

    def writes(self, step: str) -> dict[str, str]:
        """Outputs of a step by name."""
        return {n: self.path(d) for n, d in STEPS[step].writes.items()}

    def targets(self) -> list[str]:
        """Files that a whole campaign ends with."""
        return [path for target in TARGETS for path in self.every(target)]

    def every(self, dataset: str) -> list[str]:
        """All files of a dataset type that the plan has: of the campaign, of its visits, nights, tracts, patches."""
        template, axes = self.path(dataset), set(DATASETS[dataset].dimensions)
        if "patch" in axes:
            places = [place.split("/") for place in self.graph["patches"]]
            return [template.format(tract=t, patch=p) for t, p in places]
        if "tract" in axes:
            return [template.format(tract=t) for t in self.graph["tracts"]]
        if "night" in axes:
            return [template.format(night=n) for n in self.graph["nights"]]
        return [template.format(visit=v) for v in self.graph["visits"]] if "visit" in axes else [template]

    def log(self, step: str) -> str:
        """Path of a job's log."""
        return f"{self.root}/log/{step}/{self._job_name(step)}.log"

    def benchmark(self, step: str) -> str:
        """Path of a job's time and memory, as Snakemake measures them."""
        return f"{self.root}/benchmark/{step}/{self._job_name(step)}.tsv"

    def params(self, step: str) -> dict[str, Any]:
        """What reruns a step when it changes: its config with defaults filled in, and its version."""
        launch = {"launch": _launch} if STEPS[step].mpi else {}
        return {**self._params[step], **launch}

    def resources(self, step: str) -> dict[str, int]:
        """Memory in 10^6 bytes and run time in minutes that a job asks for, and its MPI ranks.

        A profile that sets a rule's ``mpi`` (the launcher) and ``tasks`` (the ranks) runs it on several.
        """
        cost = STEPS[step].cost
        tasks = {"tasks": 1} if STEPS[step].mpi else {}
        return {"mem_mb": round(1.5 * cost.mem_mb), "runtime": max(5, round(cost.cpu_s / 10)), **tasks}

    def command(self, step: str) -> str:
        """The shell line of a rule, with Snakemake's placeholders still in it."""
        declared = STEPS[step]
        words = ["{params.launch}"] if declared.mpi else []
        words += [f"python scripts/{step}.py --root {self.root}"]
        words += ["--ranks {resources.tasks}"] if declared.mpi else []
        words += [f"--{d} {{wildcards.{d}}}" for d in self._wildcards(step)]
        if "instrument" in DATASETS[next(iter(declared.writes.values()))].dimensions:
            words += [f"--instrument-name {self.options.instrument}"]
        words += [f"--{n.replace('_', '-')} {{input.{n}}}" for n in declared.reads]
        words += [f"--out-{n.replace('_', '-')} {{output.{n}}}" for n in declared.writes]
        return " ".join([*words, "--config {params.config:q} > {log} 2>&1"])

    def _wildcards(self, step: str) -> tuple[str, ...]:
        return tuple(d for d in STEPS[step].dimensions if d != "instrument")

    def _job_name(self, step: str) -> str:
        return "-".join(f"{{{d}}}" for d in self._wildcards(step)) or step


def _launch(wildcards: Any, resources: Any) -> str:  # noqa: ANN401
    """What starts a job's ranks; nothing where it has no launcher. Snakemake does not record it: no rerun."""
    return f"{resources.mpi} -n {resources.tasks}" if resources.get("mpi") else ""


def campaign_options(config: Mapping[str, Any]) -> CampaignOptions:
    """Campaign file over the instrument's options; the defaults are the dataclasses' own.

    Raises
    ------
    ConfigError
        An unknown key, step or instrument, or a value out of its bounds; names the nearest known one.
    """
    known = [f.name for f in fields(CampaignOptions)]
    _refuse_unknown("campaign config", config, known)
    steps = _instrument_steps(str(config.get("instrument", "")))
    given = config.get("steps") or {}
    _refuse_unknown("steps", {**steps, **given}, list(STEPS))
    merged = {n: {**steps.get(n, {}), **(given.get(n) or {})} for n in {**steps, **given}}
    return _validate(CampaignOptions, {**config, "steps": merged}, "campaign config")


def plan_key(options: CampaignOptions) -> str:
    """Digest of everything a plan is made from: options that shape the graph, and the files there are."""
    shape = asdict(options)
    for name in ("steps", "root"):
        del shape[name]
    shape["plan_version"] = PLAN_VERSION
    shape["survey"] = options.steps.get("simulate_sky", {})
    shape["files"] = _listing(options.data)
    shape["instrument_file"] = (INSTRUMENTS / f"{options.instrument}.yaml").read_text()
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()


def _listing(folder: str) -> list[tuple[str, int]]:
    """Names and sizes of the files below a folder, sorted."""
    if not folder:
        return []
    if not Path(folder).is_dir():
        raise ConfigError(f"data: {folder} is not a folder; give the folder of the exposures as data=DIR")
    return sorted(
        (str(p.relative_to(folder)), p.stat().st_size) for p in Path(folder).rglob("*") if p.is_file()
    )


def _instrument_steps(instrument: str) -> dict[str, dict[str, Any]]:
    """Step options that an instrument's file sets."""
    path = INSTRUMENTS / f"{instrument}.yaml"
    if not path.exists():
        known = sorted(p.stem for p in INSTRUMENTS.glob("*.yaml"))
        raise ConfigError(f"instrument: no file {path}; known instruments: {', '.join(known)}")
    found = yaml.safe_load(path.read_text()).get("steps") or {}
    return dict(found)


def _make_plan(options: CampaignOptions) -> None:
    """Run the planner in a process of its own, so that this one stays light."""
    command = [sys.executable, "-m", "gnomon.plan", "--campaign", json.dumps(asdict(options))]
    done = subprocess.run(command, env={**os.environ}, stdout=sys.stderr, check=False)
    if done.returncode:
        raise ConfigError("the plan could not be made; the reason stands above")


def _params(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    step = STEPS[name]
    _refuse_unknown(f"steps.{name}", given, [f.name for f in fields(step.config)])
    value: Any = _validate(step.config, given, f"steps.{name}")
    return {"config": json.dumps(asdict(value), sort_keys=True), "version": step.version}


def _validate(kind: type[T], given: Mapping[str, Any], where: str) -> T:
    try:
        return TypeAdapter(kind).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(p) for p in first["loc"])
        raise ConfigError(f"{where}: {place}: {first['msg']} (found {first['input']!r})") from None


def _refuse_unknown(where: str, given: Mapping[str, Any], known: list[str]) -> None:
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(sorted(known))}"
            raise ConfigError(f"{where}: unknown {name!r}{hint}")
