"""Variances that do not follow the noise of their own pixels."""

import numpy as np
import pytest

from gnomon.algorithms.detect import significance_map
from gnomon.algorithms.difference.noise import SIDE_PX, expected_noise
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel

ELECTRONS, SIGMA = 80.0, 1.8


def counted(seed=0, shape=(300, 300), rate=ELECTRONS):
    """Counts of a flat sky less the sky, each with the variance that its own count tells."""
    counts = np.random.default_rng(seed).poisson(rate, shape).astype("f4")
    return Image(counts - np.float32(rate), np.maximum(counts, 1), np.zeros(shape, "u4"))


def star():
    axis = np.arange(-10, 11)
    image = np.exp(-0.5 * (axis**2 + axis[:, None] ** 2) / SIGMA**2)
    return PsfModel((image / image.sum()).astype("f4")[None], 0, (0.0, 0.0), (1.0, 1.0))


def test_score_of_counted_sky_is_not_pulled_down():
    # sqrt(A / V0) with A = 4 pi sigma^2: 0.71; 9e4 pixels hold about 2200 independent scores: 0.02
    image = counted()
    biased, right = (significance_map(i, star()).mean() for i in (image, expected_noise(image)))
    assert biased == pytest.approx(-np.sqrt(4 * np.pi * SIGMA**2 / ELECTRONS), abs=0.1)
    assert right == pytest.approx(0.0, abs=0.06)


def test_mean_variance_is_kept_and_its_noise_is_gone():
    image = counted()
    smooth = expected_noise(image)
    assert smooth.variance.mean() == pytest.approx(image.variance.mean(), rel=1e-3)
    assert smooth.variance.std() < 1.5 * image.variance.std() / SIDE_PX


def test_bright_pixels_keep_their_variance_and_lend_none():
    image = counted()
    image.variance[100:104, 100:104] = 1e4
    smooth = expected_noise(image)
    assert (smooth.variance[100:104, 100:104] == 1e4).all()
    assert smooth.variance[96:108, 99].max() < 1.3 * ELECTRONS


def test_unknown_pixels_stay_unknown():
    image = counted()
    image.variance[:50] = 0
    smooth = expected_noise(image)
    assert (smooth.variance[:50] == 0).all() and (smooth.variance[50:] > 0).all()
    nothing = Image(image.flux, np.zeros_like(image.variance), image.mask)
    assert not expected_noise(nothing).variance.any()
