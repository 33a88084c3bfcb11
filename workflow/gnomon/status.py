"""How a campaign is getting on: jobs by state, cores in use, failures with reasons, time left.

Run it as ``python -m gnomon.status EVENTS [--html FILE] [--every SECONDS]``; EVENTS is the file that the logger
plugin ``gnomon`` of Snakemake writes, or the root of a campaign that `make demo` runs.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from markupsafe import Markup

from gnomon.algorithms.report.html import paragraph, table
from gnomon.algorithms.report.page import bare_page
from gnomon.errors import ConfigError
from gnomon.io.atomic import replacing

EVENTS = Path("log", "events.jsonl")
"""Where a campaign's events are, below its root."""


@dataclass
class Job:
    """One job that has been started."""

    rule: str
    name: str
    """Its wildcards."""
    threads: int
    log: Sequence[str]
    """Paths of its logs."""
    started: float
    """Seconds since 1970."""
    ended: float | None = None
    failed: bool = False


@dataclass
class Run:
    """The latest run of Snakemake that the events tell of."""

    began: float
    """Seconds since 1970."""
    planned: Mapping[str, int]
    """Jobs by rule, without ``all``, which makes nothing."""
    cores: int = 1
    closed: bool = False
    """Whether it has ended by itself."""
    last: float = 0.0
    """Time of the last event."""
    jobs: list[Job] = field(default_factory=list)
    """Every attempt, in order of start."""

    def of_state(self, state: str) -> list[Job]:
        """Jobs that are running, done, or have failed and have not been done since."""
        done = {(j.rule, j.name) for j in self.jobs if j.ended is not None and not j.failed}
        match state:
            case "running":
                return [j for j in self.jobs if j.ended is None and not self.closed]
            case "done":
                return [j for j in self.jobs if j.ended is not None and not j.failed]
        return [j for j in self.jobs if j.failed and (j.rule, j.name) not in done]


def latest_run(lines: Iterable[str]) -> Run | None:
    """What the lines of an event file tell of the run that started last; a half line at the end is not read."""
    run, current, cores = None, dict[int, Job](), 1
    for line in lines:
        if not line.endswith("\n"):
            break
        told = json.loads(line)
        match told["event"]:
            case "cores":
                cores = int(told["cores"])
            case "run":
                planned = {rule: n for rule, n in told["jobs"].items() if rule != "all"}
                run, current = Run(told["time"], planned, cores), {}
            case "started" if run and told["rule"] != "all":
                job = Job(told["rule"], told["name"], told["threads"], told["log"], told["time"])
                current[told["job"]] = job
                run.jobs.append(job)
            case "finished" | "failed" if told["job"] in current:
                current[told["job"]].ended = told["time"]
                current[told["job"]].failed = told["event"] == "failed"
            case "closed" if run:
                run.closed = True
        if run:
            run.last = told["time"]
    return run


def in_use(run: Run, now: float) -> list[tuple[float, int]]:
    """Cores in use from each time on, from the beginning of the run."""
    steps = [(run.began, 0)]
    for job in run.jobs:
        steps += [(job.started, job.threads), (now if job.ended is None else job.ended, -job.threads)]
    used, found = 0, []
    for when, change in sorted(steps):
        used += change
        found.append((when, used))
    return found


def share_of_cores(run: Run, now: float) -> float:
    """Part of the cores' time that jobs had so far."""
    spent = sum((b - a) * used for (a, used), (b, _) in pairwise(in_use(run, now)))
    return spent / max((now - run.began) * run.cores, 1e-9)


def seconds_left(run: Run, now: float) -> float:
    """Work left, each job taken as the mean of its rule (or of all), over the cores that were used so far."""
    done = run.of_state("done")
    if not done:
        return float("nan")
    lengths: dict[str, list[float]] = {}
    for job in done:
        lengths.setdefault(job.rule, []).append(((job.ended or now) - job.started) * job.threads)
    every = [s for some in lengths.values() for s in some]
    mean = {rule: sum(some) / len(some) for rule, some in lengths.items()}
    typical = sum(every) / len(every)
    work = sum((n - len(lengths.get(r, ()))) * mean.get(r, typical) for r, n in run.planned.items())
    begun = sum((now - j.started) * j.threads for j in run.of_state("running"))
    return max(work - begun, 0.0) / max(run.cores * share_of_cores(run, now), 0.1)


def reason(job: Job) -> str:
    """The last line of a failed job's log."""
    lines = [line for path in job.log if Path(path).is_file() for line in Path(path).read_text().splitlines()]
    return lines[-1] if lines else "it wrote no log"


