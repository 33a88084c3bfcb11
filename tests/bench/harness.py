"""Runs ours and its peers in turn on the same input, one thread each, and prints what each cost and how well it did.

A task has inputs that are made once and kept in ``build/bench/<task's scene>``, contestants, and a check of each
contestant's output against the truth. A contestant is a Python function ``(scene, out) -> seconds`` that runs in a
process of its own and returns the CPU seconds of the call that is compared (reading and start-up left out), or an
external command. CPU seconds and peak memory of the whole process come from the kernel's accounting.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

BENCH = Path(__file__).parent
ROOT = BENCH.parents[1]
WORK = ROOT / "build" / "bench"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

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


def run_task(task: Task, repeats: int) -> list[Result]:
    """All contestants that are there, in turn, ``repeats`` times."""
    scene = WORK / task.scene
    if not (scene / "ready").exists():
        scene.mkdir(parents=True, exist_ok=True)
        task.prepare(scene)
        (scene / "ready").touch()
    present = [(c, version) for c in task.contestants if (version := c.version()) is not None]
    results = [Result(c.name, version) for c, version in present]
    for _ in range(repeats):
        for (contestant, _version), result in zip(present, results, strict=True):
            out = WORK / "out" / task.name / contestant.name.replace(" ", "_")
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            _run_once(task, contestant, scene, out, result)
            result.quality = task.check(scene, out)
    return results


def _run_once(task: Task, contestant: Contestant, scene: Path, out: Path, result: Result) -> None:
    """One process; keeps the smallest costs in result."""
    if contestant.command is not None:
        argv = list(contestant.command(scene, out))
    else:
        argv = [sys.executable, str(BENCH / "run.py"), "--one", task.name, contestant.name, str(out)]
    env = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT / "workflow")}
    with (out / "log").open("w") as log:
        process = subprocess.Popen(argv, cwd=out, env=env, stdout=log, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{task.name}: {contestant.name} ended with {process.returncode}; see {out / 'log'}")
    result.process_s = min(result.process_s, usage.ru_utime + usage.ru_stime)
    result.peak_mib = min(result.peak_mib, usage.ru_maxrss / 1024)
    kernel = out / "kernel.json"
    if kernel.exists():
        result.kernel_s = min(result.kernel_s, json.loads(kernel.read_text()))


def run_contestant(task: Task, name: str, out: Path) -> None:
    """Body of the process of a Python contestant."""
    contestant = next(c for c in task.contestants if c.name == name)
    assert contestant.call is not None
    seconds = contestant.call(WORK / task.scene, out)
    (out / "kernel.json").write_text(json.dumps(seconds))


def table(task: Task, results: Sequence[Result]) -> str:
    """Markdown: one row a contestant; ratios are the peer's cost over ours."""
    ours = results[0]
    missing = [c.name for c in task.contestants if c.version() is None]
    names = list(ours.quality)
    head = ["", "version", "process CPU s", "ratio", "call CPU s", "ratio", "peak MiB", *names]
    lines = [f"### {task.name}", ""]
    if task.note:
        lines += [task.note, ""]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for r in results:
        call = f"{r.kernel_s:.3f}" if r.kernel_s < float("inf") else ""
        ratio = f"{r.kernel_s / ours.kernel_s:.1f}" if r.kernel_s < float("inf") else ""
        cells = [r.name, r.version, f"{r.process_s:.2f}", f"{r.process_s / ours.process_s:.1f}", call, ratio]
        cells += [f"{r.peak_mib:.0f}", *(f"{r.quality.get(n, float('nan')):.4g}" for n in names)]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [f"\npeer missing: {name}" for name in missing]
    return "\n".join(lines)
