import numpy as np
import pytest

from gnomon.algorithms.streak.radon import QUADRANTS, line_at, line_sums


@pytest.mark.parametrize("shape", [(16, 16), (16, 24), (13, 9)])
@pytest.mark.parametrize("quadrant", range(QUADRANTS))
def test_every_direction_holds_every_pixel_once(shape, quadrant):
    image = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    np.testing.assert_allclose(line_sums(image, quadrant).sum(axis=1), image.sum())


@pytest.mark.parametrize("quadrant", range(QUADRANTS))
def test_a_line_is_summed_where_line_at_says(quadrant):
    """Draw the line of an entry: the entry holds most of it, and is the largest."""
    shape, shift, column = (32, 32), 11, 32 + 15
    line = line_at(shift, column, quadrant, shape)
    t = np.linspace(0, 1, 32)  # one pixel a row
    x, y = np.rint(line.x0 + t * (line.x1 - line.x0)), np.rint(line.y0 + t * (line.y1 - line.y0))
    image = np.zeros(shape, np.float32)
    inside = (x >= 0) & (x < 32) & (y >= 0) & (y < 32)
    image[y[inside].astype(int), x[inside].astype(int)] = 1
    sums = line_sums(image, quadrant)
    assert (
        sums[shift, column] > 0.8 * image.sum()
    )  # the transform's line steps a pixel beside the rounded one
    assert sums[shift, column] >= 0.9 * sums.max()
