import numpy as np

from gnomon.algorithms.alert.cutouts import cutouts, local_maps, stamp_side
from gnomon.containers.wcs import tangent_wcs


def test_source_stands_on_the_middle_pixel():
    plane = np.zeros((50, 60), np.float32)
    plane[20, 33] = 7
    for side in (30, 31):
        stamp = cutouts(plane, np.array([33.4]), np.array([19.6]), side)[0]
        assert stamp.shape == (side, side)
        assert stamp[side // 2, side // 2] == 7


def test_pixels_beyond_the_edge_are_nan():
    stamp = cutouts(np.ones((40, 40), np.float32), np.array([0.0, 39.0]), np.array([0.0, 20.0]), 31)
    assert np.isnan(stamp[0, :15]).all()
    assert np.isnan(stamp[0, :, :15]).all()
    assert (stamp[0, 15:, 15:] == 1).all()
    assert np.isnan(stamp[1, :, 16:]).all()


def test_no_sources_give_no_stamps():
    assert cutouts(np.ones((9, 9), np.float32), np.zeros(0), np.zeros(0), 30).shape == (0, 30, 30)


def test_side_is_bounded():
    assert stamp_side(np.array([1, 50, 500])).tolist() == [30, 50, 102]


def test_local_map_agrees_with_the_image_over_the_stamp():
    scale = np.radians(0.2 / 3600)
    turn = np.array([[-np.cos(0.3), np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]) * scale
    wcs = tangent_wcs((1.2, -0.7), (2000.0, 2000.0), turn)
    m = local_maps(wcs, np.array([100.3]), np.array([3900.0]), 31)[0]
    ours = tangent_wcs(
        (np.radians(m.crval[0]), np.radians(m.crval[1])),
        (100 - 15 + m.crpix[0] - 1, 3900 - 15 + m.crpix[1] - 1),
        np.radians(np.array(m.cd).reshape(2, 2)),
    )
    x, y = np.meshgrid(np.arange(85.0, 116), np.arange(3885.0, 3916))
    a, b = wcs.pixel_to_sky(x, y), ours.pixel_to_sky(x, y)
    # Second order of a plane 0.15 deg from the tangent point: 15 px x 15 px / 4e5 px = 6e-4 px.
    assert np.abs(a[1] - b[1]).max() < 2e-3 * scale
    assert np.abs((a[0] - b[0]) * np.cos(0.7)).max() < 2e-3 * scale
