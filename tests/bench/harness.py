"""Runs ours and its peers in turn on the same input, one thread each, and prints what each cost and how well it did.

A task has inputs that are made once and kept in ``build/bench/<task's scene>``, contestants, and a check of each
contestant's output against the truth. A contestant is a Python function ``(scene, out) -> seconds`` that runs in a
process of its own and returns the CPU seconds of the call that is compared (reading and start-up left out), or
an external command. CPU seconds and peak memory of the whole process come from the kernel's accounting of a process
that makes the call once; the call alone is timed in a second process that makes it three times.
"""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

BENCH = Path(__file__).parent
ROOT = BENCH.parents[1]
WORK = ROOT / "build" / "bench"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

T = TypeVar("T")
Quality = Mapping[str, float]


@dataclass(frozen=True)
class Contestant:
    """One program that does the task."""

    name: str
    version: Callable[[], str | None]
    """Its version, None where it is not installed."""
    call: Callable[[Path, Path], float] | None = None
    """Python: reads the scene, writes to out, returns CPU seconds of the part that is compared."""
    command: Callable[[Path, Path], Sequence[str]] | None = None
    """External: the command line."""


@dataclass(frozen=True)
class Task:
    """One comparison."""

    name: str
    scene: str
    """Folder of the inputs below ``build/bench``; tasks may share one."""
    prepare: Callable[[Path], None]
    """Makes the inputs."""
    contestants: Sequence[Contestant]
    """Ours first."""
    check: Callable[[Path, Path], Quality]
    """Quality of what a contestant wrote to out; must know every contestant's files."""
    note: str = ""


@dataclass
class Result:
    """Costs of one contestant: the smallest of all runs."""

    name: str
    version: str
    process_s: float = float("inf")
    kernel_s: float = float("inf")
    peak_mib: float = float("inf")
    quality: Quality = field(default_factory=dict)

    def add_process(self, seconds: float, mib: float) -> None:
        """Costs of one more run."""
        self.process_s, self.peak_mib = min(self.process_s, seconds), min(self.peak_mib, mib)


def run_task(task: Task, repeats: int) -> list[Result]:
    """All contestants that are there, in turn, ``repeats`` times."""
    import shutil

    scene = WORK / task.scene
    _child("--prepare", task.name)
    present = [(c, version) for c in task.contestants if (version := c.version()) is not None]
    results = [Result(c.name, version) for c, version in present]
    for _ in range(repeats):
        for (contestant, _version), result in zip(present, results, strict=True):
            out = WORK / "out" / task.name / contestant.name.replace(" ", "_")
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            _run_once(task, contestant, scene, out, result)
            _child("--check", task.name, str(out))
            result.quality = json.loads((out / "quality.json").read_text())
    return results


def _child(*arguments: str) -> None:
    """Work in a process of its own: this one stays small, as children inherit their parent's peak memory."""
    import subprocess

    env = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT / "workflow")}
    subprocess.run([sys.executable, str(BENCH / "run.py"), *arguments], env=env, check=True)


def prepare(task: Task) -> None:
    """The inputs, unless they are there."""
    scene = WORK / task.scene
    if not (scene / "ready").exists():
        scene.mkdir(parents=True, exist_ok=True)
        task.prepare(scene)
        (scene / "ready").touch()


def check(task: Task, out: Path) -> None:
    """Quality of one output, into ``quality.json``."""
    (out / "quality.json").write_text(json.dumps(dict(task.check(WORK / task.scene, out))))


def cpu_seconds(call: Callable[[], T]) -> tuple[float, T]:
    """Smallest CPU time of one call or a few, and the last result."""
    best = float("inf")
    for _ in range(int(os.environ.get("BENCH_CALLS", "1"))):
        start = time.process_time()
        result = call()
        best = min(best, time.process_time() - start)
    return best, result


def _run_once(task: Task, contestant: Contestant, scene: Path, out: Path, result: Result) -> None:
    """Keeps the smallest costs in result."""
    if contestant.command is not None:
        result.add_process(*_process(contestant.command(scene, out), out, 1))
        return
    argv = [sys.executable, str(BENCH / "run.py"), "--one", task.name, contestant.name, str(out)]
    _process(argv, out, 3)
    result.kernel_s = min(result.kernel_s, json.loads((out / "kernel.json").read_text()))
    result.add_process(*_process(argv, out, 1))


