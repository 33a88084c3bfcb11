"""Streaks of known place and brightness in noise and among stars."""

import numpy as np
import pytest

from gnomon.algorithms.streak import find_streaks, mark_streaks, streak_mask
from gnomon.containers.image import Image
from gnomon.flags import MASK

SIDE = 512
SIGMA = 2.0


def distance(angle, offset, side=SIDE):
    """Distance of every pixel from a line at an angle, an offset from the middle."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return -x * np.sin(angle) + y * np.cos(angle) - offset


def field(height, angle=0.4, offset=60.0, stars=150, seed=0, side=SIDE):
    """Significance of noise, stars of all brightnesses and one Gaussian trail; and the trail's height."""
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(side, side))
    y, x = np.mgrid[:side, :side]
    for cx, cy, flux in zip(*rng.uniform(0, side, (2, stars)), 3 * rng.pareto(1.0, stars), strict=True):
        near = (slice(max(0, int(cy) - 15), int(cy) + 16), slice(max(0, int(cx) - 15), int(cx) + 16))
        r2 = (x[near] - cx) ** 2 + (y[near] - cy) ** 2
        image[near] += flux * np.exp(-0.5 * r2 / SIGMA**2)
    trail = height * np.exp(-0.5 * (distance(angle, offset, side) / SIGMA) ** 2)
    return (image + trail).astype(np.float32), trail


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.1, np.pi / 2, 2.3, 3.0])
def test_a_bright_trail_is_masked_whole_and_little_else(angle):
    image, trail = field(5.0, angle)
    mask = streak_mask(find_streaks(image, np.ones(image.shape, bool)), image.shape)
    assert mask[trail > 0.2].mean() > 0.99
    assert np.abs(distance(angle, 60.0))[mask].max() < 14
    # the mask is no wider than 4 standard deviations of the trail to both sides, and its margin
    assert mask.sum() < 2.2 * (4 * SIGMA + 3) * SIDE


def test_a_trail_fainter_than_the_noise_of_a_pixel_is_found():
    found = 0
    for seed in range(6):
        image, trail = field(0.8, 0.3 + 0.4 * seed, seed=seed)
        mask = streak_mask(find_streaks(image, np.ones(image.shape, bool)), image.shape)
        found += mask[trail > 0.3].mean() > 0.9
    assert found >= 5


def test_without_a_trail_nothing_is_masked():
    for seed in range(10):
        image, _ = field(0.0, stars=50 + 30 * seed, seed=seed)
        assert find_streaks(image, np.ones(image.shape, bool)) == []


def test_a_galaxy_that_fills_the_image_is_no_trail():
    rng = np.random.default_rng(0)
    r = np.hypot(distance(0.5, 0.0) / 1.0, distance(0.5 + np.pi / 2, 0.0) / 5.0)
    image = (rng.normal(size=r.shape) + 200 * np.exp(-np.sqrt(r / 3))).astype(np.float32)
    assert find_streaks(image, np.ones(image.shape, bool)) == []


def test_two_trails_that_cross_are_both_found():
    one, trail = field(3.0, 0.4, 30.0)
    other = 3.0 * np.exp(-0.5 * (distance(1.9, -40.0) / SIGMA) ** 2)
    mask = streak_mask(find_streaks(one + other.astype("f4"), np.ones(one.shape, bool)), one.shape)
    assert mask[trail + other > 0.5].mean() > 0.99


def test_a_trail_that_ends_in_the_image_is_masked_to_its_end():
    rng = np.random.default_rng(5)
    image, trail = field(4.0, 0.4, 0.0)
    along = np.mgrid[:SIDE, :SIDE][1]
    noise = rng.normal(size=image.shape).astype("f4")
    half = np.where(along < 300, image, noise)
    mask = streak_mask(find_streaks(half, np.ones(half.shape, bool)), half.shape)
    assert mask[(trail > 1) & (along < 290)].mean() > 0.98
    assert mask[:, 350:].sum() == 0  # a piece of 32 pixels beyond its end at most


def test_a_trail_that_cuts_a_corner_is_found():
    image, trail = field(5.0, np.pi / 4, -270.0)
    mask = streak_mask(find_streaks(image, np.ones(image.shape, bool)), image.shape)
    assert mask[trail > 1].mean() > 0.95


def test_saturated_stars_and_dead_columns_do_not_hide_it():
    image, trail = field(4.0, 0.4)
    usable = np.ones(image.shape, bool)
    usable[:, 200:230] = False
    usable[240:300, 300:380] = False
    image[~usable] = 1e4
    mask = streak_mask(find_streaks(image, usable), image.shape)
    assert mask[(trail > 0.5) & usable].mean() > 0.99


def test_marking_sets_the_plane_and_nothing_else():
    image, trail = field(5.0)
    given = Image(image, np.ones_like(image), np.full(image.shape, MASK["INTRP"], np.uint32))
    marked = mark_streaks(given)
    assert (marked.mask[trail > 1] == MASK["INTRP"] | MASK["STREAK"]).mean() > 0.99
    assert marked.flux is given.flux
    clean = Image(field(0.0)[0], given.variance, given.mask)
    assert mark_streaks(clean) is clean


def test_an_image_without_usable_pixels_has_none():
    image = np.full((64, 64), np.nan, np.float32)
    assert find_streaks(image, np.zeros(image.shape, bool)) == []
