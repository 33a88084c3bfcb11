"""Snakemake's output as lines that a person can follow: jobs done of total, time left, what fails.

snakemake --cores 2 2>&1 | python -m gnomon.progress
"""

import re
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator

_DONE = re.compile(r"^(\d+) of (\d+) steps \(\d+%\) done")
_RULE = re.compile(r"^Finished jobid: \d+ \(Rule: (\w+)\)")
_SAID = re.compile(
    r"Error|error|Nothing to be done|MissingInput|locked|Exiting|plan:|did you mean|^Terminating"
)
_EVERY = 5.0  # seconds between two lines of progress


def followed(lines: Iterable[str], clock: Callable[[], float]) -> Iterator[str]:
    """Lines worth a person's attention.

    Parameters
    ----------
    lines : what Snakemake prints
    clock : seconds, rising
    """
    start = told = clock()
    rule, failing = "", False
    for line in lines:
        if found := _RULE.match(line):
            rule, failing = found[1], False
        elif found := _DONE.match(line):
            done, total = int(found[1]), int(found[2])
            now = clock()
            if done == total or now - told >= _EVERY:
                told = now
                left = (now - start) / max(done, 1) * (total - done)
                yield f"{done:5d} of {total} jobs, {_minutes(left)} left, last: {rule}"
        elif not line.strip():
            failing = False
        elif _SAID.search(line) or failing:
            failing = failing or "Error" in line
            yield line.rstrip()


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def main() -> None:
    """Read standard input to its end."""
    ArgumentParser(prog="gnomon.progress", description=__doc__).parse_args()
    for line in followed(sys.stdin, time.monotonic):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
