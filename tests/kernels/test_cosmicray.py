import numpy as np
import pytest

from gnomon.kernels.cosmicray import (
    CandidateTest,
    SharpnessTest,
    cut_patches,
    flag_cosmic_rays,
    sharp_candidates,
)

TEST = SharpnessTest(0.7, 0.5, 5.0, 4.2, 3.5, 2.5, 0.25)


def slow_flags(flux, variance, skip, sky, sky_variance, block, test, rounds):
    """The kernel, pixel by pixel."""
    work, flags, (ny, nx) = flux.copy(), np.zeros(flux.shape, bool), flux.shape
    meaningless = (skip & 1).astype(bool)

    def at(y, x):
        return work[min(max(y, 0), ny - 1), min(max(x, 0), nx - 1)]

    def window(y, x, reach):
        return np.s_[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]

    def middle(values):
        return np.sort(values)[len(values) // 2]

    def replace(pixels):
        values = []
        for y, x in pixels:
            value = sky[y // block, x // block]
            for reach in (3, 2, 1):
                good = work[window(y, x, reach)][~(meaningless | flags)[window(y, x, reach)]]
                value = middle(good) if len(good) >= 3 else value
            values.append(value)
        for (y, x), value in zip(pixels, values, strict=True):
            work[y, x] = value

    def around(y, x):
        near = variance[window(y, x, 2)]
        near = near[near > 0]
        floor = sky_variance[y // block, x // block]
        return max(floor, middle(near)) if len(near) else floor

    def laplacian(y, x):
        c = 2 * at(y, x)
        sides = [at(y, x - 1), at(y, x + 1)]
        return np.mean([max(0, c - v - h) for v in (at(y - 1, x), at(y + 1, x)) for h in sides])

    def sharper(y, x, noise, margin):
        level = sky[y // block, x // block]
        for dy, dx in ((-1, -1), (-1, 0), (-1, 1), (0, -1)):
            ratio = test.diagonal_ratio if dy and dx else test.axis_ratio
            pair = (at(y + dy, x + dx) + at(y - dy, x - dx)) / 2 - level
            sigma = np.sqrt(noise / 2 + ratio**2 * max(noise, variance[y, x]))
            if pair < ratio * (at(y, x) - level) - margin * sigma:
                return True
        return False

    def seed(y, x, snr):
        noise = around(y, x)
        return laplacian(y, x) > 2 * snr * np.sqrt(noise) and sharper(y, x, noise, test.seed_margin)

    def joins(y, x):
        noise, height = around(y, x), at(y, x) - sky[y // block, x // block]
        return height > test.grow_snr * np.sqrt(noise) and sharper(y, x, noise, test.grow_margin)

    def near_events(reach):
        free = (p for p in np.ndindex(ny, nx) if not flags[p] and not skip[p])
        return [p for p in free if flags[window(*p, reach)].any()]

    def flag_and_grow(fresh):
        for turn in range(rounds + 1):
            for p in fresh:
                flags[p] = True
            replace(fresh)
            if turn < rounds and fresh:
                fresh = [p for p in near_events(1) if joins(*p)]

    replace(np.argwhere(meaningless))
    gate = {
        p: laplacian(*p) > 2 * test.near_snr * np.sqrt(sky_variance[p[0] // block, p[1] // block])
        for p in np.ndindex(ny, nx)
    }
    flag_and_grow([p for p in np.ndindex(ny, nx) if not skip[p] and seed(*p, test.seed_snr)])
    flag_and_grow([p for p in near_events(8) if gate[p] and seed(*p, test.near_snr)])
    return flags


def field(rng, ny=70, nx=90):
    """Noise, a star, straight tracks, a bad column and a saturated patch."""
    yy, xx = np.mgrid[:ny, :nx]
    flux = 1000 + 5e4 / 8.8 * np.exp(-((yy - 30.3) ** 2 + (xx - 60.2) ** 2) / 2.8)
    flux = rng.poisson(flux).astype(np.float32)
    for k in range(12):
        flux[10 + k, 20 + k // 2] += 800
        flux[50, 70 + k] += 400 + 200 * (k % 3)
    flux[30, 62] += 3000
    flux[0, 0] += 2000
    skip = np.zeros((ny, nx), np.uint8)
    skip[:, 40] = 1
    flux[:, 40] = 1e6
    skip[60:64, 10:20] = 2
    return flux, np.maximum(flux, 1).astype(np.float32), skip


def mesh(flux, level=990.0, variance=1000.0, block=32):
    shape = tuple(-(-n // block) for n in flux.shape)
    return np.full(shape, level, np.float32), np.full(shape, variance, np.float32), block


def test_equals_its_slow_twin():
    rng = np.random.default_rng(3)
    flux, variance, skip = field(rng)
    args = flux, variance, skip, *mesh(flux), TEST
    for rounds in (0, 1, 4):
        fast = flag_cosmic_rays(*args, rounds).astype(bool)
        slow = slow_flags(*args, rounds)
        # float32 in the kernel, float64 in parts of the twin: a pixel on a threshold may differ
        assert (fast != slow).sum() <= 1
        assert fast.sum() > 15


def test_a_gaussian_no_narrower_than_stated_is_never_flagged():
    yy, xx = np.mgrid[:41, :41]
    sigma = 1.2
    test = SharpnessTest(np.exp(-0.5 / sigma**2), np.exp(-1 / sigma**2), 5.0, 4.2, 3.5, 0.5, 0.25)
    for shift in np.linspace(0, 0.5, 6):
        star = 1e6 * np.exp(-((yy - 20 - shift) ** 2 + (xx - 20 - shift / 3) ** 2) / 2 / sigma**2)
        flux = (100 + star).astype(np.float32)
        flags = flag_cosmic_rays(flux, flux, np.zeros(flux.shape, np.uint8), *mesh(flux, 100, 100), test, 5)
        assert not flags.any()


def test_a_lone_hot_pixel_is_flagged_alone():
    flux = np.full((20, 20), 100, np.float32)
    flux[7, 0] = 1000
    flags = flag_cosmic_rays(flux, flux, np.zeros(flux.shape, np.uint8), *mesh(flux, 100, 100), TEST, 5)
    assert np.argwhere(flags).tolist() == [[7, 0]]


def test_refuses_planes_of_two_shapes():
    flux = np.ones((20, 20), np.float32)
    with pytest.raises(ValueError, match="differ in shape"):
        flag_cosmic_rays(flux, flux[:10].copy(), np.zeros(flux.shape, np.uint8), *mesh(flux), TEST, 1)
    with pytest.raises(ValueError, match="does not cover"):
        flag_cosmic_rays(flux, flux, np.zeros(flux.shape, np.uint8), *mesh(np.ones((70, 70))), TEST, 1)


def slow_noise(variance, floor, y, x):
    """Root of the median variance of 5 x 5 pixels, at least the sky's."""
    near = np.sort(variance[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3], axis=None)
    return np.sqrt(max(floor, near[len(near) // 2]))


def slow_candidates(work, variance, skip, sky, sky_variance, block, test):
    """`sharp_candidates`, pixel by pixel."""
    found, (ny, nx) = [], work.shape
    for y, x in np.argwhere(skip == 0):
        level, floor = sky[y // block, x // block], sky_variance[y // block, x // block]

        def height(v, u, level=level):
            return work[min(max(v, 0), ny - 1), min(max(u, 0), nx - 1)] - level

        def sharp(sigma, y=y, x=x, height=height):
            for dy, dx in ((-1, -1), (-1, 0), (-1, 1), (0, -1)):
                ratio = test.diagonal_ratio if dy and dx else test.axis_ratio
                a, b, c = height(y + dy, x + dx), height(y - dy, x - dx), height(y, x)
                lone = (a + b) / 2 - ratio * c < -test.margin * sigma * np.sqrt(0.5 + ratio**2)
                beyond_a, beyond_b = height(y + 2 * dy, x + 2 * dx), height(y - 2 * dy, x - 2 * dx)
                pair = -test.margin * sigma * np.sqrt(0.5 + 0.5 * ratio**4)
                with_a = (b + beyond_a) / 2 - ratio**2 * (c + a) / 2 < pair
                with_b = (a + beyond_b) / 2 - ratio**2 * (c + b) / 2 < pair
                if lone or with_a or with_b:
                    return True
            return False

        sigma = slow_noise(variance, floor, y, x)
        if sharp(np.sqrt(floor)) and sharp(sigma) and height(y, x) > test.snr * sigma:
            found.append(y * nx + x)
    return found


def test_candidates_and_patches_equal_their_slow_twins():
    flux, variance, skip = field(np.random.default_rng(4))
    test, planes = CandidateTest(0.7, 0.5, 4.0, 1.0), mesh(flux)
    work, flags = flux.copy(), np.empty(flux.shape, np.uint8)
    fast = sharp_candidates(work, variance, skip, *planes, test, flags)
    assert not flags.any()
    assert abs(work[:, 40] - 1000).max() < 6000  # the column without meaning is filled
    # float32 in the kernel, float64 in parts of the twin: a pixel on a threshold may differ
    assert len(set(fast.tolist()) ^ set(slow_candidates(work, variance, skip, *planes, test))) <= 1
    assert len(fast) > 30
    patches, sigma = cut_patches(work, variance, *planes, fast, 3)
    padded = np.pad(work - np.float32(990), 3, mode="edge")
    for p, patch, noise in zip(fast.tolist(), patches, sigma, strict=True):
        y, x = divmod(p, flux.shape[1])
        np.testing.assert_array_equal(patch.reshape(7, 7), padded[y : y + 7, x : x + 7])
        assert noise == pytest.approx(slow_noise(variance, 1000, y, x))


def test_patches_of_pixels_outside_are_refused():
    flux = np.ones((20, 20), np.float32)
    for outside in (-1, 400):
        with pytest.raises(ValueError, match="lies outside"):
            cut_patches(flux, flux, *mesh(flux), np.array([outside]), 3)
