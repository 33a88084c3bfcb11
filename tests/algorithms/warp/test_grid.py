import numpy as np
import pytest

from gnomon.algorithms.warp import coordinate_nodes
from gnomon.algorithms.warp.grid import covered, overlaps, source_box
from gnomon.containers.wcs import Wcs, tangent_wcs

SCALE = np.radians(0.2 / 3600)


def tangent(crval=(1.0, 0.3), crpix=(500.0, 500.0), angle=0.0, scale=SCALE):
    c, s = np.cos(angle), np.sin(angle)
    return tangent_wcs(crval, crpix, scale * np.array([[-c, s], [s, c]]))


def distorted():
    a, b = np.zeros((4, 4)), np.zeros((4, 4))
    a[2, 0], b[1, 1], b[0, 3] = 1e-6, 5e-7, 2e-10
    plain = tangent(angle=0.3)
    return Wcs(plain.crval, plain.crpix, plain.cd, a, b)


def test_nodes_are_exact_and_bilinear_between_to_a_thousandth_of_a_pixel():
    source, target, shape = distorted(), tangent(), (300, 400)
    nodes = coordinate_nodes(source, target, shape, (100, 200))
    y, x = np.mgrid[: shape[0], : shape[1]]
    exact = source.sky_to_pixel(*target.pixel_to_sky(x + 100, y + 200))
    ty, tx = y / nodes.tile, x / nodes.tile
    j, i = ty.astype(int), tx.astype(int)
    fy, fx = ty - j, tx - i
    for node, value in zip((nodes.x, nodes.y), exact, strict=True):
        low = node[j, i] * (1 - fx) + node[j, i + 1] * fx
        high = node[j + 1, i] * (1 - fx) + node[j + 1, i + 1] * fx
        # second derivative 2e-6 / px: 2e-6 * 32^2 / 8 = 2.6e-4 px at most
        np.testing.assert_allclose(low * (1 - fy) + high * fy, value, atol=3e-4)


def test_area_is_the_ratio_of_pixel_solid_angles():
    nodes = coordinate_nodes(tangent(), tangent(scale=2 * SCALE), (64, 64), (470, 470))
    np.testing.assert_allclose(nodes.area, 4, rtol=1e-6)
    # the determinant of exact differences agrees with the formula under distortion
    nodes = coordinate_nodes(distorted(), tangent(), (64, 64), (800, 100))
    x, y = nodes.x, nodes.y
    by_x = np.stack([x[1, 2] - x[1, 0], y[1, 2] - y[1, 0]]) / 64
    by_y = np.stack([x[2, 1] - x[0, 1], y[2, 1] - y[0, 1]]) / 64
    assert nodes.area[1, 1] == pytest.approx(abs(by_x[0] * by_y[1] - by_x[1] * by_y[0]), rel=1e-6)


@pytest.mark.parametrize(
    "crval", [(0.0, 0.0), (1e-5, np.pi / 2), (np.pi, -np.pi / 2 + 1e-4), (2 * np.pi - 1e-6, 0.5)]
)
def test_poles_and_the_wrap_of_ra_are_no_places_of_their_own(crval):
    source, target = tangent(crval, angle=0.2), tangent(crval)
    nodes = coordinate_nodes(source, target, (100, 100), (450, 450))
    assert np.isfinite(nodes.x).all()
    np.testing.assert_allclose(nodes.area, 1, rtol=1e-6)
    assert np.hypot(nodes.x - 500, nodes.y - 500).max() < 120


def test_coverage_and_boxes():
    same = tangent()
    inside = coordinate_nodes(same, same, (96, 96), (100, 200))
    assert covered(inside, (1000, 1000))
    rows, columns = source_box(inside, (1000, 1000), 4)
    assert (abs(rows.start - 196) <= 1) & (abs(rows.stop - 301) <= 1)
    assert (abs(columns.start - 96) <= 1) & (abs(columns.stop - 201) <= 1)
    partly = coordinate_nodes(same, same, (96, 96), (960, 200))
    assert overlaps(partly, (1000, 1000))
    assert not covered(partly, (1000, 1000))
    away = coordinate_nodes(same, same, (96, 96), (5000, 200))
    assert not overlaps(away, (1000, 1000))
    rows, columns = source_box(away, (1000, 1000), 4)
    assert columns.start == columns.stop
    behind = coordinate_nodes(tangent((1 + np.pi, -0.3)), same, (96, 96))
    assert not overlaps(behind, (1000, 1000))
    assert source_box(behind, (1000, 1000), 4) == (slice(0, 0), slice(0, 0))
