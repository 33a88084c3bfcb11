import numpy as np
import pytest

from gnomon.algorithms.reliability import features as f
from gnomon.algorithms.reliability import trees

SIDE = 31


def gaussian(x, y, sigma=1.8):
    axis = np.arange(SIDE) - SIDE // 2
    g = np.exp(-0.5 * (((axis[:, None] - y) ** 2 + (axis - x) ** 2) / sigma**2))
    return g / (2 * np.pi * sigma**2)


def scene(n, seed):
    """Half transients (some on stars), half artefacts: dipoles, cosmic rays, noise peaks, bad columns."""
    rng = np.random.default_rng(seed)
    real = np.arange(n) % 2 == 0
    d = rng.standard_normal((n, SIDE, SIDE))
    template = 0.3 * rng.standard_normal((n, SIDE, SIDE))
    norm = np.sqrt((gaussian(0, 0) ** 2).sum())
    for i in range(n):
        snr, x, y = rng.uniform(6, 40), *rng.uniform(-0.5, 0.5, 2)
        star = 10 ** rng.uniform(1.5, 3.5) if rng.random() < 0.5 else 0.0
        if real[i]:
            template[i] += star / norm * gaussian(x, y)
            d[i] += rng.choice([-1, 1]) * snr / norm * gaussian(x, y)
            continue
        match i // 2 % 3:
            case 0:  # misregistered star
                shift = rng.uniform(0.1, 0.4, 2)
                lobes = gaussian(x + shift[0], y + shift[1]) - gaussian(x - shift[0], y - shift[1])
                lobes *= 1 / max(np.abs(lobes).max(), 1e-9)
                d[i] += snr / 2 * lobes
                template[i] += 300 / norm * gaussian(x, y)
            case 1:  # cosmic ray
                d[i, 15, 15:17] += snr / norm * 0.25
            case _:  # bad column
                d[i, :, 15] += snr / 6
    planes = (d, np.ones_like(d), template, np.broadcast_to(gaussian(0, 0), d.shape))
    return f.Triplets(*(p.astype(np.float32) for p in planes)), real


def test_score_of_a_noiseless_source_is_its_signal_to_noise():
    psf = gaussian(0, 0)[None].astype(np.float32)
    flux = 20 / np.sqrt((psf**2).sum())
    t = f.Triplets(flux * psf, np.ones_like(psf), np.zeros_like(psf), psf)
    got = dict(zip(f.NAMES, f.features(t)[0], strict=True))
    assert 10 ** got["log_snr"] == pytest.approx(20, rel=1e-5)
    assert got["is_negative"] == 0
    assert got["offset_px"] == 0
    assert got["size_ratio"] < 1.1
    assert got["aperture_ratio"] == pytest.approx(1, abs=0.01)


def test_a_trail_is_long_and_as_wide_as_a_star_and_a_track_is_narrower():
    psf = gaussian(0, 0)[None].astype(np.float32)
    trail = np.mean([gaussian(s, 0.5 * s) for s in np.linspace(-4, 4, 17)], axis=0)[None].astype(np.float32)
    track = np.zeros_like(psf)
    track[0, 15, 12:19] = 1 / 7
    shapes = np.concatenate([psf, trail, track])
    n = len(shapes)
    planes = 1e3 * shapes, np.ones_like(shapes), np.zeros_like(shapes), np.repeat(psf, n, 0)
    got = dict(zip(f.NAMES, f.features(f.Triplets(*planes)).T, strict=True))
    np.testing.assert_allclose(got["major_ratio"][0], 1, rtol=1e-3)
    np.testing.assert_allclose(got["minor_ratio"][0], 1, rtol=1e-3)
    assert got["major_ratio"][1] > 1.2 and got["major_ratio"][2] > 1.2
    assert got["minor_ratio"][1] == pytest.approx(1, abs=0.05)
    assert got["minor_ratio"][2] < 0.5


def test_features_do_not_depend_on_the_unit_of_flux():
    t, _ = scene(20, 0)
    scaled = f.Triplets(t.difference * 50, t.variance * 2500, t.template * 50, t.psf)
    np.testing.assert_allclose(f.features(t), f.features(scaled), atol=1e-4)  # float32 inputs


def test_negative_and_positive_sources_look_alike():
    t, _ = scene(20, 1)
    a, b = f.features(t), f.features(f.Triplets(-t.difference, t.variance, t.template, t.psf))
    same = [k for k, name in enumerate(f.NAMES) if name != "is_negative"]
    np.testing.assert_allclose(a[:, same], b[:, same], atol=1e-9)


def test_unknown_pixels_are_counted_and_harmless():
    t, _ = scene(4, 2)
    t.difference[0, :, :16] = np.nan
    t.difference[1] = np.nan
    got = f.features(t)
    assert np.isfinite(got).all()
    column = f.NAMES.index("unusable")
    assert got[1, column] == 1
    assert 0.5 < got[0, column] < 0.65


def test_no_detections_give_no_rows():
    none = np.zeros((0, SIDE, SIDE), np.float32)
    assert f.features(f.Triplets(none, none, none, none)).shape == (0, len(f.NAMES))


def test_artefacts_are_told_from_transients():
    train, real = scene(1600, 3)
    model = trees.train(f.features(train), real, trees.BoostingPlan(n_trees=60), np.random.default_rng(0))
    test, truth = scene(1200, 4)
    p = trees.probability(model, f.features(test))
    assert trees.area_under_curve(p, truth) > 0.99
    accepted = p > 0.5
    assert (truth & accepted).sum() / truth.sum() > 0.95
    assert (truth & accepted).sum() / accepted.sum() > 0.95
