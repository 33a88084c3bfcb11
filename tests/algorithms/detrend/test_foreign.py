from dataclasses import replace

import numpy as np
import pytest

from gnomon.algorithms.detrend.foreign import convert, mask_planes, pixel_variance
from gnomon.containers.exposure import CalibratedPixels
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK

SHAPE = (20, 30)


def pixels(**changes):
    flux, variance = np.full(SHAPE, 100, np.float32), np.full(SHAPE, 4, np.float32)
    return replace(CalibratedPixels(flux, variance, np.zeros(SHAPE, np.uint32), 2.5, np.inf), **changes)


def test_codes_and_bits_are_read_differently():
    values = np.array([[0, 1, 3, 5, 8]], np.int64)
    planes = {1: "BAD", 5: "CR", 8: "STREAK"}
    codes = mask_planes(values, planes, "codes")
    np.testing.assert_array_equal(codes, [[0, MASK["BAD"], 0, MASK["CR"], MASK["STREAK"]]])
    bits = mask_planes(values, {1: "BAD", 4: "CR"}, "bits")
    np.testing.assert_array_equal(bits, [[0, MASK["BAD"], MASK["BAD"], MASK["BAD"] | MASK["CR"], 0]])


def test_electrons_and_their_variance():
    image = convert(pixels(), 1)
    assert np.unique(image.flux) == 250
    assert np.unique(image.variance) == 25
    assert not image.mask.any()


def test_pixels_without_information_are_named():
    given = pixels()
    given.flux[0, 0] = np.nan
    given.variance[0, 1] = 0
    given.variance[0, 2] = 0
    given.mask[0, 2] = MASK["CR"]
    image = convert(given, 1)
    np.testing.assert_array_equal(image.mask[0, :3], [MASK["NO_DATA"], MASK["BAD"], MASK["CR"]])
    np.testing.assert_array_equal(image.variance[0, :4], [0, 0, 0, 25])
    assert image.flux[0, 0] == 0


def test_saturation_by_level():
    given = pixels(saturation=5000.0)
    given.flux[5, 6] = 6000
    assert np.count_nonzero(convert(given, 1).mask & MASK["SAT"]) == 9


def test_input_is_left_alone():
    given = pixels()
    given.flux[0, 0] = np.nan
    convert(given, 1)
    assert not given.mask.any()


@pytest.mark.parametrize(
    "spoil", [{"flux": np.full(SHAPE, np.nan, np.float32)}, {"variance": np.zeros(SHAPE, np.float32)}]
)
def test_detector_without_information_is_refused(spoil):
    with pytest.raises(UnprocessableData, match="100 % of the pixels carry no information"):
        convert(pixels(**spoil), 1)


def test_variance_of_weights():
    weight = np.array([[4.0, 0.0, -1.0, np.nan]], np.float32)
    np.testing.assert_array_equal(
        pixel_variance(np.zeros((1, 4), np.float32), weight, np.nan, 1.0), [[0.25, 0, 0, 0]]
    )


def test_variance_without_weights_is_sky_and_shot_noise():
    flux = np.array([[-5.0, 0.0, 60.0, np.nan]], np.float32)
    np.testing.assert_allclose(pixel_variance(flux, None, 0.25, 2.0), [[4, 4, 34, 0]])


def test_sky_variance_is_measured_where_nobody_says():
    flux = np.random.default_rng(0).normal(0, 3, (200, 200)).astype(np.float32)
    flux[50:60, 50:60] += 1000
    got = np.median(pixel_variance(flux, None, np.nan, 1e6))
    # median absolute deviation of 39,800 correlated differences: 1 % in sigma
    assert got == pytest.approx(9, rel=0.06)
