import numpy as np
import pytest

from algorithms.scenes import gaussian_stamp
from gnomon.sim.charge import gather_charge

LOSS = 2e-6


def test_charge_is_only_moved():
    star = 5e5 * gaussian_stamp(0.3, -0.2, 1.7, 20) + 500.0
    seen = gather_charge(star.astype("f4"), LOSS)
    assert seen.sum(dtype=float) == pytest.approx(star.sum(), rel=1e-6)  # float32
    assert 0.98 < seen[20, 20] / star[20, 20] < 0.995


def test_a_level_stays_and_its_noise_is_smoothed():
    """Pairs of flats: the variance falls below that of photons by the level times the loss, neighbours correlate."""
    level, rng = 4e4, np.random.default_rng(1)
    flat = rng.poisson(level, (300, 300)).astype("f4")
    seen = gather_charge(flat, LOSS).astype(float) - level
    # half of the final charge acts on the mean light; 9e4 pixels know a variance to 0.5 %
    assert seen.var() / level == pytest.approx(1 - LOSS * level, abs=0.02)
    assert (seen[:, 1:] * seen[:, :-1]).mean() / level > 0.005


def test_without_the_effect_nothing_moves():
    star = (5e5 * gaussian_stamp(0, 0, 1.7, 20)).astype("f4")
    np.testing.assert_allclose(gather_charge(star, 0.0), star, rtol=1e-6)
