import numpy as np
import pytest

from calib_scene import BIAS, CAMERA, DARK, exposures, master, pulls
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.calib import MasterConfig
from gnomon.steps.master_dark import master_dark


def dark_of(frames, bias):
    return master_dark(CAMERA, frames, bias, DataId("cam"), MasterConfig())


def test_dark_current_comes_back_per_second_with_its_error():
    dark = dark_of(exposures("dark", 6, 0, 100.0, 2), [master(BIAS)])
    mean, rms = pulls(dark, DARK)
    # level of the overscan as in master_bias: 6 e- / sqrt(14 x 128 x 6) = 0.058 e- over 2.6: five times 0.022
    assert abs(mean) < 0.12
    assert rms == pytest.approx(1.03, abs=0.06)
    assert dark.flux[10, 20] == pytest.approx(40.0, abs=5 * (40 / 600) ** 0.5)


def test_without_a_master_bias_its_pattern_stays():
    dark = dark_of(exposures("dark", 6, 0, 100.0, 2), [])
    assert np.corrcoef(dark.flux[DARK < 1], BIAS[DARK < 1])[0, 1] > 0.5


def test_no_exposures_are_refused():
    with pytest.raises(UnprocessableData, match="found no dark exposures"):
        dark_of([], [])
