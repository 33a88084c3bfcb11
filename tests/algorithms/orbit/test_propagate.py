import numpy as np
import pytest

from gnomon.algorithms.orbit import propagate as module
from gnomon.algorithms.orbit.elements import cometary_to_cartesian
from gnomon.algorithms.orbit.propagate import propagate
from gnomon.containers.perturbers import SUN
from gnomon.io.perturbers import shipped_perturbers

EPOCH = 60000.0
ONE_MAS_AU = np.deg2rad(1e-3 / 3600)  # at 1 au


def drawn(n, q, e, seed=1):
    rng = np.random.default_rng(seed)
    elements = np.stack(
        [rng.uniform(*q, n), rng.uniform(*e, n), rng.uniform(0, 0.5, n), rng.uniform(0, 6.28, n),
         rng.uniform(0, 6.28, n), EPOCH + rng.uniform(-400, 400, n)], axis=-1,
    )  # fmt: skip
    states = cometary_to_cartesian(elements, np.full(n, EPOCH))
    return states + np.concatenate(shipped_perturbers().state(SUN, EPOCH))


@pytest.mark.parametrize("q, e", [((1.8, 2.8), (0, 0.2)), ((0.1, 1.3), (0.1, 0.9)), ((28, 45), (0, 0.3))])
def test_chosen_steps_agree_with_short_ones(q, e, monkeypatch):
    states = drawn(40, q, e)
    index, times = np.repeat(np.arange(40), 5), np.tile(EPOCH + np.linspace(-100, 200, 5), 40)
    chosen = propagate(shipped_perturbers(), EPOCH, states, (times.min(), times.max())).at(index, times)
    monkeypatch.setattr(module, "LONGEST_STEP_DAYS", 0.25)
    monkeypatch.setattr(module, "SEGMENT_STEPS", 512)
    short = propagate(shipped_perturbers(), EPOCH, states, (times.min(), times.max())).at(index, times)
    # what ROUGHNESS_LIMIT was chosen for
    assert np.linalg.norm((chosen - short)[:, :3], axis=1).max() < 1e-4 * ONE_MAS_AU


def test_there_and_back():
    table, states = shipped_perturbers(), drawn(5, (1.8, 2.8), (0, 0.2))
    there = propagate(table, EPOCH, states, (EPOCH, EPOCH + 1000)).at(np.arange(5), np.full(5, EPOCH + 1000))
    back = propagate(table, EPOCH + 1000, there[:, :6], (EPOCH, EPOCH + 1000)).at(
        np.arange(5), np.full(5, EPOCH)
    )
    np.testing.assert_allclose(back[:, :6], states, atol=1e-11)


def test_both_sides_of_the_epoch_join():
    motion = propagate(shipped_perturbers(), EPOCH, drawn(3, (1.8, 2.8), (0, 0.2)), (EPOCH - 50, EPOCH + 50))
    before, after = (motion.at(np.arange(3), np.full(3, EPOCH + d)) for d in (-1e-6, 1e-6))
    np.testing.assert_allclose(before, after, atol=1e-7)


def test_a_group_shares_its_steps():
    states = drawn(2, (0.1, 0.2), (0.9, 0.95)), drawn(2, (2.0, 2.1), (0, 0.1))
    mixed = np.stack([states[0], states[1]], axis=1).reshape(-1, 6)
    motion = propagate(shipped_perturbers(), EPOCH, mixed, (EPOCH, EPOCH + 30), group=2)
    part = motion.forward[0].part
    np.testing.assert_array_equal(part[::2], part[1::2])


def test_no_objects_and_no_time():
    motion = propagate(shipped_perturbers(), EPOCH, np.zeros((0, 6)), (EPOCH, EPOCH + 10))
    assert motion.at(np.zeros(0, int), np.zeros(0)).shape == (0, 9)


def test_time_outside_the_ephemeris_is_refused():
    with pytest.raises(ValueError, match="ephemeris covers"):
        propagate(shipped_perturbers(), 76990.0, drawn(1, (2, 2.5), (0, 0.1)), (76990.0, 78000.0))


def test_incomplete_groups_are_refused():
    with pytest.raises(ValueError, match="groups of 2"):
        propagate(shipped_perturbers(), EPOCH, drawn(3, (2, 2.5), (0, 0.1)), (EPOCH, EPOCH + 1), group=2)