def headline(run: Run, now: float) -> str:
    """One sentence."""
    done, running, failed = (len(run.of_state(s)) for s in ("done", "running", "failed"))
    total, cores = sum(run.planned.values()), sum(j.threads for j in run.of_state("running"))
    state = "ended" if run.closed else f"last event {_minutes(now - run.last)} ago"
    left = seconds_left(run, now)
    ending = "" if run.closed or left != left else f", about {_minutes(left)} left"
    return (
        f"{done} of {total} jobs done, {running} running, {failed} failed; {cores} of {run.cores} cores in use, "
        f"{share_of_cores(run, run.last if run.closed else now):.0%} so far; {state}{ending}"
    )


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _rows(run: Run) -> list[list[str | int]]:
    """Planned, done, running and failed jobs by rule, and the mean seconds of a job."""
    rows: list[list[str | int]] = []
    for rule, planned in run.planned.items():
        done = [j for j in run.of_state("done") if j.rule == rule]
        mean = f"{sum((j.ended or 0) - j.started for j in done) / len(done):.1f}" if done else ""
        counts = [sum(j.rule == rule for j in run.of_state(s)) for s in ("running", "failed")]
        rows.append([rule, planned, len(done), *counts, mean])
    return rows


_HEAD = ["rule", "jobs", "done", "running", "failed", "mean, s"]


def text(run: Run, now: float) -> str:
    """For a terminal: the headline, rules at work, failures."""
    lines = [headline(run, now)]
    lines += [f"  {r[0]}: {r[2]} of {r[1]} done, {r[3]} running" for r in _rows(run) if r[3]]
    lines += [f"  failed {j.rule} {j.name}: {reason(j)}" for j in run.of_state("failed")]
    return "\n".join(lines)


def page(run: Run, now: float) -> str:
    """The same as one self-contained HTML page."""
    end = run.last if run.closed else now
    body = paragraph(headline(run, now)) + _drawn(in_use(run, end), run.cores)
    failed = [[j.rule, j.name, reason(j)] for j in run.of_state("failed")]
    if failed:
        body += table(["failed", "job", "why"], failed, texts=(0, 1, 2))
    running = [[j.rule, j.name, _minutes(now - j.started)] for j in run.of_state("running")]
    if running:
        body += table(["running", "job", "for"], running, texts=(0, 1))
    return bare_page("How the campaign is getting on", body + table(_HEAD, _rows(run)))


def _drawn(used: Sequence[tuple[float, int]], cores: int) -> Markup:
    """Cores in use against time, as a picture in the page."""
    start, end = used[0][0], max(used[-1][0], used[0][0] + 1)
    top = max(cores, max(u for _, u in used))

    def point(when: float, level: float) -> str:
        return f"{720 * (when - start) / (end - start):.1f},{100 - 90 * level / top:.1f}"

    corners = [point(b, u) for (_, u), (b, _) in pairwise(used)]
    steps = [c for (a, u), corner in zip(used, corners, strict=False) for c in (point(a, u), corner)]
    path = " ".join([point(start, 0), *steps, point(end, 0)])
    return Markup(
        '<figure><svg viewBox="0 0 720 102" width="100%" role="img" aria-label="cores in use over time">'
        '<polygon points="{}" fill="#7aa6c2"/><line x1="0" x2="720" y1="{y}" y2="{y}" stroke="#888" '
        'stroke-dasharray="4 4"/></svg><figcaption>Cores in use; dashed: the {} there are. {} minutes from left to '
        "right.</figcaption></figure>"
    ).format(path, cores, _minutes(end - start), y=100 - 90 * cores / top)


def _events(path: Path) -> Path:
    found = path / EVENTS if path.is_dir() else path
    if not found.is_file():
        raise ConfigError(
            f"there are no events in {found}; run Snakemake with --logger gnomon --logger-gnomon-file {found}"
        )
    return found


def _told(path: Path, html: Path | None) -> bool:
    """Print and write the state once; whether the run goes on."""
    with path.open() as lines:
        run = latest_run(lines)
    if run is None:
        sys.stdout.write("no run has begun\n")
        return True
    now = time.time()
    sys.stdout.write(text(run, now) + "\n")
    if html:
        with replacing(html) as temporary:
            temporary.write_text(page(run, now))
    return not run.closed


def main(argv: Sequence[str] | None = None) -> None:
    """Show it once, or again and again until the run ends."""
    parser = argparse.ArgumentParser(prog="gnomon.status", description=__doc__)
    parser.add_argument("events", type=Path, help="file of events, or the root of a campaign")
    parser.add_argument("--html", type=Path, help="page to write")
    parser.add_argument(
        "--every", type=float, default=0.0, help="seconds from one look to the next; 0: look once"
    )
    args = parser.parse_args(argv)
    try:
        path = _events(args.events)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    while _told(path, args.html) and args.every:
        time.sleep(args.every)


if __name__ == "__main__":
    main()
