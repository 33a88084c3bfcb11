import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "steps"))
from summaries import summary

from gnomon.algorithms.release.visits import visit_row
from gnomon.io.catalogs import conform, empty_catalog


def test_a_visit_that_straddles_zero_hours_has_its_middle_there():
    row = visit_row(summary(7, "r", ra=[359.9, 0.1], dec=[10.0, 10.0], seeing=[0.8, 1.0], nSource=[5, 7]))
    # the middle of a short arc of a parallel lies 0.1 deg^2 / 2 * tan(dec) radians nearer to the pole: 1.5e-5 deg
    assert row["ra"][0] % 360 == pytest.approx(0, abs=1e-9) or row["ra"][0] == pytest.approx(360, abs=1e-9)
    assert row["dec"][0] == pytest.approx(10, abs=2e-5)
    assert (row["seeing"][0], row["nSource"][0], row["nDetector"][0]) == (pytest.approx(0.9), 12, 2)
    assert len(conform(row, "release_visit")) == 1


def test_a_lost_visit_has_no_row_and_keeps_its_reason():
    row = visit_row(empty_catalog("visit_summary", "trailed"))
    assert len(row) == 0
    assert row.meta["empty_reason"] == "trailed"
    assert np.shape(row["ra"]) == (0,)
