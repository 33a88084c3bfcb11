"""Campaign: all that the Snakefile may ask of the package. Loads no numpy."""

import difflib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields, replace
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from gnomon.datamodel import DATASETS, DIMENSIONS
from gnomon.errors import ConfigError
from gnomon.pipeline import STEPS
from gnomon.pipeline.campaign import CampaignOptions
from gnomon.pipeline.step import Cost, Many
from gnomon.start import SOCKET

T = TypeVar("T")

WILDCARDS = {d.name: d.pattern for d in DIMENSIONS.values()}
INSTRUMENTS = Path("config/instruments")
TARGETS = (
    "report",
    *(name for name in DATASETS if name.startswith("release_")),
    "mass_map_figure",
    "filtered_alert",
)
"""Dataset types that a whole campaign ends with; what they need is made, and nothing else."""
PLAN_VERSION = 7
"""Raised when a plan holds something else for the same exposures and options."""

MARGIN = 1.5
"""Memory asked for above what a step declares; a cost fitted to an earlier run has its own."""
WRAPPER_MB = 200
"""Memory of Snakemake's own processes around a job of a scheduler, 10^6 bytes."""
SLICE_MB = 600
"""Memory around the jobs of a slice, 10^6 bytes: as above, Snakemake with 5,000 jobs, the fork server."""
MINUTES = 5
"""Least run time asked for: schedulers refuse nothing shorter and a slow disk costs minutes."""
SLOWER = 5.0
"""How much longer than declared a job may take: another machine, several jobs on a disk."""

Graph = Mapping[str, Any]
"""The plan as the Snakefile sees it (``plan/graph.json``):

``key``       what the plan was made from; another key means plan again
``visits``    {visit: {night, band, detectors, raws, shards}} of the science exposures
``exposures`` {visit: {raws}} of the calibration exposures
``bias``, ``dark``  [visit];  ``flat``  {band: [visit]}
``patches``   {"tract/patch": {band: [visit]}}
``seasons``   {"tract/band": [MJD at which each season begins]}
``beside``    {visit: [visits that share a patch with it]}; only in slices whose ``patches`` do not name all visits
"""


