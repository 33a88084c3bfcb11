import numpy as np
import pytest

from gnomon.algorithms.detrend import masters
from gnomon.containers.image import Image
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK

SHAPE = (60, 80)
READ = 36.0


def noise_plane():
    return np.full(SHAPE, READ, np.float32)


def pull(master, truth):
    """(mean, rms) of the errors over the stated errors."""
    z = (master.flux - truth) / np.sqrt(master.variance)
    return z.mean(), z.std()


def assert_honest(master, truth):
    mean, rms = pull(master, truth)
    # 4800 pixels: mean to 0.0144, rms to 0.0102; five of each
    assert abs(mean) < 0.072
    assert rms == pytest.approx(1, abs=0.051)


def test_bias_and_its_error():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 3, SHAPE)
    frames = [(truth + rng.normal(0, 6, SHAPE)).astype(np.float32) for _ in range(7)]
    assert_honest(masters.master_bias(frames, noise_plane(), 5.0, 3), truth)


def test_dark_and_its_error_with_cosmic_rays_and_unequal_times():
    rng = np.random.default_rng(1)
    truth, seconds = rng.uniform(0, 2, SHAPE), [30.0, 60.0, 60.0, 120.0, 200.0]
    frames = []
    for t in seconds:
        frame = rng.poisson(truth * t) + rng.normal(0, 6, SHAPE)
        frame[rng.random(SHAPE) < 0.01] += 2000
        frames.append(frame.astype(np.float32))
    dark = masters.master_dark(frames, seconds, noise_plane(), 0.0, 6.0, 3)
    assert np.max(np.abs(dark.flux - truth)) < 1.0  # no cosmic ray (2000 / 470 s = 4.3) is left
    z = (dark.flux - truth) / np.sqrt(dark.variance)
    assert z.std() == pytest.approx(1, abs=0.06)


def test_noise_of_a_shared_bias_is_added_to_a_dark():
    frames = [np.zeros(SHAPE, np.float32)] * 4
    alone = masters.master_dark(frames, [50.0] * 4, noise_plane(), 0.0, 5.0, 3)
    shared = masters.master_dark(frames, [50.0] * 4, noise_plane(), np.full(SHAPE, 9, np.float32), 5.0, 3)
    np.testing.assert_allclose(shared.variance - alone.variance, 9 / 50.0**2, rtol=1e-5)


def test_flat_is_the_response_whatever_the_lamp_does():
    rng = np.random.default_rng(2)
    truth = rng.normal(1, 0.01, SHAPE)
    frames = [
        (rng.poisson(truth * level) + rng.normal(0, 6, SHAPE)).astype(np.float32)
        for level in (9000, 20000, 25000, 60000)
    ]
    flat = masters.master_flat(frames, noise_plane(), 5.0, 3)
    assert np.median(flat.flux) == pytest.approx(1, abs=1e-6)
    assert_honest(flat, truth / np.median(truth))


def test_pixel_that_is_never_usable_is_bad():
    frames = [np.zeros(SHAPE, np.float32) for _ in range(3)]
    for frame in frames:
        frame[4, 5] = np.nan
    bias = masters.master_bias(frames, noise_plane(), 5.0, 3)
    assert np.array_equal(np.argwhere(bias.mask), [[4, 5]])
    assert bias.variance[4, 5] == 0


def test_blocks_of_rows_change_nothing(monkeypatch):
    rng = np.random.default_rng(3)
    frames = [rng.normal(0, 6, SHAPE).astype(np.float32) for _ in range(4)]
    whole = masters.master_bias(frames, noise_plane(), 5.0, 3)
    monkeypatch.setattr(masters, "BLOCK_VALUES", 4 * 80 * 7)
    pieces = masters.master_bias(frames, noise_plane(), 5.0, 3)
    np.testing.assert_array_equal(whole.flux, pieces.flux)
    np.testing.assert_array_equal(whole.variance, pieces.variance)


def test_order_of_exposures_does_not_matter():
    rng = np.random.default_rng(4)
    frames = [np.rint(rng.normal(0, 6, SHAPE)).astype(np.float32) for _ in range(5)]
    a, b = (masters.master_bias(f, noise_plane(), 5.0, 3) for f in (frames, frames[::-1]))
    np.testing.assert_array_equal(a.flux, b.flux)  # sums of whole numbers are exact


@pytest.mark.parametrize(
    "make, says",
    [
        (
            lambda f: masters.master_bias(f[:2], noise_plane(), 5.0, 3),
            "found 2 bias exposures, wanted at least 3",
        ),
        (lambda f: masters.master_bias([], noise_plane(), 5.0, 1), "found 0 bias"),
        (lambda f: masters.master_bias([*f, f[0][:5]], noise_plane(), 5.0, 3), "one shape"),
        (lambda f: masters.master_dark(f, [1.0, 1.0, 0.0], noise_plane(), 0.0, 5.0, 3), "positive dark time"),
        (lambda f: masters.master_flat(f, noise_plane(), 5.0, 3), "found a flat of 100 e-"),
    ],
)
def test_exposures_that_make_no_master_are_refused(make, says):
    with pytest.raises(UnprocessableData, match=says):
        make([np.full(SHAPE, 100, np.float32)] * 3)


def test_flat_that_is_lost_all_over_is_refused_without_a_warning():
    with pytest.raises(UnprocessableData, match="flat"):
        masters.master_flat([np.full(SHAPE, np.nan, np.float32)] * 3, noise_plane(), 5.0, 3)


def test_masked_pixels_do_not_enter_a_master():
    mask = np.zeros(SHAPE, np.uint32)
    mask[0, :4] = MASK["SAT"], MASK["BAD"], MASK["SUSPECT"], MASK["DETECTED"]
    variance = np.ones(SHAPE, np.float32)
    variance[1, 0] = 0
    frame = masters.usable(Image(np.ones(SHAPE, np.float32), variance, mask))
    assert np.array_equal(np.argwhere(np.isnan(frame)), [[0, 0], [0, 1], [0, 2], [1, 0]])
