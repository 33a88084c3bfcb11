import numpy as np
import pytest

from calib_scene import DARK, FLAT, SHAPE, master
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK
from gnomon.pipeline.calib import DefectsConfig
from gnomon.steps.defects import defects


def test_hot_and_dead_pixels_are_found_and_no_others():
    found = defects([master(FLAT), master(FLAT)], [master(DARK)], DataId("cam"), DefectsConfig())
    want = np.zeros(SHAPE, np.uint32)
    want[10, 20] = want[30, 40] = MASK["BAD"]
    np.testing.assert_array_equal(found.mask, want)


@pytest.mark.parametrize("flats, darks, count", [([master(FLAT)], [], 1), ([], [master(DARK)], 1)])
def test_either_kind_of_frame_will_do(flats, darks, count):
    found = defects(flats, darks, DataId("cam"), DefectsConfig())
    assert np.count_nonzero(found.mask) == count


def test_radius_widens_every_defect():
    found = defects([master(FLAT)], [master(DARK)], DataId("cam"), DefectsConfig(radius=1))
    assert np.count_nonzero(found.mask) == 18


def test_no_frames_are_refused():
    with pytest.raises(UnprocessableData, match="neither"):
        defects([], [], DataId("cam"), DefectsConfig())
