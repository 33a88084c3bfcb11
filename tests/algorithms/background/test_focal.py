import numpy as np
import pytest

from gnomon.algorithms.background import background_map, fit_background
from gnomon.algorithms.background.focal import fit_focal_sky, without_objects
from gnomon.containers.background import BackgroundModel
from gnomon.containers.image import Image

SIDE, BOX, SKY = 512, 64, 1000.0
MIDDLE = (
    450.0,
    400.0,
)  # x, y of the galaxy on the focal plane of 2 x 2 detectors, pixels: it reaches all of them


def focal_plane(galaxy, seed=0):
    """Images of four detectors: a sky that slopes by 3 %, pedestals of 0.2 %, a galaxy over the corner of all."""
    rng = np.random.default_rng(seed)
    out, pedestals = [], 0.002 * SKY * np.array([1.0, -1.0, 0.5, -0.5])
    for number in range(4):
        x0, y0 = SIDE * (number % 2), SIDE * (number // 2)
        y, x = np.mgrid[y0 : y0 + SIDE, x0 : x0 + SIDE].astype(float)
        sky = SKY * (1 + 0.03 * x / 1024 - 0.02 * (y / 1024) ** 2) + pedestals[number]
        light = galaxy * np.exp(-np.hypot((x - MIDDLE[0]), 1.3 * (y - MIDDLE[1])) / 60)
        noisy = rng.normal(sky + light, np.sqrt(sky + light)).astype("f4")
        image = Image(noisy, (sky + light).astype("f4"), np.zeros(noisy.shape, "u4"))
        out.append((image, sky, light))
    return out


def skies(scene):
    """Own mesh of each detector, the focal plane's sky, and what each detector ends with."""
    own = [fit_background(image, box_px=BOX) for image, _, _ in scene]
    cells = np.concatenate([m.level.ravel() for m in own])
    places = [cell_places(number, own[0].level.shape) for number in range(4)]
    x, y = (np.concatenate([p[k].ravel() for p in places]) for k in range(2))
    sky = fit_focal_sky(x, y, cells.astype(float), np.repeat(np.arange(4), own[0].level.size))
    new = [without_objects(m, sky.at(*places[k], k), sky.scatter) for k, m in enumerate(own)]
    return own, sky, new


def cell_places(number, cells):
    v, u = (np.arange(n) + 0.5 for n in cells)
    u, v = np.meshgrid((u / cells[1] + number % 2), (v / cells[0] + number // 2))
    return u - 1, v - 1


def test_a_galaxy_over_four_detectors_keeps_its_light_to_one_per_cent():
    """All light within the isophote of 1 % of the sky; the meshes of single detectors swallow most of it."""
    scene = focal_plane(3000.0)
    own, _, new = skies(scene)
    total = lost = swallowed = 0.0
    for k, (_, sky, light) in enumerate(scene):
        inside = light > 0.01 * SKY
        total += light[inside].sum()
        lost += (background_map(new[k][0]) - sky)[inside].sum()
        swallowed += (background_map(own[k]) - sky)[inside].sum()
    assert swallowed > 0.5 * total
    assert abs(lost) < 0.01 * total


def test_without_large_objects_every_detector_keeps_its_own_sky():
    scene = focal_plane(0.0)
    own, found, new = skies(scene)
    for k in range(4):
        assert not new[k][1].any()
        np.testing.assert_array_equal(new[k][0].level, own[k].level)
        # the polynomial takes a part of the pedestals for a slope; with them it is right to what flat fields leave
        expected = found.at(*cell_places(k, own[k].level.shape), k)
        assert np.abs(expected - own[k].level).mean() < 0.001 * SKY


def test_a_zero_point_off_by_half_a_per_cent_and_a_faint_unevenness_are_no_objects():
    rng = np.random.default_rng(4)
    places = [cell_places(number, (8, 8)) for number in range(4)]
    x, y = (np.concatenate([p[k].ravel() for p in places]) for k in range(2))
    level = SKY * (1 + 0.001 * rng.standard_normal(256))
    level[:64] *= 1.005
    level[130:132] += 0.004 * SKY  # two cells beside each other: four scatters, and nothing brighter in them
    found = fit_focal_sky(x, y, level, np.repeat(np.arange(4), 64))
    assert found.pedestal[0] == pytest.approx(0.005 * SKY, abs=0.002 * SKY)
    for k, place in enumerate(places):
        mesh = level[64 * k : 64 * (k + 1)].reshape(8, 8).astype("f4")
        own = BackgroundModel(mesh, np.ones_like(mesh), (SIDE, SIDE))
        assert not without_objects(own, found.at(*place, k), found.scatter)[1].any()


def test_a_detector_that_a_galaxy_fills_takes_the_sky_of_the_others():
    scene = focal_plane(0.0)
    image, sky, _ = scene[2]
    scene[2] = (Image(image.flux + 300, image.variance, image.mask), sky, np.full(sky.shape, 300.0))
    _, found, new = skies(scene)
    assert 2 not in found.pedestal
    assert new[2][1].all()
    # its own pedestal of 0.1 % is unknown, and a corner of the focal plane is extrapolated
    assert np.abs(background_map(new[2][0]) - sky).mean() < 0.01 * SKY


def test_one_cell_and_few_cells_give_a_constant_or_what_they_carry():
    one = fit_focal_sky(np.zeros(1), np.zeros(1), np.full(1, 7.0), np.zeros(1, int))
    assert one.at(np.array([0.3]), np.array([0.1]), 0)[0] == pytest.approx(7.0)
    x, y = (v.ravel() for v in np.meshgrid([-0.5, 0.5], [-0.5, 0.5]))
    few = fit_focal_sky(x, y, np.array([5.0, 5.0, 5.0, 50.0]), np.zeros(4, int))
    assert few.at(x, y, 0)[0] == pytest.approx(5.0, rel=1e-3)
