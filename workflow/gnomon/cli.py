"""The command line that every step shares: read, run, write, say what happened."""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.provenance import Provenance
from gnomon.datamodel import DATASETS, DIMENSIONS
from gnomon.errors import ConfigError, UnprocessableData
from gnomon.io import formats
from gnomon.io.provenance import digests
from gnomon.parallel import over
from gnomon.pipeline import STEPS
from gnomon.pipeline.step import Many, Step, dataset_of

log = logging.getLogger("gnomon")


@dataclass(frozen=True, slots=True)
class Job:
    """One call of a step from the command line."""

    step: Step
    data_id: DataId
    config: Any
    provenance: Provenance
    inputs: Mapping[str, list[str]]
    outputs: Mapping[str, str]
    threads: int


def main(run: Callable[..., Any], argv: list[str] | None = None) -> None:
    """Run a step once; exit 2 after one sentence when it was asked for what cannot be."""
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s", stream=sys.stderr)
    step = STEPS[run.__name__]
    args = _parser(step, run.__doc__).parse_args(argv)
    started = time.process_time()
    try:
        job = _job(step, args)
        said = _run_parts(job, run) if step.axis else _run_whole(job, run)
    except ConfigError as error:
        log.error("%s: %s", step.name, error)
        raise SystemExit(2) from None
    log.info("%s %s: %s, %.2f CPU s", step.name, job.data_id, said, time.process_time() - started)


def _parser(step: Step, doc: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=step.name, description=doc)
    parser.add_argument("--root", default="run", help="folder of the products; input names are told below it")
    parser.add_argument("--threads", type=int, default=1, help="detectors worked on at the same time")
    for name in step.dimensions:
        option = "--instrument-name" if name == "instrument" else f"--{name}"
        parser.add_argument(option, dest=f"id_{name}", required=True, help=DIMENSIONS[name].doc)
    for name, want in step.reads.items():
        doc_of = DATASETS[dataset_of(want)].doc
        many: dict[str, Any] = {"nargs": "*"} if isinstance(want, Many) else {"required": True}
        parser.add_argument(f"--{name.replace('_', '-')}", dest=f"in_{name}", help=doc_of, **many)
    for name, dataset in step.writes.items():
        parser.add_argument(f"--out-{name.replace('_', '-')}", required=True, help=DATASETS[dataset].doc)
    parser.add_argument("--config", default="{}", help="the step's options, JSON")
    return parser


def _job(step: Step, args: argparse.Namespace) -> Job:
    config = _config(step, args.config)
    inputs = {n: _as_list(getattr(args, f"in_{n}")) for n in step.reads}
    read = [p for paths in inputs.values() for p in paths]
    for path in read:
        if not Path(path).exists():
            raise ConfigError(f"no such file: {path}")
    canonical = json.dumps(TypeAdapter(step.config).dump_python(config), sort_keys=True)
    made_by = Provenance(step.name, step.version, canonical, digests(read, args.root))
    outputs = {n: getattr(args, f"out_{n}") for n in step.writes}
    return Job(step, _data_id(step, args), config, made_by, inputs, outputs, args.threads)


def _config(step: Step, text: str) -> Any:  # noqa: ANN401
    try:
        return TypeAdapter(step.config).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(p) for p in first["loc"])
        raise ConfigError(f"--config: {place}: {first['msg']} (found {first['input']!r})") from None


def _data_id(step: Step, args: argparse.Namespace) -> DataId:
    given = {n: getattr(args, f"id_{n}") for n in step.dimensions}
    whole: dict[str, Any] = {
        n: int(v) if isinstance(getattr(DataId(), n), int) else v for n, v in given.items()
    }
    return DataId(**whole)


def _as_list(value: str | list[str] | None) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value


def _run_whole(job: Job, run: Callable[..., Any]) -> str:
    """A step that sees its job at once."""
    try:
        result = run(**_read(job), data_id=job.data_id, config=job.config)
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
    whole = Catalog(whole.columns, {**whole.meta, **_failures_meta(failures)})
    formats.write(dataset, whole, job.outputs[name], job.provenance)


def _told(job: Job, table: Catalog) -> Catalog:
    """The table with its data id."""
    return Catalog(table.columns, {**table.meta, "data_id": str(job.data_id)})


def _failures_meta(failures: Mapping[int, str]) -> dict[str, str]:
    return {"failures": json.dumps({str(n): r for n, r in sorted(failures.items())})} if failures else {}


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
        paths = job.inputs[name]
        if dataset.container == "Raw":
            values[name] = formats.open_raw(paths, values["instrument"], job.data_id)
        elif isinstance(want, Many):
            values[name] = [formats.read(dataset, Path(p)) for p in paths]
        else:
            values[name] = formats.read(dataset, Path(paths[0]))
    return values


def _by_name(step: Step, result: Any) -> dict[str, Any]:  # noqa: ANN401
    if len(step.writes) == 1:
        return {next(iter(step.writes)): result}
    return {n: getattr(result, n) for n in step.writes}


def _size(value: Any) -> str:  # noqa: ANN401
    return f"{len(value)} rows" if isinstance(value, Catalog) else "written"
