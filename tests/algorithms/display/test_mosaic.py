import numpy as np
import pytest

from gnomon.algorithms.display import Tile, asinh_stretch, mosaic
from gnomon.containers.wcs import tangent_wcs

SCALE = np.radians(0.2 / 3600)


def tile_at(ra, dec, value, n=64):
    cd = SCALE * np.array([[-1.0, 0.0], [0.0, 1.0]])
    return Tile(np.full((n, n), value, "f4"), tangent_wcs((ra, dec), ((n - 1) / 2, (n - 1) / 2), cd))


def test_north_is_up_and_east_is_left():
    step = 80 * SCALE
    picture = mosaic([tile_at(1.0, 0, 1), tile_at(1.0 + step, 0, 2), tile_at(1.0, step, 3)], 144)
    assert picture[-10, 10] == 2
    assert picture[-10, -10] == 1
    assert picture[10, -10] == 3
    assert np.isnan(picture[10, 10])


def test_mosaic_across_ra_zero_is_as_small_as_elsewhere():
    step = 80 * SCALE
    away = mosaic([tile_at(1.0, 0, 1), tile_at(1.0 + step, 0, 2)], 100)
    wrapped = mosaic([tile_at(2 * np.pi - step / 2, 0, 1), tile_at(step / 2, 0, 2)], 100)
    assert wrapped.shape == away.shape


def test_bright_is_white_and_unknown_is_black():
    assert asinh_stretch([np.nan, -100.0, 1e9], 1.0).tolist() == [0, 0, 255]


def test_stretch_rises():
    assert np.all(np.diff(asinh_stretch(np.linspace(-2, 200, 50), 1.0).astype(int)) > 0)


def test_refuses_no_noise():
    with pytest.raises(ValueError, match="noise is 0"):
        asinh_stretch([1.0], 0)
