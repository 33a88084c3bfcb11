import numpy as np
import pytest
from scipy import ndimage

from gnomon.kernels import detect


def _gaussian(sigma, half):
    x = np.arange(-half, half + 1)
    v = np.exp(-0.5 * (x / sigma) ** 2)
    return (v / v.sum()).astype(np.float32)


def _one_tile(vector):
    return vector[None, None, :].copy()


def _scene(seed, shape=(60, 70)):
    rng = np.random.default_rng(seed)
    flux = rng.normal(0, 2, shape).astype(np.float32)
    variance = rng.uniform(2, 6, shape).astype(np.float32)
    mask = (rng.random(shape) < 0.05).astype(np.uint32)
    flux[5, 5], variance[7, 9] = np.nan, 0
    return flux, variance, mask


def _twin(flux, variance, mask, psf):
    """Matched filter by full two-dimensional correlation."""
    good = (mask == 0) & (variance > 0) & np.isfinite(flux)
    with np.errstate(divide="ignore"):
        w = np.where(good, 1 / variance.astype(np.float64), 0)
    a = ndimage.correlate(w * np.where(good, flux, 0), psf, mode="constant")
    b = ndimage.correlate(w, psf**2, mode="constant")
    return a / np.sqrt(b), a / b, 1 / np.sqrt(b)


def test_significance_agrees_with_two_dimensional_twin():
    flux, variance, mask = _scene(1)
    column, row = _gaussian(1.5, 5), _gaussian(1.2, 5)
    ours = detect.significance(flux, variance, mask, 1, _one_tile(column), _one_tile(row))
    twin, _, _ = _twin(flux, variance, mask, np.outer(column, row).astype(np.float64))
    np.testing.assert_allclose(ours, twin, atol=2e-5)  # float32 sums of 121 terms of order 1


def test_footprints_agree_with_ndimage_label():
    flux, variance, mask = _scene(2)
    v = _gaussian(1.0, 3)
    s, filtered, noise = _twin(flux, variance, mask, np.outer(v, v).astype(np.float64))
    runs = detect.detect(flux, variance, mask, 1, _one_tile(v), _one_tile(v), 0.8, np.inf, 1)
    twin, count = ndimage.label(s >= 0.8, np.ones((3, 3)))
    assert len(runs.sign) == count > 5
    seen = np.zeros(flux.shape, np.int32)
    pixel = 0
    for i in range(count):
        for r in range(runs.first[i], runs.first[i + 1]):
            span = slice(runs.x0[r], runs.x1[r])
            seen[runs.y[r], span] = i + 1
            n = runs.x1[r] - runs.x0[r]
            np.testing.assert_allclose(
                runs.flux[pixel : pixel + n], filtered[runs.y[r], span], rtol=1e-4, atol=1e-4
            )
            np.testing.assert_allclose(runs.noise[pixel : pixel + n], noise[runs.y[r], span], rtol=1e-5)
            pixel += n
    np.testing.assert_array_equal(seen > 0, twin > 0)
    pairs = np.unique(np.stack([seen[seen > 0], twin[seen > 0]]), axis=1)
    assert pairs.shape[1] == count  # one of ours for one of theirs


def test_positive_and_negative_regions_stay_apart():
    flux = np.zeros((20, 20), np.float32)
    flux[10, 5:10], flux[10, 10:15] = 10, -10
    one, none = np.ones_like(flux), np.zeros(flux.shape, np.uint32)
    tap = np.ones((1, 1, 1), np.float32)
    runs = detect.detect(flux, one, none, 0, tap, tap, 5, 5, 1)
    assert runs.sign.tolist() == [1, -1]
    assert (runs.x1 - runs.x0).tolist() == [5, 5]


def test_small_footprints_are_dropped():
    flux = np.zeros((20, 20), np.float32)
    flux[3, 3], flux[10, 5:10] = 10, 10
    tap = np.ones((1, 1, 1), np.float32)
    runs = detect.detect(flux, np.ones_like(flux), np.zeros(flux.shape, np.uint32), 0, tap, tap, 5, 5, 2)
    assert len(runs.sign) == 1 and runs.y.tolist() == [10]