class Campaign:
    """One validated config, its plan, and what each rule takes from them."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.options = campaign_options(config)
        self.root = self.options.root.rstrip("/")
        self._costs = fitted_costs(self.options.costs)
        self._params = {name: _params(name, self.options.steps.get(name, {})) for name in STEPS}

    @cached_property
    def graph(self) -> Graph:
        """The plan; made first where it is missing or was made from something else. Of a slice, its part."""
        if self.options.slice:
            return self._slice_graph()
        path, key = Path(self.root, "plan", "graph.json"), plan_key(self.options)
        graph = json.loads(path.read_text()) if path.exists() else {}
        if graph.get("key") != key:
            _make_plan(self.options)
            graph = json.loads(path.read_text())
        return dict(graph)

    def _slice_graph(self) -> Graph:
        """The part that the plan wrote for a slice; whoever starts slices has made the plan."""
        path = Path(self.root, "plan", "slices", f"{self.options.slice}.json")
        if not path.is_file():
            raise ConfigError(f"slice: there is no {path}; `python scripts/plan.py --slices` names them")
        return dict(json.loads(path.read_text()))

    @cached_property
    def patches_of_visit(self) -> dict[str, list[str]]:
        """Patches that a visit touches as ``tract/patch``, in the plan's order."""
        found: dict[str, list[str]] = {}
        for place, bands in self.graph["patches"].items():
            for visit in dict.fromkeys(v for some in bands.values() for v in some):
                found.setdefault(visit, []).append(place)
        return found

    def slices(self) -> dict[str, dict[str, Any]]:
        """What must be done before each slice, its steps, its needs, and a digest of what it and its options are."""
        if not self.graph:
            return {}
        told: dict[str, dict[str, Any]] = json.loads(Path(self.root, "plan", "slices.json").read_text())
        for one in told.values():
            options = {s: self._params[s] for s in one["steps"]}
            one["content"] += hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()
        return told

    @property
    def mark(self) -> str:
        """Path template of the mark of a slice that is done."""
        return f"{self.root}/plan/done/{{slice}}"

    def marks(self, slices: Iterable[str]) -> list[str]:
        """Marks of slices."""
        return [self.mark.format(slice=name) for name in slices]

    def slice_mem_mb(self, one: Mapping[str, Any], threads: int, attempt: int) -> int:
        """Memory that a slice asks for, 10^6 bytes: its largest job for each of its cores, and its own Snakemake."""
        jobs = round(MARGIN * float(one["mem_mb"])) * min(threads, int(one["jobs"]))
        return jobs * attempt + SLICE_MB

    def slice_runtime(self, one: Mapping[str, Any], threads: int, attempt: int) -> int:
        """Run time that a slice asks for, minutes."""
        return max(2 * MINUTES, ceil(SLOWER * float(one["cpu_s"]) / 60 / threads)) * attempt

    def start_forkserver(self) -> None:
        """Let jobs on this machine begin as forks of one process; it ends with this one. Linux only."""
        if hasattr(os, "pidfd_open"):
            os.environ[SOCKET] = path = str(Path(tempfile.mkdtemp(prefix="gnomon-"), "socket"))
            command = [sys.executable, "-m", "gnomon.forkserver", path]
            self._forkserver = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def write_config(self) -> str:
        """Path of this campaign's config with everything filled in, for the runs of the slices."""
        path, text = Path(self.root, "plan", "campaign.json"), json.dumps(asdict(self.options), indent=1)
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            temporary.write_text(text)
            temporary.replace(path)
        return str(path)

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
        """Files that a campaign ends with, or that a slice is asked for."""
        if self.options.slice:
            return [f"{self.root}/{path}" for path in self.graph["targets"]]
        return [path for target in TARGETS for path in self.every(target)]

    def every(self, dataset: str) -> list[str]:
        """All files of a dataset type that the plan has: of the campaign, of its visits, nights, tracts, patches."""
        template, axes = self.path(dataset), set(DATASETS[dataset].dimensions)
        if "patch" in axes:
            places = [place.split("/") for place in self.graph["patches"]]
            return [template.format(tract=t, patch=p) for t, p in places]
        if "tract" in axes:
            return [template.format(tract=t) for t in self.graph["tracts"]]
        if "filter" in axes:
            names = sorted(self.options.steps.get("filter_alerts", {}).get("filters", {}))
            return [template.format(night=n, filter=f) for n in self.graph["nights"] for f in names]
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
        return self._params[step]

    def resources(self, step: str) -> dict[str, Any]:
        """Memory in 10^6 bytes and run time in minutes that a job asks for, more at every attempt.

        A step that may run on several ranks has ``launch`` and ``tasks`` too: what starts it, empty without MPI,
        and how many ranks; a profile sets them.
        """
        cost, size = self._costs.get(step), self._size(step)
        margin = MARGIN if cost is None else 1.0
        cost = cost or STEPS[step].cost

        def mem_mb(wildcards: Any, input: Any, attempt: int) -> int:  # noqa: ANN401
            need = cost.mem_mb + cost.mem_mb_per_input * size(wildcards, input)
            return round(margin * need * (1 << (attempt - 1))) + WRAPPER_MB

        def runtime(wildcards: Any, input: Any, attempt: int) -> int:  # noqa: ANN401
            need = cost.cpu_s + cost.cpu_s_per_input * size(wildcards, input)
            return max(MINUTES, ceil(SLOWER * need / 60)) * attempt

        launch = {"launch": "", "tasks": 1} if STEPS[step].mpi else {}
        return {"mem_mb": mem_mb, "runtime": runtime, **launch}

    def _size(self, step: str) -> Callable[[Any, Any], int]:
        """What the cost of a job grows with: detectors looped over, or files read."""
        if not STEPS[step].axis:
            return lambda wildcards, input: len(input)

        def detectors(wildcards: Any, input: Any) -> int:  # noqa: ANN401
            visits, others = self.graph["visits"], self.graph["exposures"]
            visit = getattr(wildcards, "visit", None) or next(iter(visits), "")
            return len((visits.get(visit) or others.get(visit, {})).get("detectors", ()))

        return detectors

    def command(self, step: str) -> str:
        """The shell line of a rule, with Snakemake's placeholders still in it."""
        declared = STEPS[step]
        words = ["{resources.launch}"] if declared.mpi else []
        words += [f"python scripts/{step}.py --root {self.root}"]
        words += ["--ranks {resources.tasks}"] if declared.mpi else []
        words += [f"--{d} {{wildcards.{d}}}" for d in self._wildcards(step)]
        if "instrument" in DATASETS[next(iter(declared.writes.values()))].dimensions:
            words += [f"--instrument-name {self.options.instrument}"]
        words += [f"--{n.replace('_', '-')} {{input.{n}}}" for n in declared.reads]
        words += [f"--out-{n.replace('_', '-')} {{output.{n}}}" for n in declared.writes]
        words += [f"--store {self.options.store}"] * bool(self.options.store)
        return " ".join([*words, "--config {params.config:q} > {log} 2>&1"])

    def _wildcards(self, step: str) -> tuple[str, ...]:
        return tuple(d for d in STEPS[step].dimensions if d != "instrument")

    def _job_name(self, step: str) -> str:
        return "-".join(f"{{{d}}}" for d in self._wildcards(step)) or step


