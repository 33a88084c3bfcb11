import numpy as np

from gnomon.algorithms.cosmicray.features import N_FEATURES, SIDE_PX, features, symmetries

_SIGMA = np.ones(1, np.float32)


def test_features_turn_with_the_patch():
    patch = np.random.default_rng(1).normal(5, 3, (SIDE_PX, SIDE_PX)).astype(np.float32)
    plain = features(patch.reshape(1, -1), _SIGMA, 3.0)
    moved = [np.rot90(p, k) for p in (patch, patch.T) for k in range(4)]
    for columns, turned in zip(symmetries(), moved, strict=True):
        np.testing.assert_allclose(
            features(turned.reshape(1, -1), _SIGMA, 3.0), plain[:, columns], rtol=1e-3, atol=1e-4
        )


def test_a_star_of_the_stated_width_is_foretold_from_its_surroundings_and_a_track_is_not():
    y, x = np.mgrid[-3:4, -3:4]
    sigma = 0.95 * 3.5 / 2.3548
    star = 1e4 * np.exp(-((y - 0.2) ** 2 + (x + 0.3) ** 2) / 2 / sigma**2)
    row = np.where(y == 0, 1e3, 0.0)
    patches = np.stack([star.ravel(), row.ravel()]).astype(np.float32)
    found = features(patches, np.ones(2, np.float32), 3.5)
    excess = found[:, 2 * SIDE_PX**2 + 10 : 2 * SIDE_PX**2 + 20]  # over the middle
    assert found.shape == (2, N_FEATURES)
    # over a gap of three pixels along an axis a third of a star's peak is not foretold, a tenth along diagonals
    assert np.abs(excess[0, :2]).max() < 0.4
    assert np.abs(excess[0, 2:4]).max() < 0.1
    assert excess[1, 0] > 0.99
    assert excess[1, 2:4].min() > 0.7
