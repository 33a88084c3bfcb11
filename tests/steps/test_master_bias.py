import pytest

from calib_scene import BIAS, CAMERA, exposures, pulls
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.calib import MasterConfig
from gnomon.steps.master_bias import master_bias


def test_bias_pattern_comes_back_in_adu_with_its_error():
    bias = master_bias(CAMERA, exposures("bias", 8, 0, 0.0, 1), DataId("cam"), MasterConfig())
    mean, rms = pulls(bias, BIAS)
    # the mean of a row's overscan (14 pixels) is common to its 40 pixels: the mean of 128 half rows errs by
    # 4 / sqrt(14) / sqrt(128 x 8) in ADU, 0.033, over 1.41: 0.024; five of these. Variance: 1 + 1 / 14 + rounding
    assert abs(mean) < 0.12
    assert rms == pytest.approx((1 + 1 / 14 + 1 / 12 / 16) ** 0.5, abs=0.06)


def test_too_few_exposures_are_refused():
    with pytest.raises(UnprocessableData, match="found 2 bias exposures, wanted at least 3"):
        master_bias(CAMERA, exposures("bias", 2, 0, 0.0, 1), DataId("cam"), MasterConfig())


def test_no_exposures_are_refused():
    with pytest.raises(UnprocessableData, match="found no bias exposures"):
        master_bias(CAMERA, [], DataId("cam"), MasterConfig())
