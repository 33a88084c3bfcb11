import numpy as np
import pytest

from gnomon.algorithms.coadd.randoms import random_points
from gnomon.containers.healpix import pixel_of

NSIDE = 1024
AREA = 4 * np.pi * (180 * 60 / np.pi) ** 2 / (12 * NSIDE**2)  # arcmin^2 of a pixel, 11.8


@pytest.mark.parametrize("first", [0, 5 * NSIDE**2 - 500, 12 * NSIDE**2 - 1000])  # pole, belt, pole
def test_points_are_even_and_lie_in_their_pixels(first):
    pixel = first + np.arange(1000)
    ra, dec, row = random_points(NSIDE, pixel, 2.0, seed=3)
    np.testing.assert_array_equal(pixel_of(NSIDE, ra, dec), pixel[row])
    count = np.bincount(row, minlength=1000)
    # Poisson: mean to 4 sigma, variance over mean to 4 sqrt(2 / 1000)
    assert count.mean() == pytest.approx(2 * AREA, abs=4 * np.sqrt(2 * AREA / 1000))
    assert count.var() / count.mean() == pytest.approx(1, abs=0.18)
    # within pixels too: the quarters hold as many
    quarter = np.bincount(pixel_of(2 * NSIDE, ra, dec) % 4) / len(ra)
    assert np.abs(quarter - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / len(ra))


def test_a_pixel_has_the_same_points_whatever_is_made_with_it():
    pixel = np.arange(40)
    ra, _, row = random_points(NSIDE, pixel, 1.0, seed=1)
    alone = random_points(NSIDE, pixel[17:18], 1.0, seed=1)
    np.testing.assert_array_equal(alone[0], ra[row == 17])
    assert not np.array_equal(random_points(NSIDE, pixel, 1.0, seed=2)[0][:5], ra[:5])


def test_no_pixel_has_no_point():
    assert len(random_points(NSIDE, np.zeros(0, np.int64), 1.0, seed=1)[0]) == 0
