import numpy as np

from gnomon.containers.box import Box


def test_slices_cut_the_pixels_of_the_box():
    image = np.arange(60).reshape(6, 10)
    box = Box(2, 1, 3, 4)
    assert image[box.slices()].shape == box.shape
    assert image[box.slices()][0, 0] == image[1, 2]


def test_growing_back_gives_the_same_box():
    box = Box(2, 1, 3, 4)
    assert box.grown(5).grown(-5) == box.shifted(3, -2).shifted(-3, 2) == box


def test_corners_are_outer_pixel_edges():
    x, y = Box(0, 0, 2, 1).corners()
    assert list(zip(x, y, strict=True)) == [(-0.5, -0.5), (1.5, -0.5), (1.5, 0.5), (-0.5, 0.5)]
