import numpy as np
import pytest

from gnomon.algorithms.streak.radon import QUADRANTS, line_sums
from gnomon.kernels.lines import best_lines


def slow(z, usable, least):
    """The best line of samples by the transform in numpy."""
    best = (0.0, 0, 0, 0)
    for quadrant in range(QUADRANTS):
        sums, count = line_sums(z, quadrant), line_sums(usable.astype(np.float32), quadrant)
        snr = np.where(count >= max(least, 1), sums / np.sqrt(np.maximum(count, 1)), 0)
        at = int(np.argmax(snr))
        if snr.flat[at] > best[0]:
            best = (snr.flat[at], quadrant, *divmod(at, snr.shape[1]))
    return best


def standard_error(z, usable):
    power = (z.astype(float) ** 2).sum()
    right, up = (z.ravel()[:-s].astype(float) @ z.ravel()[s:] for s in (1, z.shape[1]))
    r = max(0.0, min(right, up) / power)
    return np.sqrt(max(power / usable.sum(), 0.5) * (1 + 2 * (r + r**4 + r**9)))


@pytest.mark.parametrize("shape", [(32, 32), (21, 40), (44, 37), (1, 9), (2, 2)])
def test_the_best_line_is_that_of_the_slow_transform(shape):
    rng = np.random.default_rng(shape[0])
    planes = rng.normal(0, 2, (5, *(3 * n for n in shape))).astype(np.float32)
    sky = rng.normal(0, 1, planes.shape[1:]).astype(np.float32)
    scale = (rng.random(shape) > 0.2).astype(np.float32) * rng.uniform(0.8, 1, shape).astype(np.float32)
    noise = rng.uniform(1, 2, 5)
    snr, line = best_lines(planes, sky, noise, scale, 3, 2.5, 4)
    for k in range(5):
        sampled = (planes[k] - sky)[1::3, 1::3]
        z = np.clip(sampled * (scale * np.float32(1 / noise[k])), -2.5, 2.5)
        z = np.where(scale > 0, z - np.float32(z.sum(dtype=float) / max(1, (scale > 0).sum())), np.float32(0))
        want = slow(z, scale > 0, 4)
        # float32 sums of tens of samples in another order
        assert snr[k] == pytest.approx(want[0] / standard_error(z, scale > 0), rel=1e-4, abs=1e-5)
        if want[0] > 0:
            assert tuple(line[k]) == want[1:]


def test_planes_do_not_see_each_other():
    rng = np.random.default_rng(3)
    planes = rng.normal(0, 1, (6, 40, 40)).astype(np.float32)
    given = np.zeros((40, 40), np.float32), np.ones((40, 40), np.float32), 1, 3.0, 10
    together = best_lines(planes, given[0], np.ones(6), *given[1:])
    alone = best_lines(planes[4:5], given[0], np.ones(1), *given[1:])
    assert (together[0][4], *together[1][4]) == (alone[0][0], *alone[1][0])


def test_nothing_usable_has_no_line():
    planes, plane = np.ones((2, 8, 8), np.float32), np.zeros((8, 8), np.float32)
    assert not best_lines(planes, plane, np.ones(2), plane, 1, 3.0, 2)[0].any()


def test_more_samples_than_pixels_are_refused():
    planes, plane = np.ones((2, 8, 8), np.float32), np.zeros((8, 8), np.float32)
    with pytest.raises(ValueError, match="samples"):
        best_lines(planes, plane, np.ones(2), plane, 2, 3.0, 2)
