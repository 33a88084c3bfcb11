import numpy as np
import pytest
from scipy.ndimage import binary_dilation, label

from gnomon.kernels.coadd import (
    MeanBits,
    candidates,
    highest_around,
    keep_rare_regions,
    round_widths,
    smooth_gaussian,
    static_sky,
    weighted_mean,
)


def stack(rng, n=6, shape=(11, 130)):
    flux = rng.normal(10, 3, (n, *shape)).astype(np.float32)
    variance = rng.uniform(1, 4, flux.shape).astype(np.float32)
    variance[rng.random(flux.shape) < 0.1] = 0
    mask = rng.integers(0, 16, flux.shape).astype(np.uint32)
    reject = (rng.random(flux.shape) < 0.3).astype(np.uint8)
    return flux, variance, mask, reject, rng.uniform(0.5, 2, n)


def slow_mean(flux, variance, mask, reject, weight, excluded, touched):
    known = variance > 0
    used = known & (reject == 0) & ((mask & excluded) == 0)
    spoiled = known & ((reject > 0) | ((mask & (excluded | touched)) > 0))
    w = weight[:, None, None]
    count, total = used.sum(0), (known * w).sum(0)
    use = np.where(count > 0, used, known) * w
    sum_w = np.where(use.sum(0) > 0, use.sum(0), 1)
    bits = np.bitwise_or.reduce(np.where(use > 0, mask, 0))
    return (
        (use * flux.astype(float)).sum(0) / sum_w,
        (use**2 * variance).sum(0) / sum_w**2,
        bits,
        count,
        (spoiled * w).sum(0) / np.where(total > 0, total, 1),
    )


def test_mean_equals_its_slow_twin():
    args = stack(np.random.default_rng(1))
    fast, slow = weighted_mean(*args, MeanBits(4, 2)), slow_mean(*args, 4, 2)
    # float32 results of double sums
    np.testing.assert_allclose(fast.flux, slow[0], rtol=1e-6)
    np.testing.assert_allclose(fast.variance, slow[1], rtol=1e-6)
    np.testing.assert_array_equal(fast.mask, slow[2])
    np.testing.assert_array_equal(fast.count, slow[3])
    np.testing.assert_allclose(fast.masked_fraction, slow[4], rtol=1e-6)
    assert fast.gaps.all()


def test_pixels_are_summed_alone():
    flux, variance, mask, reject, weight = stack(np.random.default_rng(2), shape=(7, 1500))
    whole = weighted_mean(flux, variance, mask, reject, weight, MeanBits(4, 2))
    part = [np.ascontiguousarray(a[:, 3:4, 700:]) for a in (flux, variance, mask, reject)]
    assert weighted_mean(*part, weight, MeanBits(4, 2)).flux.tobytes() == whole.flux[3:4, 700:].tobytes()


def test_bits_tell_what_was_done_to_the_mean():
    flux, variance, mask, reject, weight = stack(np.random.default_rng(7), shape=(9, 300))
    reject[:, 5:], variance[:, :3] = 0, 1
    mask[:, :2], reject[:, :2] = 8, 0  # clean rows among others
    variance[:, 8, 299] = 0
    bits = MeanBits(
        4, 2, kept=~8 & 0xFFFFFFFF, clipped=1 << 10, lost=1 << 11, inexact=1 << 12, no_data=1 << 13
    )
    plain, made = (weighted_mean(flux, variance, mask, reject, weight, b) for b in (MeanBits(4, 2), bits))
    clipped, missing = reject.any(0), plain.count < len(flux)
    told = np.where(clipped, bits.clipped, 0) | np.where(missing & ~clipped, bits.lost, 0)
    told |= np.where(missing, bits.inexact, 0) | np.where(plain.variance > 0, 0, bits.no_data)
    np.testing.assert_array_equal(made.mask, (plain.mask & bits.kept) | told)
    none = np.zeros_like(reject)
    again = weighted_mean(
        flux, variance, mask, reject, weight, bits, weighted_mean(flux, variance, mask, none, weight, bits)
    )
    assert plain.gaps.tolist() == [((variance[k] <= 0) | ((mask[k] & 4) > 0)).any() for k in range(len(flux))]
    assert not weighted_mean(flux, np.ones_like(flux), 0 * mask, none, weight, bits).gaps.any()
    for name in ("flux", "variance", "mask", "count", "masked_fraction"):
        assert getattr(again, name).tobytes() == getattr(made, name).tobytes()


