import numpy as np
import pytest

from algorithms.scenes import SIGMA, draw, gaussian_psf, grid, observe
from gnomon import flags
from gnomon.algorithms.detect import (
    deblend,
    find_footprints,
    mark_detected,
    significance_map,
    sky_positions,
)
from gnomon.containers.image import Image

SHAPE = (400, 400)
SKY = 400.0
NOISE = np.sqrt(SKY * 4 * np.pi * SIGMA**2)  # of a matched-filter flux
PSF = gaussian_psf()


def _sparse(significance, seed):
    rng = np.random.default_rng(seed)
    y, x = grid(SHAPE, 40, rng)
    flux = np.full(len(y), significance * NOISE)
    return observe(draw(SHAPE, y, x, flux), SKY, rng), y, x, flux


def test_pure_noise_is_normal_and_raises_few_false_alarms():
    image, *_ = _sparse(0.0, 1)
    s = significance_map(image, PSF)[20:-20, 20:-20]
    assert abs(s.std() - 1) < 0.03  # 360^2 / (4 pi 2 sigma^2) = 2300 independent values: 1.5 %, 2 sigma
    assert len(find_footprints(image, PSF, threshold=5.5)) == 0


@pytest.mark.parametrize("snr,low,high", [(3.0, 0.0, 0.15), (5.0, 0.45, 0.9), (8.0, 0.98, 1.0)])
def test_completeness_follows_signal_to_noise(snr, low, high):
    image, y, x, _ = _sparse(snr, 2)
    sources = deblend(image, find_footprints(image, PSF, threshold=5.0))
    near = [np.hypot(sources.y - a, sources.x - b).min(initial=99) < 2.5 for a, b in zip(y, x, strict=True)]
    # a 5 sigma source is found when noise (the best of a few pixels) does not take it below 5
    assert low <= np.mean(near) <= high


def test_detection_does_not_depend_on_the_unit():
    image, *_ = _sparse(20.0, 3)
    scaled = Image(image.flux * np.float32(4), image.variance * np.float32(16), image.mask)
    a, b = find_footprints(image, PSF), find_footprints(scaled, PSF)
    np.testing.assert_array_equal(a.x0, b.x0)
    np.testing.assert_allclose(4 * a.flux, b.flux, rtol=1e-5)


def test_shifting_the_sky_shifts_the_footprints():
    image, *_ = _sparse(20.0, 4)
    rolled = Image(*(np.roll(p, (7, 11), (0, 1)) for p in (image.flux, image.variance, image.mask)))
    a, b = find_footprints(image, PSF), find_footprints(rolled, PSF)
    np.testing.assert_array_equal(a.y + 7, b.y)
    np.testing.assert_array_equal(a.x0 + 11, b.x0)


def test_negative_sources_are_found_when_asked_for():
    image, *_ = _sparse(30.0, 5)
    turned = Image(-image.flux, image.variance, image.mask)
    assert len(find_footprints(turned, PSF)) == 0
    down = find_footprints(turned, PSF, threshold=np.inf, negative=5.0)
    assert len(down) == len(find_footprints(image, PSF)) > 50
    assert (down.sign == -1).all()


def test_masked_pixels_raise_nothing():
    image, *_ = _sparse(0.0, 6)
    image.flux[100:110, 100:110] = 1e6
    image.mask[100:110, 100:110] = flags.MASK["BAD"]
    image.flux[200, 200] = np.nan
    assert len(find_footprints(image, PSF, threshold=5.5)) == 0


def test_a_star_under_a_dead_column_is_one_source():
    truth = draw(SHAPE, [200.0], [200.2], [200 * NOISE])
    image = observe(truth, SKY, np.random.default_rng(7))
    image.mask[:, 201] = flags.MASK["BAD"]
    image.flux[:, 201] = 0
    sources = deblend(image, find_footprints(image, PSF))
    assert len(sources) == 1
    assert abs(sources.x[0] - 200) <= 1 and abs(sources.y[0] - 200) <= 1


