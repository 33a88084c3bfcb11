"""``python tests/bench/run.py [task ...] [--repeats N]``: the table of each task, ours beside its peers."""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))

import harness

MODULES = tuple(sorted(p.stem for p in Path(__file__).parent.glob("bench_*.py")))
"""Files beside this one; each has ``TASKS``."""


def tasks(only: str | None = None) -> dict[str, harness.Task]:
    """All tasks by name; for ``only`` those of the file named after it, if any: its process imports no more."""
    found: dict[str, harness.Task] = {}
    for module in (f"bench_{only}",) if f"bench_{only}" in MODULES else MODULES:
        found |= {t.name: t for t in importlib.import_module(module).TASKS}
    return found


def main() -> None:
    """Command line."""
    if sys.argv[1:2] == ["--one"]:  # the process that is measured imports no more than its contestant needs
        name, contestant, out = sys.argv[2:]
        harness.run_contestant(tasks(name)[name], contestant, Path(out))
        return
    import argparse
    import platform

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", help="names; all when none is given")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--prepare", metavar="TASK", help=argparse.SUPPRESS)
    parser.add_argument("--check", nargs=2, metavar=("TASK", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    known = tasks()
    if options.prepare:
        harness.prepare(known[options.prepare])
        return
    if options.check:
        harness.check(known[options.check[0]], Path(options.check[1]))
        return
    unknown = set(options.tasks) - set(known)
    if unknown:
        parser.error(f"no task {sorted(unknown)}; there are {sorted(known)}")
    host = f"{platform.machine()}, Python {platform.python_version()}"
    print(f"{host}, CPU seconds, smallest of {options.repeats} runs\n")
    for name in options.tasks or known:
        print(harness.table(known[name], harness.run_task(known[name], options.repeats)), "\n")


if __name__ == "__main__":
    main()
