import numpy as np

from gnomon.algorithms.cosmicray.network import LearningPlan, from_text, log_odds, to_text, train


def examples(rng, n=6000):
    """Two features on a ring: inside is class 1; no line parts them."""
    x = rng.normal(0, 1, (n, 2)).astype(np.float32)
    return x, (x**2).sum(1) < 1


def learned(seed):
    rng = np.random.default_rng(seed)
    x, label = examples(rng)
    plan = LearningPlan(hidden=(16, 8), epochs=12, batch=64, rate=5e-3)
    return train(x * 3 + 7, label, np.array([[0, 1], [1, 0]]), plan, rng)


def test_learns_what_no_line_parts_and_keeps_the_scale_of_its_features():
    x, label = examples(np.random.default_rng(1))
    odds = log_odds(learned(0), x * 3 + 7)
    assert np.mean((odds > 0) == label) > 0.96


def test_same_examples_and_seed_give_the_same_numbers():
    first, second = learned(3), learned(3)
    for a, b in zip(first.weights + first.biases, second.weights + second.biases, strict=True):
        np.testing.assert_array_equal(a, b)


def test_comes_back_from_its_text_to_half_precision():
    network = learned(5)
    again = from_text(to_text(network), (2, 16, 8, 1))
    x, _ = examples(np.random.default_rng(2), 500)
    # weights of order 1 are rounded to 5e-4; some twenty add up
    np.testing.assert_allclose(log_odds(again, x * 3 + 7), log_odds(network, x * 3 + 7), atol=0.1)
