import numpy as np
import pytest

from gnomon.algorithms.coadd import CellWarp, artifacts, find_artifacts, lines, stack_warps
from gnomon.containers.image import Image

SIDE, SKY = 174, 1500.0  # pixels that a cell shows


def profile(places, at, sigma):
    return np.exp(-0.5 * ((places - at) / sigma) ** 2)


def trail(rng, sigma, dash=0.0):
    """A trail of height 1 within 50 px of the middle; dashes are as long as the gaps."""
    angle, offset = rng.uniform(0, np.pi), rng.uniform(-50, 50)
    v, u = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    shape = profile(u * np.cos(angle) + v * np.sin(angle), offset, sigma)
    return shape * ((v * np.cos(angle) - u * np.sin(angle)) // dash % 2 == 0) if dash else shape


def epochs(rng, n, peaks, dash=0.0, twin=0.0):
    """n warps with stars under seeing of 0.6 to 1.1 arcsec, every fifth crossed by a trail; the trails.

    Heights are in the noise of a pixel, by turns; a twin is a second line so many pixels beside.
    """
    stars = [*rng.uniform(0, SIDE, (2, 12)), 10 ** rng.uniform(2.7, 5.3, 12)]
    warps, spoils = [], []
    for k in range(n):
        sigma = rng.uniform(0.6, 1.1) / 0.2 / 2.355
        places = np.arange(SIDE)
        truth = sum(
            f / (2 * np.pi * sigma**2) * np.outer(profile(places, y, sigma), profile(places, x, sigma))
            for x, y, f in zip(*stars, strict=True)
        )
        variance = (truth + SKY * rng.uniform(0.6, 2.0)).astype(np.float32)
        spoil = np.zeros((SIDE, SIDE))
        if len(peaks) and k % 5 == 0:
            shape = trail(rng, sigma, dash)
            shape = shape + np.roll(shape, (round(twin * 0.7), round(twin)), (0, 1)) if twin else shape
            spoil = peaks[k // 5 % len(peaks)] * np.sqrt(np.median(variance)) * shape
        pixels = truth + spoil + rng.normal(size=truth.shape) * np.sqrt(variance)
        planes = Image(pixels.astype(np.float32), variance, np.zeros(truth.shape, np.uint32))
        psf = np.outer(profile(np.arange(35), 17, sigma), profile(np.arange(35), 17, sigma))
        psf = (psf / psf.sum()).astype(np.float32)
        warps.append(CellWarp(k, 0, planes, psf, 1 / float(np.median(variance))))
        spoils.append(spoil)
    return stack_warps(warps, n), np.array(spoils)


def masked(stack, spoil):
    """Share of each trail's flux that is masked, and of pixels that no trail reaches."""
    found = find_artifacts(stack).astype(bool)
    crossed = np.flatnonzero(spoil.any((1, 2)))
    return np.array([(s * f).sum() / s.sum() for s, f in zip(spoil[crossed], found[crossed], strict=True)]), (
        found[spoil < 0.03 * np.sqrt(SKY)].mean()
    )


@pytest.mark.science
@pytest.mark.parametrize("n, cells", [(12, 5), (20, 4), (100, 1)])
def test_trails_from_half_the_noise_of_a_pixel_are_masked_whole(n, cells, monkeypatch):
    peaks, rng = (0.5, 0.7, 1.0, 1.5, 2.0, 3.0), np.random.default_rng(n)
    scenes = [epochs(rng, n, np.roll(peaks, -3 * c)) for c in range(cells)]
    turns = np.concatenate([np.resize(np.roll(peaks, -3 * c), -(-n // 5)) for c in range(cells)])
    lined = [masked(*scene) for scene in scenes]
    monkeypatch.setattr(artifacts, "faint_trails", lambda *given: {})
    alone = [masked(*scene) for scene in scenes]
    share, without = (np.concatenate([one[0] for one in rows]) for rows in (lined, alone))
    false = np.mean([one[1] for one in lined])
    for peak in peaks:
        mine = turns == peak
        print(f"| {n} | {peak} | {share[mine].mean():.3f} | {without[mine].mean():.3f} | {mine.sum()} |")
    print(f"false mask {100 * false:.2f} %, without lines {100 * np.mean([one[1] for one in alone]):.2f} %")
    # a sum along 160 px is eight to fourteen standard errors at 0.5, fewer where a corner is cut
    assert share[turns >= 0.7].mean() > 0.98
    assert share[turns == 0.5].mean() > 0.7
    assert false < 5e-3


def test_noise_and_stars_make_no_lines():
    stack, _ = epochs(np.random.default_rng(5), 60, ())
    # 60 epochs of 5.5 standard errors
    assert find_artifacts(stack).mean() < 1e-3


@pytest.mark.parametrize("given", [{"dash": 25.0}, {"twin": 25.0}])
def test_dashes_and_double_lines_are_trails(given):
    stack, spoil = epochs(np.random.default_rng(6), 12, (1.5,), **given)
    share, false = masked(stack, spoil)
    assert (share > 0.9).all()
    # three of twelve epochs are crossed, and gaps are masked too
    assert false < 2e-2


def test_a_row_of_pixels_seen_in_every_epoch_is_sky():
    stack, spoil = epochs(np.random.default_rng(7), 12, ())
    stack.flux[:, 80:84] += 30
    assert find_artifacts(stack).mean() < 1e-3


def test_what_is_no_larger_than_a_sample_has_no_lines():
    flux = np.random.default_rng(8).normal(0, 1, (4, 3, 6)).astype(np.float32)
    plane = np.zeros((3, 6), np.float32)
    none = np.zeros(flux.shape, np.uint8)
    assert lines.faint_trails(none, flux, plane, plane, plane + 1, np.ones(4)) == {}
