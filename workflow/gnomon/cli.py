"""The command line that every step shares."""

import argparse
import logging
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gnomon.containers.dataid import DataId
from gnomon.datamodel import DATASETS, DIMENSIONS
from gnomon.errors import ConfigError
from gnomon.io import store
from gnomon.job import Job, prepare
from gnomon.memory import keep_freed_memory
from gnomon.parallel import Ranks, WorkDone, ranks
from gnomon.pipeline import STEPS
from gnomon.pipeline.step import Many, Step, dataset_of

log = logging.getLogger("gnomon")


def main(run: Callable[..., Any], argv: list[str] | None = None) -> None:
    """Run a step once; exit 2 after one sentence when it was asked for what cannot be."""
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s", stream=sys.stderr)
    keep_freed_memory()
    step = STEPS[run.__name__]
    args = _parser(step, run.__doc__).parse_args(argv)
    started = time.process_time()
    try:
        with _shared(args) as ranks:
            job = _job(step, args, ranks)
            said = _perform(job, run, args.store)
    except ConfigError as error:
        log.error("%s: %s", step.name, error)
        raise SystemExit(2) from None
    except WorkDone:
        log.info("%s: this rank's share is done, %s", step.name, _spent(started))
        return
    log.info("%s %s: %s, %s", step.name, job.data_id, said, _spent(started))


def _spent(started: float) -> str:
    """What this process took since its work began, as ``io.spent`` reads it from logs."""
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{time.process_time() - started:.2f} CPU s, {peak_kb / 1000 * 1.024:.0f} MB"


def _perform(job: Job, run: Callable[..., Any], folder: str) -> str:
    """Take the products from the store, or make them and keep them there."""
    outputs = {dataset: job.outputs[name] for name, dataset in job.step.writes.items()}
    whole = all(DATASETS[d].container != "Hats" for d in outputs)  # a folder is not kept
    if folder and whole and store.take(folder, job.provenance, job.data_id, outputs):
        return "as in an earlier release"
    said = job.perform(run)
    if folder and whole:
        store.give(folder, job.provenance, job.data_id, outputs)
    return said


@contextmanager
def _shared(args: argparse.Namespace) -> Iterator[Ranks | None]:
    """The ranks of an MPI job; all of them end where one cannot go on."""
    if getattr(args, "ranks", 1) == 1:
        yield None
        return
    team = ranks(args.ranks)
    done = False
    try:
        yield team
        done = True
    except WorkDone:
        done = True
        raise
    finally:
        if not done:
            sys.excepthook(*sys.exc_info())
            team.abort()


def _parser(step: Step, doc: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=step.name, description=doc)
    parser.add_argument("--root", default="run", help="folder of the products; input names are told below it")
    parser.add_argument("--store", default="", help="folder of products shared between releases")
    parser.add_argument("--threads", type=int, default=1, help="detectors worked on at the same time")
    if step.mpi:
        parser.add_argument("--ranks", type=int, default=1, help="MPI processes that this is one of")
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


def _job(step: Step, args: argparse.Namespace, team: Ranks | None) -> Job:
    config = _config(step, args.config)
    inputs = {n: _as_list(getattr(args, f"in_{n}")) for n in step.reads}
    outputs = {n: getattr(args, f"out_{n}") for n in step.writes}
    data_id = DataId.of({n: getattr(args, f"id_{n}") for n in step.dimensions})
    return prepare(step, data_id, config, inputs, outputs, args.root, args.threads, ranks=team)


def _config(step: Step, text: str) -> Any:  # noqa: ANN401
    try:
        return TypeAdapter(step.config).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(p) for p in first["loc"])
        raise ConfigError(f"--config: {place}: {first['msg']} (found {first['input']!r})") from None


def _as_list(value: str | list[str] | None) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value
