"""Units: counts, nJy, magnitudes."""

import numpy as np
import pytest

from gnomon.algorithms.photometry.calibrate import calibrate_image, magnitude, njy_per_count
from gnomon.containers.image import Image


def test_one_nanojansky_is_magnitude_31_4():
    assert njy_per_count(31.4) == 1.0
    assert njy_per_count(28.9) == pytest.approx(10.0)
    mag, error = magnitude([1.0, 100.0, -1.0, 0.0], [0.1, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(mag[:2], [31.4, 26.4])
    np.testing.assert_allclose(error[:2], [0.10857, 0.010857], rtol=1e-4)
    assert np.isnan(mag[2:]).all()


def test_variance_goes_with_the_square():
    image = Image(np.full((2, 3), 2, "f4"), np.array([[0, 1, 2]] * 2, "f4"), np.zeros((2, 3), "u4"))
    out = calibrate_image(image, 3.0)
    assert (out.flux == 6).all()
    assert out.variance[0].tolist() == [0, 9, 18]
    assert out.flux.dtype == out.variance.dtype == np.float32
    varying = calibrate_image(image, np.array([[1.0, 2, 3]] * 2))
    assert varying.flux[0].tolist() == [2, 4, 6]


@pytest.mark.parametrize("factor", [0.0, -1.0, np.nan, np.inf])
def test_a_calibration_that_is_none_is_refused(factor):
    image = Image(np.ones((1, 1), "f4"), np.ones((1, 1), "f4"), np.zeros((1, 1), "u4"))
    with pytest.raises(ValueError, match="positive and finite"):
        calibrate_image(image, factor)
