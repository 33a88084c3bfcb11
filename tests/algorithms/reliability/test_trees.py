import numpy as np
import pytest

from gnomon.algorithms.reliability import trees
from gnomon.errors import UnprocessableData

PLAN = trees.BoostingPlan(n_trees=60)


def examples(n, seed):
    """Two interleaved classes that no single cut separates: an XOR of two features, noise in three more."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 5))
    odds = 4 * np.tanh(3 * x[:, 0] * x[:, 1])
    return x, rng.random(n) < 1 / (1 + np.exp(-odds)), odds


@pytest.fixture(scope="module")
def model():
    x, y, _ = examples(6000, 1)
    return trees.train(x, y, PLAN, np.random.default_rng(2))


def test_trees_come_near_the_best_possible_classifier(model):
    x, y, odds = examples(6000, 3)
    best = trees.area_under_curve(odds, y)
    assert trees.area_under_curve(trees.log_odds(model, x), y) > best - 0.02


def test_probability_is_calibrated(model):
    x, y, _ = examples(20_000, 4)
    p = trees.probability(model, x)
    for low in np.arange(0, 1, 0.2):
        rows = (p >= low) & (p < low + 0.2)
        if rows.sum() > 300:
            # Calibration set of 1500: about 0.03 per bin of 300; test bins add 0.03.
            assert y[rows].mean() == pytest.approx(p[rows].mean(), abs=0.09)


def test_training_twice_gives_the_same_bits(model):
    x, y, _ = examples(6000, 1)
    again = trees.train(x, y, PLAN, np.random.default_rng(2))
    for a, b in zip(trees.model_arrays(again).values(), trees.model_arrays(model).values(), strict=True):
        assert (a == b).all()


def test_model_survives_as_plain_arrays(model):
    x, _, _ = examples(50, 5)
    back = trees.model_from_arrays(trees.model_arrays(model))
    assert (trees.probability(back, x) == trees.probability(model, x)).all()


def test_missing_feature_still_gives_a_probability(model):
    x, _, _ = examples(20, 6)
    x[:, 0] = np.nan
    p = trees.probability(model, x)
    assert np.isfinite(p).all()
    assert len(trees.probability(model, x[:0])) == 0


def test_isotonic_is_the_least_squares_rising_fit():
    s, p = trees.isotonic(np.arange(6.0), np.array([False, True, False, True, True, True]))
    assert s.tolist() == [0.0, 1.5, 4.0]
    assert p.tolist() == [
        0.5 / 2,
        1.5 / 3,
        3.5 / 4,
    ]  # half an example of each class added


def test_area_under_curve_counts_pairs():
    assert (
        trees.area_under_curve(np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, True, False, True])) == 0.875
    )


def test_too_few_examples_are_refused():
    x, y, _ = examples(150, 7)
    with pytest.raises(UnprocessableData, match="100 of each"):
        trees.train(x, y, PLAN, np.random.default_rng(0))
