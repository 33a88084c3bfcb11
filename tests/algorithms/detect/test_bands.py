import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import norm

from gnomon.algorithms.detect.bands import (
    footprints_above,
    merged_significance,
    merged_threshold,
    noise_scale,
)


@pytest.mark.parametrize("n_bands", [1, 2, 6])
def test_noise_passes_the_merged_threshold_as_often_as_a_gaussian(n_bands):
    rng = np.random.default_rng(1)
    maps = rng.standard_normal((n_bands, 1000, 1000)).astype(np.float32)
    passed = (merged_significance(list(maps)) > merged_threshold(n_bands, 2.5)).mean()
    want = norm.sf(2.5)
    assert passed == pytest.approx(want, abs=4 * np.sqrt(want / 1e6))


def test_one_band_needs_the_threshold_itself():
    assert merged_threshold(1, 5.0) == pytest.approx(5.0, abs=1e-6)
    assert merged_threshold(6, 5.0) == pytest.approx(6.1, abs=0.2)


def test_thresholds_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="band"):
        merged_threshold(0, 5.0)


def test_the_scale_of_noise_is_not_that_of_sources():
    rng = np.random.default_rng(2)
    plane = 1.3 * rng.standard_normal((500, 500)).astype(np.float32)
    plane[:50] = 0
    plane[100:110] += 100
    # 2 % of the pixels bright move either percentile by 1 %; 2e5 pixels know their distance to 0.5 %
    assert noise_scale(plane) == pytest.approx(1.3, abs=0.04)
    assert noise_scale(np.zeros((5, 5), np.float32)) == 1.0


def test_a_crowded_field_has_the_noise_of_an_empty_one():
    """Sources on a third of the pixels: percentiles of all pixels are 1.15 too wide, on the lower side as well."""
    rng = np.random.default_rng(4)
    n, count = 800, 1100
    noise = gaussian_filter(rng.standard_normal((n, n)), 2.0)
    stars = np.zeros((n, n))
    np.add.at(stars, tuple(rng.integers(0, n, (2, count))), 5 * rng.pareto(1.0, count).clip(0, 200) + 5)
    plane = 1.1 * noise / noise.std() + gaussian_filter(stars, 2.8) * (4 * np.pi * 2.0 * 2.8)
    two, one = np.percentile(plane, [2.28, 15.87])
    assert one - two > 1.15
    # 13000 independent pixels on clean sky: 1 %; noise above 3.7 sigma that is cut off: 1 %
    assert noise_scale(plane.astype(np.float32)) == pytest.approx(1.1, abs=0.04)


def test_regions_are_connected_over_corners_and_hold_their_pixels():
    plane = np.zeros((6, 8), np.float32)
    plane[1, 1:3], plane[2, 3], plane[5, 0], plane[5, 7] = 6, 7, 8, 9
    found = footprints_above(plane, 5.0)
    assert found.area().tolist() == [3, 1, 1]
    assert found.flux.tolist() == [6, 6, 7, 8, 9]
    assert (found.noise == 1).all()


def test_nothing_above_is_no_region():
    found = footprints_above(np.zeros((4, 4), np.float32), 5.0)
    assert (len(found), found.first.tolist()) == (0, [0])
