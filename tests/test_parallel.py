import threading

import pytest

from gnomon.errors import ConfigError
from gnomon.parallel import Ranks, WorkDone, over, ranks


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_keep_the_order_of_the_parts(threads):
    assert list(over(range(20), lambda n: n * n, threads)) == [n * n for n in range(20)]


def test_threads_work_side_by_side():
    both = threading.Barrier(2, timeout=20)
    assert len(list(over(range(2), lambda n: both.wait(), 2))) == 2


def test_an_error_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(over([1, 0], lambda n: 1 // n, 2))


def test_refuses_no_threads():
    with pytest.raises(ValueError, match="threads is 0"):
        list(over([1], abs, 0))


class World:
    """Ranks of one process, run one after the other: what is sent waits in a box."""

    def __init__(self, rank, size, box):
        self.rank, self.size, self.box = rank, size, box

    def isend(self, value, dest):
        self.box.setdefault((self.rank, dest), []).append(value)
        return self

    def wait(self):
        pass

    def recv(self, source):
        return self.box[(source, self.rank)].pop(0)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 11])
def test_ranks_share_the_parts_and_the_first_has_all_results_in_order(size):
    box = {}
    for rank in range(1, size):
        with pytest.raises(WorkDone):
            list(Ranks(World(rank, size, box)).over(range(10), lambda n: n * n))
    assert list(Ranks(World(0, size, box)).over(range(10), lambda n: n * n)) == [n * n for n in range(10)]
    assert not any(box.values())


def test_refuses_another_number_of_ranks_than_expected():
    pytest.importorskip("mpi4py")
    with pytest.raises(ConfigError, match="one of 1 ranks, wanted 3"):
        ranks(3)