def test_tiles_of_one_psf_give_the_bits_of_one_tile():
    flux, variance, mask = _scene(3, (64, 96))
    v = _gaussian(1.3, 4)
    single = detect.significance(flux, variance, mask, 1, _one_tile(v), _one_tile(v))
    tiled = np.tile(v, (2, 3, 1))
    np.testing.assert_array_equal(single, detect.significance(flux, variance, mask, 1, tiled, tiled))


def _hills(centres, heights, sigma=2.0, shape=(40, 40)):
    y, x = np.mgrid[: shape[0], : shape[1]]
    total = sum(
        h * np.exp(-0.5 * ((y - cy) ** 2 + (x - cx) ** 2) / sigma**2)
        for (cy, cx), h in zip(centres, heights, strict=True)
    )
    return total.astype(np.float32)


def _split(flux, runs, prominence, contrast, noise=1.0):
    variance = np.full_like(flux, noise**2)
    return detect.split(runs, flux, variance, np.zeros(flux.shape, np.uint32), 0, prominence, contrast)


def _detect_plain(flux, threshold, noise=1.0):
    tap = np.ones((1, 1, 1), np.float32)
    variance = np.full_like(flux, noise**2)
    return detect.detect(flux, variance, np.zeros(flux.shape, np.uint32), 0, tap, tap, threshold, np.inf, 1)


def test_two_hills_are_split_at_the_valley():
    flux = _hills([(20, 13), (20, 25)], [100, 60])
    peaks = _split(flux, _detect_plain(flux, 1.0), 3.0, 0.001)
    assert sorted(zip(peaks.x.tolist(), peaks.y.tolist(), strict=True)) == [(13, 20), (25, 20)]
    runs = _detect_plain(flux, 1.0)
    labels, shares = detect.share(runs, peaks, flux)
    assert (labels[20, 12], labels[20, 26]) == (labels[20, 13], labels[20, 25])
    assert labels[20, 13] != labels[20, 25]
    assert peaks.area.sum() == (labels > 0).sum() == len(runs.flux)
    total = np.zeros_like(flux)
    for s in range(2):
        box = (slice(shares.y0[s], shares.y1[s]), slice(shares.x0[s], shares.x1[s]))
        weight = shares.weight[shares.first[s] : shares.first[s + 1]].reshape(total[box].shape)
        total[box] += weight
        own = (weight * flux[box]).sum()
        assert own == pytest.approx(2 * np.pi * 4 * [100, 60][s], rel=0.03)  # the wings below 1 are 1-2 %
    np.testing.assert_allclose(total[labels > 0], 1, atol=1e-6)
    assert (total[labels == 0] == 0).all()


def test_a_bump_below_the_noise_is_not_split():
    flux = _hills([(20, 13), (20, 25)], [100, 60])
    relief = ndimage.correlate(flux, np.outer([1, 2, 1], [1, 2, 1]) / 16)
    prominence = float(relief[20, 25] - relief[20, 13:26].min())
    noise = prominence / 2.9 / 0.375  # the error of a smoothed pixel is 6 / 16 of a pixel's
    runs = _detect_plain(flux, 0.01, noise)
    assert len(_split(flux, runs, 3.0, 0.001, noise).x) == 1
    assert len(_split(flux, runs, 2.8, 0.001, noise).x) == 2


def test_a_bump_of_too_little_light_is_not_split():
    flux = _hills([(20, 10), (20, 19)], [1000, 40])
    assert len(_split(flux, _detect_plain(flux, 1.0), 3.0, 0.001).x) == 2
    assert len(_split(flux, _detect_plain(flux, 1.0), 3.0, 0.03).x) == 1


def test_plateau_has_one_peak():
    flux = np.zeros((20, 20), np.float32)
    flux[5:10, 5:10] = 7
    assert len(_split(flux, _detect_plain(flux, 1.0), 0.0, 0.0).x) == 1


def test_nothing_found_gives_empty_tables():
    flux = np.zeros((10, 10), np.float32)
    runs = _detect_plain(flux, 5.0)
    peaks = _split(flux, runs, 3, 0)
    labels, shares = detect.share(runs, peaks, flux)
    assert len(runs.sign) == len(peaks.x) == len(shares.weight) == 0
    assert not labels.any()


def test_even_filter_is_refused():
    flux, variance, mask = _scene(4)
    tap = np.ones((1, 1, 2), np.float32)
    with pytest.raises(ValueError, match="odd"):
        detect.significance(flux, variance, mask, 0, tap, tap)
