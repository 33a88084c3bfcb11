import numpy as np
import pytest

from calib_scene import BIAS, CAMERA, DARK, FLAT, exposures, master, pulls
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.calib import MasterConfig
from gnomon.steps.master_flat import master_flat


def flat_of(frames):
    return master_flat(
        CAMERA, frames, [master(BIAS)], [master(DARK)], DataId("cam", band="g"), MasterConfig()
    )


def test_response_comes_back_with_its_error():
    flat = flat_of(
        [f for n, e in enumerate((8000, 20000, 30000)) for f in exposures("flat", 1, e, 5.0, 3 + n)]
    )
    mean, rms = pulls(flat, FLAT / np.median(FLAT))
    # 5118 pixels: 0.014 and 0.0099, five of each; both medians err by 1.25 x 0.014 of an error
    assert abs(mean) < 0.12
    assert rms == pytest.approx(1, abs=0.05)


def test_flats_without_light_are_refused():
    with pytest.raises(UnprocessableData, match="found a flat of"):
        flat_of(exposures("flat", 3, 20, 5.0, 3))


def test_no_exposures_are_refused():
    with pytest.raises(UnprocessableData, match="found no flat exposures"):
        flat_of([])
