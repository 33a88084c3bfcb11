"""One call of a step: read its inputs, run it, write its products, say what happened."""

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.provenance import Provenance
from gnomon.containers.stream import each
from gnomon.datamodel import DATASETS, DatasetType
from gnomon.errors import ConfigError, UnprocessableData
from gnomon.io import formats
from gnomon.io.provenance import digests, sha256
from gnomon.parallel import Ranks, over
from gnomon.pipeline.step import Many, Step, dataset_of

log = logging.getLogger("gnomon")

Read = Callable[[DatasetType, Path], Any]
Digest = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Job:
    """One call of a step, ready to be performed."""

    step: Step
    data_id: DataId
    config: Any
    """Of the step's own config dataclass."""
    provenance: Provenance
    inputs: Mapping[str, list[str]]
    """Paths by argument name."""
    outputs: Mapping[str, str]
    """Paths by result name."""
    threads: int = 1
    """Detectors worked on at the same time."""
    read: Read = formats.read
    """Reads one file as its container."""
    ranks: Ranks | None = None
    """The processes that share the job, of a step that may run on several."""

    def perform(self, run: Callable[..., Any]) -> str:
        """Run the step's function, write what it gives; hopeless data give valid empty products.

        Returns a few words on what was made.
        """
        return _run_parts(self, run) if self.step.axis else _run_whole(self, run)


def prepare(
    step: Step,
    data_id: DataId,
    config: Any,  # noqa: ANN401
    inputs: Mapping[str, list[str]],
    outputs: Mapping[str, str],
    root: str,
    threads: int = 1,
    read: Read = formats.read,
    digest: Digest = sha256,
    ranks: Ranks | None = None,
) -> Job:
    """A job with the provenance that its products will carry.

    Raises
    ------
    ConfigError
        An input is missing.
    """
    paths = [p for some in inputs.values() for p in some]
    for path in paths:
        if not Path(path).exists():
            raise ConfigError(f"no such file: {path}")
    canonical = json.dumps(TypeAdapter(step.config).dump_python(config), sort_keys=True)
    made_by = Provenance(step.name, step.version, canonical, digests(paths, root, digest))
    return Job(step, data_id, config, made_by, inputs, outputs, threads, read, ranks)


def _run_whole(job: Job, run: Callable[..., Any]) -> str:
    """A step that sees its job at once."""
    try:
        shared = {"over": job.ranks.over} if job.ranks is not None else {}
        result = run(**_read(job), data_id=job.data_id, config=job.config, **shared)
    except UnprocessableData as error:
        return _write_empty(job, str(error))
    for name, value in _by_name(job.step, result).items():
        value = _told(job, value) if isinstance(value, Catalog) else value
        formats.write(DATASETS[job.step.writes[name]], value, job.outputs[name], job.provenance)
    return ", ".join(f"{n} {_size(v)}" for n, v in _by_name(job.step, result).items())


def _run_parts(job: Job, run: Callable[..., Any]) -> str:
    """A step that sees one detector at a time; one bad detector never stops the others."""
    try:
        inputs = _read(job)
        numbers, failures = _numbers(job.step, inputs)
    except UnprocessableData as error:
        return _write_empty(job, str(error))

    def one(number: int) -> tuple[int, Any, str]:
        try:
            mine = {n: _part(n, v, number) if _sliced(job.step, n) else v for n, v in inputs.items()}
            data_id = replace(job.data_id, detector=number)
            return number, run(**mine, data_id=data_id, config=job.config), ""
        except UnprocessableData as error:
            log.warning("%s %s detector=%d: %s", job.step.name, job.data_id, number, error)
            return number, None, str(error)

    return _write_parts(job, over(numbers, one, job.threads), failures)


def _sliced(step: Step, name: str) -> bool:
    """Whether the step sees one part of this input at a time."""
    return DATASETS[dataset_of(step.reads[name])].axis == step.axis


def _numbers(step: Step, inputs: Mapping[str, Any]) -> tuple[list[int], dict[int, str]]:
    """Detectors of the step's first sliced input that is given, and those that had failed before."""
    lead: Any = next((v for n, v in inputs.items() if _sliced(step, n) and v != []), [])
    files = lead if isinstance(lead, list) else [lead]
    numbers = sorted({n for f in files for n in f})
    reasons = [f.empty_reason for f in files if f.empty_reason]
    if reasons and not numbers:
        raise UnprocessableData(reasons[0])
    failed = {n: r for f in files for n, r in f.failures.items() if n not in numbers}
    if not numbers and not failed:
        raise UnprocessableData("no detector is given")
    return numbers, failed