def test_an_empty_stack_is_zero():
    empty = np.zeros((0, 3, 4), np.float32)
    planes = weighted_mean(
        empty, empty, empty.astype(np.uint32), empty.astype(np.uint8), np.zeros(0), MeanBits(0, 0)
    )
    assert not planes.flux.any()
    assert not planes.variance.any()


def test_smoothing_equals_the_dense_convolution():
    plane = np.random.default_rng(3).normal(size=(23, 40)).astype(np.float32)
    sigma = 1.7
    reach = int(np.ceil(4 * sigma))
    k = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    k /= k.sum()
    padded = np.pad(plane.astype(float), reach, mode="edge")
    rows = sum(w * padded[:, i : i + 40] for i, w in enumerate(k))
    dense = sum(w * rows[i : i + 23] for i, w in enumerate(k))
    np.testing.assert_allclose(smooth_gaussian(plane, sigma), dense, atol=2e-6)


def test_smoothing_keeps_constants_and_may_do_nothing():
    plane = np.full((5, 6), 3, np.float32)
    np.testing.assert_allclose(smooth_gaussian(plane, 2.0), 3, rtol=1e-6)
    noise = np.random.default_rng(4).normal(size=(5, 6)).astype(np.float32)
    np.testing.assert_array_equal(smooth_gaussian(noise, 0.0), noise)


def test_rare_regions_equal_labelled_ones():
    rng = np.random.default_rng(6)
    mask, rare = rng.random((60, 70)) < 0.35, rng.random((60, 70)) < 0.5
    region, n = label(mask, np.ones((3, 3)))
    share = [0, *(rare[region == k].mean() for k in range(1, n + 1))]
    np.testing.assert_array_equal(keep_rare_regions(mask, rare, 0.5), np.array(share)[region] > 0.5)
    assert mask.sum() > keep_rare_regions(mask, rare, 0.5).sum() > 0


def test_refuses_stacks_of_two_shapes_and_negative_widths():
    flux, variance, mask, reject, weight = stack(np.random.default_rng(5))
    with pytest.raises(ValueError, match="differ in shape"):
        weighted_mean(flux, variance[:3].copy(), mask, reject, weight, MeanBits(0, 0))
    with pytest.raises(ValueError, match="one weight"):
        weighted_mean(flux, variance, mask, reject, weight[:3], MeanBits(0, 0))
    with pytest.raises(ValueError, match="negative"):
        smooth_gaussian(flux[0], -1.0)


@pytest.mark.parametrize("n, groups", [(1, 0), (6, 0), (19, 0), (24, 0), (20, 15), (47, 15)])
def test_the_static_sky_is_a_median_of_planes_or_of_group_means(n, groups):
    planes = np.random.default_rng(n).normal(100, 10, (n, 13, 37)).astype(np.float32)
    means = [planes[g::groups].mean(0, dtype=np.float64).astype(np.float32) for g in range(groups)] or planes
    # the mean of the two middle ones rounds once in float32
    np.testing.assert_allclose(static_sky(planes, groups), np.median(means, 0), rtol=2e-7)


