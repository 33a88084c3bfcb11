import resource
import subprocess
import sys

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


def test_values_do_not_change():
    before = np.arange(1000).sum()
    keep_freed_memory()
    assert np.arange(1000).sum() == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
