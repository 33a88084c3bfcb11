"""Parallel work over parts: serial, threads or MPI, with the same bits."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from gnomon.errors import ConfigError

T = TypeVar("T")
R = TypeVar("R")


class WorkDone(BaseException):
    """Raised on all ranks but the first when their share of the parts is worked on: they have nothing to write."""


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


@dataclass(frozen=True, slots=True)
class Ranks:
    """The processes of an MPI job. Every rank runs the same program; the first one has all results."""

    world: Any
    """mpi4py's communicator."""

    def over(self, parts: Sequence[T], work: Callable[[T], R]) -> Iterator[R]:
        """Results of ``work`` in the order of ``parts``, on the first rank.

        Part k is worked on by rank k modulo their number, alone and whole: no sum crosses ranks, so the results do
        not depend on the number of ranks. A rank holds one result that waits to be fetched beside the one it
        works on.

        Raises
        ------
        WorkDone
            On the other ranks, when they are through.
        """
        rank, size = self.world.rank, self.world.size
        if rank == 0:
            for k, part in enumerate(parts):
                yield work(part) if k % size == 0 else self.world.recv(source=k % size)
            return
        sent: Any = None
        for part in islice(parts, rank, None, size):
            result = work(part)
            if sent is not None:
                sent.wait()
            sent = self.world.isend(result, dest=0)
        if sent is not None:
            sent.wait()
        raise WorkDone

    def abort(self) -> None:
        """End all ranks: one of them cannot go on, and the others would wait for it."""
        self.world.Abort(1)


def ranks(expected: int) -> Ranks:
    """The ranks that this process is one of.

    Parameters
    ----------
    expected : how many there must be: a launcher of another MPI starts that many programs of one rank each, which
        would all write the same file

    Raises
    ------
    ConfigError
        mpi4py is missing, or there are more or fewer.
    """
    try:
        from mpi4py import MPI
    except ImportError:
        raise ConfigError("--ranks needs mpi4py and an MPI library: pip install mpi4py 'mpich<5'") from None
    world = MPI.COMM_WORLD
    if world.size != expected:
        raise ConfigError(
            f"started as one of {world.size} ranks, wanted {expected}: is it the launcher of this MPI?"
        )
    return Ranks(world)
