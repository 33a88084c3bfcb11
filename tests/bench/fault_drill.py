"""Kill a campaign at random, fill its disk, make it read-only: ``python tests/bench/fault_drill.py --kills 50``.

The toy survey, against an undisturbed run of it. After every fault each file that has a product's name must have the
bytes of the undisturbed run's; after the last one the campaign is run to its end. Prints a line a fault.
The full and the read-only disk need root: a tmpfs is mounted.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "campaign"))
from campaigns import TOY  # noqa: E402

KINDS = ("worker", "worker", "worker", "head", "script", "server")
"""What is killed; workers most often."""


def begun(folder, *targets):
    """Snakemake's head on the toy survey, started."""
    file = folder / "campaign.yaml"
    file.write_text(yaml.safe_dump({**TOY, "root": str(folder / "run")}))
    words = ["--profile", "profiles/local", "--cores", "2", "--nolock", "--configfile", str(file)]
    words += [
        "--runtime-source-cache-path",
        str(folder / "cache"),
        "--",
        *(str(folder / "run" / t) for t in targets),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    with open(folder / "head.log", "a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *words], cwd=ROOT, env=environment, stdout=log, stderr=log
        )


def descendants(pid):
    """Numbers of a process and of all below it."""
    found = [pid]
    for number in found:
        for task in Path(f"/proc/{number}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def kind_of(pid, head):
    """What a process of a campaign is, or nothing."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return ""
    if pid == head:
        return "head"
    if "gnomon.forkserver" in words:
        return "server" if parent == head else "worker"
    return (
        "script" if any(w.startswith("scripts/") for w in words[:3]) and words[0].endswith("python") else ""
    )


def kill_one(head, rng):
    """Kill -9 of one process of a campaign that runs; what it was."""
    there = {}
    for pid in descendants(head.pid):
        there.setdefault(kind_of(pid, head.pid), []).append(pid)
    kind = rng.choice([k for k in KINDS if k in there] or ["head"])
    others = descendants(head.pid)
    os.kill(rng.choice(there.get(kind, [head.pid])), signal.SIGKILL)
    if kind == "head":
        head.wait()
        until(lambda: not any(kind_of(p, head.pid) for p in others))
    return kind


def until(seen, seconds=30):
    """Wait for something to be seen."""
    for _ in range(20 * seconds):
        if seen():
            return
        time.sleep(0.05)
    raise AssertionError(f"not seen in {seconds} s")


class Judge:
    """Compares products with those of an undisturbed run, each file once for each time that it was made."""

    def __init__(self, wanted, made):
        self.wanted, self.made = wanted, made
        self.seen = {}

    def wrong(self):
        """Paths of products that are there and differ; those that an undisturbed run does not have."""
        return [p for p in self.products(self.made) if not self._right(p)]

    def done(self):
        """Part of the products that are there."""
        wanted = self.products(self.wanted)
        return len(set(wanted) & set(self.products(self.made))) / len(wanted)

    @staticmethod
    def products(root):
        """Files with a final name below a root, without logs, benchmarks and the plan."""
        files = (p.relative_to(root) for p in sorted(root.rglob("*")) if p.is_file())
        return [
            str(p)
            for p in files
            if p.parts[0] not in ("log", "benchmark", "plan") and not p.name.startswith(".")
        ]

    def _right(self, path):
        try:
            state = (self.made / path).stat()
            key = state.st_ino, state.st_mtime_ns, state.st_size
            if self.seen.get(path) != key:
                if (self.made / path).read_bytes() != (self.wanted / path).read_bytes():
                    return False
                self.seen[path] = key
        except FileNotFoundError:
            return not (self.made / path).exists()  # Snakemake has just removed it
        return True


def killed(folder, wanted, kills, rng, pause_s, targets=(), say=print):
    """Kill a campaign so many times, running it again whenever it ends; time, part done and kind of each fault.

    Raises
    ------
    AssertionError
        A product was wrong, or the campaign did not end with the bytes of the undisturbed one.
    """
    judge, told, start = Judge(wanted, folder / "run"), [], time.monotonic()
    head = begun(folder, *targets)
    while len(told) < kills:
        time.sleep(rng.expovariate(1 / pause_s))
        if head.poll() is None:
            kind = kill_one(head, rng)
            told.append((time.monotonic() - start, judge.done(), kind))
            say(f"{told[-1][0]:7.1f} s: {kind} killed, {told[-1][1]:.0%} done")
            assert judge.wrong() == []
        if head.poll() is not None:
            if head.returncode == 0:  # it is through: from the beginning
                assert same(judge), "an ended campaign differs"
                shutil.rmtree(folder / "run")
                say(f"{time.monotonic() - start:7.1f} s: ended; again from nothing")
            head = begun(folder, *targets)
    finish(head, folder, judge, targets)
    return told


def finish(head, folder, judge, targets=()):
    """Let the campaign end, starting it again where a job had been killed."""
    if head.wait():
        assert begun(folder, *targets).wait() == 0, (folder / "head.log").read_text()[-3000:]
    assert same(judge)


def same(judge):
    """Whether all products are there and right."""
    return judge.wrong() == [] and judge.done() == 1.0


def disk_full(wanted, seconds, say=print):
    """A campaign whose disk is full for some time, then not; then read-only, then not."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, run = Path(scratch), Path(scratch, "run")
        run.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3g", "tmpfs", run], check=True)
        try:
            judge, head = Judge(wanted, run), begun(folder)
            until(lambda: judge.done() > 0.3, 600)
            with suppress(OSError), open(run / ".ballast", "wb", buffering=0) as file:
                while file.write(bytes(1 << 20)) == 1 << 20:
                    pass
            say(f"full at {judge.done():.0%} done")
            for _ in range(int(seconds)):
                time.sleep(1)
                assert judge.wrong() == []
            status = head.poll()
            say(f"full for {seconds:.0f} s: {judge.done():.0%} done, exit status {status}")
            (run / ".ballast").unlink()
            if status is None:
                head.kill()
                head.wait()
            until(lambda: subprocess.run(["mount", "-o", "remount,ro", run], check=False).returncode == 0)
            status, before = begun(folder).wait(), judge.done()
            say(f"read-only: exit status {status}, {before:.0%} done")
            assert status != 0
            assert judge.wrong() == []
            subprocess.run(["mount", "-o", "remount,rw", run], check=True)
            finish(begun(folder), folder, judge)
            say("writable again: ended with the bytes of the undisturbed run")
        finally:
            subprocess.run(["umount", "-l", run], check=True)


def figure(told, path):
    """Part of the products that are there, and the faults, against time."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(8, 2.8), layout="constrained")
    axis = drawn.subplots()
    time_s, done, kinds = zip(*told, strict=True)
    axis.step(time_s, [100 * d for d in done], where="post", color="#bbbbbb")
    for kind, colour in {
        "worker": "#4477aa",
        "head": "#cc3311",
        "script": "#228833",
        "server": "#ee7733",
    }.items():
        rows = [k for k, found in enumerate(kinds) if found == kind]
        label = f"{kind} ({len(rows)})"
        axis.plot([time_s[k] for k in rows], [100 * done[k] for k in rows], "x", color=colour, label=label)
    axis.set(xlabel="seconds", ylabel="products there, %", ylim=(-3, 103))
    axis.legend(loc="upper left", fontsize=8, title="kill -9 of")
    drawn.savefig(path, dpi=90, metadata={"Software": None})


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=5.0, help="mean seconds between kills")
    parser.add_argument(
        "--full", type=float, default=60.0, help="seconds that the disk is full; 0: leave it out"
    )
    parser.add_argument("--figure", help="PNG to write")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        quiet, harried = (Path(scratch, n) for n in ("quiet", "harried"))
        for folder in (quiet, harried):
            folder.mkdir()
        assert begun(quiet).wait() == 0
        print("undisturbed run done", flush=True)
        if args.kills:
            told = killed(harried, quiet / "run", args.kills, random.Random(args.seed), args.pause)
            print(
                f"{len(told)} kills ({dict(Counter(k for _, _, k in told))}): no product was ever wrong",
                flush=True,
            )
            if args.figure:
                figure(told, args.figure)
        if args.full:
            disk_full(quiet / "run", args.full)


if __name__ == "__main__":
    main()
