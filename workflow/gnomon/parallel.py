"""Parallel work over parts: serial, threads or MPI, with the same bits."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def over(parts: Iterable[T], work: Callable[[T], R], threads: int = 1) -> Iterator[R]:
    """Results of ``work`` in the order of ``parts``.

    Each part is worked on alone, so the results do not depend on the number of threads; at most
    ``threads`` parts are in memory beyond the one being handed out.

    Raises
    ------
    ValueError
        ``threads`` is less than 1.
    """
    if threads < 1:
        raise ValueError(f"threads is {threads}, wanted at least 1")
    if threads == 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting = iter(parts)
        running = [pool.submit(work, p) for p in islice(waiting, threads)]
        while running:
            result = running.pop(0).result()
            running += [pool.submit(work, p) for p in islice(waiting, 1)]
            yield result
