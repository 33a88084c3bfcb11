import numpy as np

from gnomon.algorithms.detrend.saturation import grow_saturation
from gnomon.flags import MASK

SAT, SUSPECT = MASK["SAT"], MASK["SUSPECT"]


def saturated(mask, radius=0):
    return (grow_saturation(mask, radius) & SAT) != 0


def test_a_bleed_trail_is_followed_along_its_column():
    mask = np.zeros((30, 9), np.uint32)
    mask[5:25, 4] = SUSPECT
    mask[14:16, 4] = SAT
    assert np.array_equal(np.argwhere(saturated(mask)), [[y, 4] for y in range(5, 25)])


def test_suspect_pixels_apart_from_saturated_ones_stay_suspect():
    mask = np.zeros((30, 9), np.uint32)
    mask[3:6, 4] = mask[20, 4] = SUSPECT
    mask[4:9, 5] = SUSPECT  # beside the trail, not on it
    mask[10, 4] = SAT
    assert np.array_equal(np.argwhere(saturated(mask)), [[10, 4]])


def test_margin_is_a_square_cut_at_the_border():
    mask = np.zeros((10, 12), np.uint32)
    mask[0, 0] = mask[5, 6] = SAT
    want = np.zeros(mask.shape, bool)
    want[:3, :3] = want[3:8, 4:9] = True
    np.testing.assert_array_equal(saturated(mask, 2), want)


def test_other_planes_and_a_clean_mask_are_left_alone():
    mask = np.arange(12, dtype=np.uint32).reshape(3, 4) & ~np.uint32(SAT)
    np.testing.assert_array_equal(grow_saturation(mask, 3), mask)


def test_runs_do_not_join_over_the_ends_of_columns():
    mask = np.zeros((6, 3), np.uint32)
    mask[5, 0] = SUSPECT
    mask[0, 1] = SAT
    assert np.count_nonzero(saturated(mask)) == 1