def test_saturated_star_is_one_source():
    truth = draw(SHAPE, [200.0], [200.0], [1e7])
    image = observe(truth, SKY, np.random.default_rng(8))
    full = truth > 5e4
    image.flux[full] = 5e4
    image.mask[full] = flags.MASK["SAT"]
    assert len(deblend(image, find_footprints(image, PSF))) == 1


def test_nothing_to_see_gives_no_footprints():
    image = Image(
        np.zeros((50, 50), np.float32), np.zeros((50, 50), np.float32), np.zeros((50, 50), np.uint32)
    )
    footprints = find_footprints(image, PSF)
    assert len(footprints) == len(deblend(image, footprints)) == 0


def test_crowded_field_keeps_every_pixel_once():
    rng = np.random.default_rng(9)
    shape = (512, 512)
    y, x = rng.uniform(0, 511, 2500), rng.uniform(0, 511, 2500)
    image = observe(draw(shape, y, x, NOISE * 10 ** rng.uniform(0.8, 2.5, 2500)), SKY, rng)
    sources = deblend(image, find_footprints(image, PSF))
    assert len(sources) > 1000
    np.testing.assert_array_equal(np.bincount(sources.labels.ravel())[1:], sources.area)
    total = np.zeros(shape)
    for box, first, last in zip(sources.box, sources.first[:-1], sources.first[1:], strict=True):
        if first < last:
            part = (slice(box[0], box[2]), slice(box[1], box[3]))
            total[part] += sources.weight[first:last].reshape(total[part].shape)
    blended = np.concatenate([[False], sources.is_blended()])[sources.labels]
    np.testing.assert_allclose(total[blended], 1, atol=1e-5)


def test_wrong_use_is_refused():
    image, *_ = _sparse(0.0, 10)
    for bad in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="positive"):
            find_footprints(image, PSF, threshold=bad)
    with pytest.raises(ValueError, match="pixels"):
        find_footprints(image.section(slice(0, 0), slice(0, 0)), PSF)
    other = find_footprints(image, PSF)
    with pytest.raises(ValueError, match="shape"):
        deblend(image.section(slice(0, 100), slice(0, 100)), other)


def test_growing_is_by_a_disc():
    truth = np.zeros((60, 60), np.float32)
    truth[30, 30] = 100
    image = Image(truth, np.ones_like(truth), np.zeros(truth.shape, np.uint32))
    tiny = gaussian_psf(sigma=0.2)
    footprints = find_footprints(image, tiny, threshold=50)
    assert footprints.area().tolist() == [1]
    y, x = np.mgrid[:60, :60]
    grown = mark_detected(image, footprints, grow_px=6).mask
    np.testing.assert_array_equal(grown == flags.MASK["DETECTED"], (y - 30) ** 2 + (x - 30) ** 2 <= 36)


def test_marking_replaces_old_marks():
    image, *_ = _sparse(30.0, 11)
    image.mask[0, 0] = flags.MASK["DETECTED"] | flags.MASK["CR"]
    marked = mark_detected(image, find_footprints(image, PSF))
    assert marked.mask[0, 0] == flags.MASK["CR"]
    assert (marked.mask & flags.MASK["DETECTED"] > 0).sum() == find_footprints(image, PSF).area().sum()
    assert image.mask[0, 0] & flags.MASK["DETECTED"]


def test_sky_positions_are_empty_and_apart():
    image, *_ = _sparse(50.0, 12)
    marked = mark_detected(image, find_footprints(image, PSF), grow_px=3)
    x, y = sky_positions(marked, 30, radius_px=5, rng=np.random.default_rng(1))
    assert len(x) == 30
    for a, b in zip(y, x, strict=True):
        assert not (marked.mask[a - 5 : a + 6, b - 5 : b + 6] & flags.MASK["DETECTED"]).any()
    apart = np.maximum(np.abs(x[:, None] - x), np.abs(y[:, None] - y)) + 99 * np.eye(30)
    assert apart.min() > 10
    full = Image(marked.flux, marked.variance, np.full_like(marked.mask, flags.MASK["DETECTED"]))
    assert len(sky_positions(full, 30, radius_px=5, rng=np.random.default_rng(1))[0]) == 0