def _process(argv: Sequence[str], out: Path, calls: int) -> tuple[float, float]:
    """CPU seconds and peak MiB of one process; Python keeps what it compiles, as where it is installed."""
    import subprocess

    env = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT / "workflow"), "BENCH_CALLS": str(calls)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    with (out / "log").open("w") as log:
        process = subprocess.Popen(list(argv), cwd=out, env=env, stdout=log, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{argv} ended with {process.returncode}; see {out / 'log'}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def swarp_version() -> str | None:
    """Version of SWarp."""
    import shutil
    import subprocess

    program = _swarp_program()
    if shutil.which(program) is None:
        return None
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"version\s+([\d.]+)", text.stdout + text.stderr)
    return found.group(1) if found else "?"


def _swarp_program() -> str:
    import shutil

    return shutil.which("SWarp") or shutil.which("swarp") or "SWarp"


def swarp_command(scene: Path, out: Path, names: Sequence[tuple[str, str]], **options: object) -> list[str]:
    """SWarp on pairs of image and variance in the scene, onto the grid of its ``target.head``, Lanczos-3, one thread.

    Without ``WEIGHT_THRESH`` SWarp 2.41.5 takes every pixel of a variance map for bad, and each output pixel from
    one image.
    """
    (out / "coadd.head").write_text((scene / "target.head").read_text())
    given: dict[str, object] = {
        "IMAGEOUT_NAME": out / "coadd.fits",
        "WEIGHTOUT_NAME": out / "coadd.weight.fits",
        "WEIGHT_TYPE": "MAP_VARIANCE",
        "WEIGHT_IMAGE": ",".join(str(scene / variance) for _, variance in names),
        "WEIGHT_THRESH": 1e20,
        "RESCALE_WEIGHTS": "N",
        "RESAMPLING_TYPE": "LANCZOS3",
        "SUBTRACT_BACK": "N",
        "RESAMPLE_DIR": out,
        "FSCALASTRO_TYPE": "FIXED",
        "NTHREADS": 1,
        "MEM_MAX": 1024,
        "COMBINE_BUFSIZE": 1024,
        "WRITE_XML": "N",
        "VERBOSE_TYPE": "QUIET",
        **options,
    }
    images = [str(scene / image) for image, _ in names]
    return [_swarp_program(), *images, *(w for k, v in given.items() for w in (f"-{k}", str(v)))]


def fits_plane(path: Path, kind: str, shape: tuple[int, int]) -> np.ndarray:
    """Pixels of a primary HDU in the file's byte order, unread."""
    with open(path, "rb") as opened:
        start = 2880 * (1 + opened.read(20 * 2880).index(b"END" + b" " * 77) // 2880)
    return np.memmap(path, kind, "r", start, shape)


def run_contestant(task: Task, name: str, out: Path) -> None:
    """Body of the process of a Python contestant."""
    contestant = next(c for c in task.contestants if c.name == name)
    assert contestant.call is not None
    seconds = contestant.call(WORK / task.scene, out)
    (out / "kernel.json").write_text(json.dumps(seconds))


def table(task: Task, results: Sequence[Result]) -> str:
    """Markdown: one column a contestant; ratios are its cost over ours."""
    ours = results[0]
    missing = [c.name for c in task.contestants if c.version() is None]
    lines = [f"### {task.name}", "", *([task.note, ""] if task.note else [])]
    lines += [
        "| | " + " | ".join(f"{r.name} {r.version}" for r in results) + " |",
        "|---" * (len(results) + 1) + "|",
    ]
    rows: list[tuple[str, list[str]]] = [
        ("process, CPU s", [f"{r.process_s:.2f}" for r in results]),
        ("ratio", [f"{r.process_s / ours.process_s:.1f}" for r in results]),
        ("call, CPU s", [_number(r.kernel_s, "{:.3f}") for r in results]),
        ("ratio", [_number(r.kernel_s / ours.kernel_s, "{:.1f}") for r in results]),
        ("peak, MiB", [f"{r.peak_mib:.0f}" for r in results]),
    ]
    rows += [(n, [f"{r.quality.get(n, float('nan')):.4g}" for r in results]) for n in ours.quality]
    lines += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows]
    lines += [f"\npeer missing: {name}" for name in missing]
    return "\n".join(lines)


def _number(value: float, form: str) -> str:
    """Empty for what was not measured."""
    return form.format(value) if value < float("inf") else ""