def test_candidates_are_followed_from_what_is_beyond_the_noise_and_what_is_allowed():
    rng = np.random.default_rng(5)
    sky, shape = (rng.uniform(1, 2, (40, 50)).astype(np.float32) for _ in range(2))
    allowed = np.float32(0.1) * sky
    plane = (sky + shape * rng.normal(0, 3, sky.shape)).astype(np.float32)
    plane[7, 9], plane[0, 49], plane[22, 30:40] = -60, 70, 25
    plane[22, 30] = 60
    found = np.full(sky.shape, 7, np.uint8)
    assert candidates(plane, (sky, allowed, shape), (5.0, 2.0, 0.0), (3, 1), found)
    sample = np.sort((np.abs(plane - sky) / shape)[::3, ::3].ravel())
    excess = (np.abs(plane - sky) - allowed) / (shape * 1.4826 * sample[len(sample) // 2])
    seed = excess > 5
    followed = seed | ((excess > 2) & binary_dilation(seed, np.ones((7, 7))))
    np.testing.assert_array_equal(found, binary_dilation(followed, np.ones((3, 3))))
    assert not candidates(sky, (sky, allowed, shape), (5.0, 2.0, 0.0), (3, 1), found)


@pytest.mark.parametrize("n", [1, 2, 301])
def test_the_noise_is_the_median_difference(n):
    rng = np.random.default_rng(n)
    plane = np.zeros((1, 3 * n), np.float32)
    plane[0, ::3] = rng.lognormal(0, 3, n) * rng.choice([-1, 1], n)
    noise = 1.4826 * np.sort(np.abs(plane[0, ::3]))[n // 2]
    zero, found = np.zeros_like(plane), np.zeros(plane.shape, np.uint8)
    one = np.ones_like(plane)
    highest = np.abs(plane).max() / noise
    assert candidates(plane, (zero, zero, one), (0.999 * highest, 1.0, 0.0), (0, 0), found)
    assert not candidates(plane, (zero, zero, one), (1.001 * highest, 1.0, 0.0), (0, 0), found)


def test_refuses_fewer_planes_than_groups_and_long_medians():
    with pytest.raises(ValueError, match="fewer"):
        static_sky(np.zeros((3, 4, 4), np.float32), 5)
    with pytest.raises(ValueError, match="too many"):
        static_sky(np.zeros((25, 4, 4), np.float32))


def test_the_highest_around_is_that_of_five_by_five_pixels():
    plane = np.random.default_rng(8).normal(0, 1, (19, 23)).astype(np.float32)
    padded = np.lib.stride_tricks.sliding_window_view(np.pad(np.abs(plane), 2), (5, 5))
    np.testing.assert_array_equal(highest_around(plane, 0.5), np.float32(0.5) * padded.max((2, 3)))
    assert highest_around(plane[:1, :1].copy(), 1.0) == abs(plane[0, 0])


def gaussian(sigma, size=35):
    line = np.exp(-0.5 * ((np.arange(size) - size // 2) / sigma) ** 2)
    return np.outer(line, line) / line.sum() ** 2


@pytest.mark.parametrize("sigma", [1.0, 1.6, 3.0])
def test_gaussians_have_their_own_width(sigma):
    images = np.stack([gaussian(sigma), 5 * gaussian(sigma)]).astype(np.float32)
    # sums over pixels stand for integrals: 2e-3 at 1 px, nothing beyond
    np.testing.assert_allclose(round_widths(images), sigma, rtol=3e-3)


def test_what_is_no_star_has_some_width():
    images = np.stack([np.zeros((21, 21)), -np.ones((21, 21)), np.ones((21, 21))]).astype(np.float32)
    width = round_widths(images)
    assert np.isfinite(width).all()
    assert ((width >= 0.5) & (width <= 8)).all()
    with pytest.raises(ValueError, match="square"):
        round_widths(images[:, 1:].copy())


def slow_width(image):
    square = (np.arange(len(image)) - len(image) // 2) ** 2.0
    variance = 1.7**2
    for _ in range(12):
        weight = np.exp(-0.5 * (square[:, None] + square) / variance) * image
        weighted = (weight * (square[:, None] + square)).sum() / (2 * weight.sum())
        own = 1 / (1 / weighted - 1 / variance)
        variance = np.clip(own if own > 0 else 1.7**2, 0.5**2, 8.0**2)
    return np.sqrt(variance)


def test_widths_equal_their_slow_twin():
    shapes = gaussian(1.5)[:, ::-1] + 0.3 * gaussian(3.2), gaussian(2.2) + 0.2 * np.roll(gaussian(2.0), 2, 0)
    images = np.stack(shapes).astype(np.float32)
    # sums of a thousand doubles in another order
    np.testing.assert_allclose(
        round_widths(images), [slow_width(i.astype(float)) for i in images], rtol=1e-12
    )
