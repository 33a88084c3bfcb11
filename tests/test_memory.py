import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gnomon.memory import keep_freed_memory

CODE = """
import resource, sys
import numpy as np
from gnomon.memory import keep_freed_memory
if sys.argv[1] == "keep" and not keep_freed_memory():
    sys.exit(77)
np.ones(1 << 23)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    np.ones(1 << 23)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how):
    """Pages touched for the first time while one array of 64 MiB is made eight times."""
    done = subprocess.run([sys.executable, "-c", CODE, how], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("the C library has no mallopt")
    return int(done.stdout)


def test_arrays_made_again_and_again_touch_no_new_memory():
    assert faults("keep") < 0.2 * max(faults("plain"), 100)


HUGE = Path("/sys/kernel/mm/transparent_hugepage/enabled")
SMALL_ARRAYS = """
import resource
from pathlib import Path
from gnomon.memory import keep_freed_memory
keep_freed_memory()
pages = int(Path("/proc/self/statm").read_text().split()[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
blocks = [bytearray(1 << 21) for _ in range(64)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, pages * resource.getpagesize() // 1024)
"""


@pytest.mark.skipif(not HUGE.exists() or "[never]" in HUGE.read_text(), reason="no huge pages here")
def test_the_heap_is_made_of_huge_pages_and_holds_nothing_before_it_is_used():
    done = subprocess.run([sys.executable, "-c", SMALL_ARRAYS], capture_output=True, text=True, check=True)
    pages, resident_kib = map(int, done.stdout.split())
    # 128 MiB are 32768 pages of 4 KiB or 64 of 2 MiB; where memory is scattered some stay small
    assert pages < 16384
    assert resident_kib < 200 * 1024  # of 1.5 GiB that were reserved; ru_maxrss would be pytest's own


def test_values_do_not_change():
    before = np.arange(1000).sum()
    keep_freed_memory()
    assert np.arange(1000).sum() == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