def campaign_file(path: str | Path, over: Iterable[str] = ()) -> dict[str, Any]:
    """What a campaign's file says, with words ``KEY=VALUE`` over it, as Snakemake takes both.

    Raises
    ------
    ConfigError
        There is no such file, or it holds no YAML with keys.
    """
    if not Path(path).is_file():
        raise ConfigError(f"there is no campaign file {path}")
    try:
        given = yaml.safe_load(Path(path).read_text()) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(given, dict):
        raise ConfigError(f"{path} holds no keys of a campaign")
    return given | {k: yaml.safe_load(v) for k, _, v in (word.partition("=") for word in over)}


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
    given = _options_by_name("steps", config.get("steps"))
    _refuse_unknown("steps", {**steps, **given}, list(STEPS))
    here = {n: _options_by_name(f"steps.{n}", options) for n, options in given.items()}
    merged = {n: {**steps.get(n, {}), **here.get(n, {})} for n in {**steps, **here}}
    return _validate(CampaignOptions, {**config, "steps": merged}, "campaign config")


def fitted_costs(file: str) -> dict[str, Cost]:
    """Costs of steps as fitted to an earlier run; none without a file.

    Raises
    ------
    ConfigError
        There is no such file.
    """
    if not file:
        return {}
    if not Path(file).is_file():
        raise ConfigError(f"costs: there is no file {file}; make it with scripts/fit_costs.py")
    known = {n: c for n, c in json.loads(Path(file).read_text()).items() if n in STEPS}
    return {n: replace(STEPS[n].cost, **c["cost"]) for n, c in known.items()}


def plan_key(options: CampaignOptions) -> str:
    """Digest of everything a plan is made from: options that shape the graph, and the files there are."""
    shape = asdict(options)
    for name in ("steps", "root", "store", "costs", "slice"):
        del shape[name]
    shape["plan_version"] = PLAN_VERSION
    shape["survey"] = options.steps.get("simulate_sky", {})
    shape["filters"] = options.steps.get("filter_alerts", {})
    shape["files"] = _listing(options.data)
    if options.refcat:
        shape["shards"] = sorted(
            os.listdir(_folder("refcat", options.refcat, "reference catalogue's shards"))
        )
    shape["instrument_file"] = (INSTRUMENTS / f"{options.instrument}.yaml").read_text()
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()


def _listing(folder: str) -> list[tuple[str, int]]:
    """Names and sizes of the files below a folder, sorted."""
    if not folder:
        return []
    below = Path(_folder("data", folder, "exposures")).rglob("*")
    return sorted((str(p.relative_to(folder)), p.stat().st_size) for p in below if p.is_file())


def _folder(option: str, folder: str, what: str) -> str:
    if not Path(folder).is_dir():
        raise ConfigError(
            f"{option}: {folder} is not a folder; give the folder of the {what} as {option}=DIR"
        )
    return folder


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


def _options_by_name(where: str, given: object) -> dict[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise ConfigError(f"{where}: found {given!r}, wanted names with their values")
    return dict(given or {})


def _refuse_unknown(where: str, given: Mapping[str, Any], known: list[str]) -> None:
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(sorted(known))}"
            raise ConfigError(f"{where}: unknown {name!r}{hint}")
