import threading

import pytest

from gnomon.parallel import over


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