def _part(name: str, value: Any, number: int) -> Any:  # noqa: ANN401
    """One detector of an input: of a single file it must be there, of a gather those that have it."""
    if isinstance(value, list):
        return [f[number] for f in value if number in f]
    if number not in value:
        why = value.failures.get(number) or value.empty_reason or "it was never made"
        raise UnprocessableData(f"{name} has no detector {number}: {why}")
    return value[number]


def _write_parts(job: Job, results: Any, failures: dict[int, str]) -> str:  # noqa: ANN401
    """Write images part by part, then the tables of all parts together."""
    tables: dict[str, list[Catalog]] = {n: [] for n in job.step.writes}
    made = 0
    with ExitStack() as stack:
        writers = {
            n: stack.enter_context(formats.parts_writer(DATASETS[d], job.outputs[n], job.provenance))
            for n, d in job.step.writes.items()
            if DATASETS[d].axis
        }
        for number, result, reason in results:
            if reason:
                failures[number] = reason
                continue
            made += 1
            for name, value in _by_name(job.step, result).items():
                writers[name].add(number, value) if name in writers else tables[name].append(value)
        for number, reason in sorted(failures.items()):
            for writer in writers.values():
                writer.fail(number, reason)
    for name in set(job.step.writes) - set(writers):
        _write_tables(job, name, tables[name], failures)
    return f"{made} detectors made, {len(failures)} failed"


def _write_tables(job: Job, name: str, parts: list[Catalog], failures: Mapping[int, str]) -> None:
    dataset = DATASETS[job.step.writes[name]]
    if not parts:
        reason = "; ".join(f"detector {n}: {r}" for n, r in sorted(failures.items())) or "no detectors"
        meta = {**_failures_meta(failures), "data_id": str(job.data_id)}
        formats.write_empty(dataset, reason, job.outputs[name], job.provenance, meta)
        return
    whole = _told(job, concatenate(parts))
    whole = Catalog(whole.columns, {**whole.meta, **_notes_meta(parts), **_failures_meta(failures)})
    formats.write(dataset, whole, job.outputs[name], job.provenance)


def _told(job: Job, table: Catalog) -> Catalog:
    """The table with its data id, and where it has no row and no reason for it, with one."""
    why = {} if len(table) or "empty_reason" in table.meta else {"empty_reason": "nothing was found"}
    return Catalog(table.columns, {**table.meta, **why, "data_id": str(job.data_id)})


def _failures_meta(failures: Mapping[int, str]) -> dict[str, str]:
    return {"failures": json.dumps({str(n): r for n, r in sorted(failures.items())})} if failures else {}


def _notes_meta(parts: list[Catalog]) -> dict[str, str]:
    """What the parts say of themselves, each word once."""
    notes = dict.fromkeys(str(p.meta["note"]) for p in parts if p.meta.get("note"))
    return {"note": "; ".join(notes)} if notes else {}


def _write_empty(job: Job, reason: str) -> str:
    for name, dataset in job.step.writes.items():
        meta = {"data_id": str(job.data_id)}
        formats.write_empty(DATASETS[dataset], reason, job.outputs[name], job.provenance, meta)
    log.warning("%s %s: empty: %s", job.step.name, job.data_id, reason)
    return "empty product"


def _read(job: Job) -> dict[str, Any]:
    """All inputs by name; images stay unread until a part is asked for."""
    values: dict[str, Any] = {}
    for name, want in job.step.reads.items():
        dataset = DATASETS[dataset_of(want)]
        if isinstance(want, Many) and want.view:
            dataset = replace(dataset, container=want.view)
        paths = job.inputs[name]
        if dataset.container == "Raw":
            values[name] = formats.open_raw(paths, values["instrument"], job.data_id)
        elif isinstance(want, Many) and want.stream:
            values[name] = each(paths, partial(_one, job, dataset))
        elif isinstance(want, Many):
            values[name] = [job.read(dataset, Path(p)) for p in paths]
        else:
            values[name] = job.read(dataset, Path(paths[0]))
    return values


def _one(job: Job, dataset: DatasetType, path: str) -> Any:  # noqa: ANN401
    return job.read(dataset, Path(path))


def _by_name(step: Step, result: Any) -> dict[str, Any]:  # noqa: ANN401
    if len(step.writes) == 1:
        return {next(iter(step.writes)): result}
    return {n: getattr(result, n) for n in step.writes}


def _size(value: Any) -> str:  # noqa: ANN401
    return f"{len(value)} rows" if isinstance(value, Catalog) else "written"
