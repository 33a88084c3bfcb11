import numpy as np
import pytest

from gnomon.algorithms.detrend.defects import bad_columns, find_defects, local_median
from gnomon.containers.image import Image
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK

SHAPE = (256, 320)
LIMITS = (5.0, 8.0, (0.8, 1.2), 0)


def frame(mean, rms, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, rms, SHAPE).astype(np.float32)
    return Image(np.float32(mean) + noise, np.full(SHAPE, rms**2, np.float32), np.zeros(SHAPE, np.uint32))


def found(dark, flats, limits=LIMITS):
    return (find_defects(dark, flats, *limits).mask & MASK["BAD"]) != 0


def test_planted_defects_are_found_and_no_others():
    dark, flat = frame(0.05, 0.05), frame(1.0, 0.012, 1)
    dark.flux[10, 20] = 30.0
    dark.flux[40:200, 100] = 12.0
    flat.flux[50, 60] = 0.0
    flat.flux[51, 61] = 1.6
    want = np.zeros(SHAPE, bool)
    want[10, 20] = want[50, 60] = want[51, 61] = want[:, 100] = True  # most of a column: the whole column
    np.testing.assert_array_equal(found(dark, [flat]), want)


def test_a_column_of_low_response_is_bad_along_its_length():
    flat = frame(1.0, 0.01)
    flat.flux[:, 7] *= 0.9  # not odd pixel by pixel
    assert np.array_equal(np.flatnonzero(bad_columns(flat.flux, np.zeros(SHAPE, bool))), [7])


def test_vignetting_is_no_defect():
    flat = frame(1.0, 0.005)
    y, x = np.indices(SHAPE)
    flat.flux[:] *= (1 - 0.3 * ((x - 160) ** 2 + (y - 128) ** 2) / 160**2).astype(np.float32)
    assert not found(None, [flat]).any()


def test_a_rate_that_noise_explains_is_not_hot():
    assert not found(frame(0.05, 3.0), []).any()


def test_pixels_without_a_flat_are_bad():
    flat = frame(1.0, 0.01)
    flat.variance[3, 4] = 0
    assert np.array_equal(np.argwhere(found(None, [flat])), [[3, 4]])


def test_radius_widens():
    flat = frame(1.0, 0.01)
    flat.flux[30, 30] = 0
    assert np.count_nonzero(found(None, [flat], (*LIMITS[:3], 1))) == 9


def test_neither_dark_nor_flat_is_refused():
    with pytest.raises(UnprocessableData, match="neither"):
        find_defects(None, [], *LIMITS)


def test_local_median_follows_a_slope():
    y, x = np.indices(SHAPE)
    slope = (1 + 1e-3 * x + 2e-3 * y).astype(np.float32)
    # tiles of 32 pixels: the median of a tilted plane is its centre, and the rest linear; float32 of about 2
    np.testing.assert_allclose(local_median(slope), slope, atol=1e-5)


def test_small_frames_work():
    assert local_median(np.ones((3, 5), np.float32)).shape == (3, 5)
