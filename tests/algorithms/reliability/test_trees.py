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


def test_probabilities_move_to_the_mix_of_what_is_judged(model):
    # Trained on as many of each class; judged where a tenth is real. 4000 examples give the part to 0.01.
    x, y, _ = examples(20_000, 5)
    real, bogus = np.flatnonzero(y)[:400], np.flatnonzero(~y)[:3600]
    rows = np.concatenate([real, bogus])
    moved = trees.at_prior_of(model, x[rows])
    assert moved.prior == pytest.approx(0.1, abs=0.03)
    assert trees.probability(moved, x[rows]).mean() == pytest.approx(moved.prior, abs=0.01)
    order = np.argsort(trees.probability(model, x[rows]), kind="stable")
    assert (np.diff(trees.probability(moved, x[rows])[order]) >= -1e-12).all()


def test_a_model_without_anything_to_judge_stays(model):
    assert trees.at_prior_of(model, np.zeros((0, 5))) is model


def test_mislabelled_examples_do_not_teach_the_trees():
    # A tenth of the bogus examples are real ones: the trees still call new real ones real.
    rng = np.random.default_rng(7)
    real, bogus = rng.normal(2, 0.5, (1000, 3)), rng.normal(-2, 0.5, (1000, 3))
    bogus[:100] = rng.normal(2, 0.5, (100, 3))
    x, label = np.concatenate([real, bogus]), np.arange(2000) < 1000
    new = rng.normal(2, 0.5, (500, 3))
    cleaned, plain = (
        trees.probability(fit(x, label, PLAN, np.random.default_rng(8)), new)
        for fit in (trees.train_cleaned, trees.train)
    )
    assert cleaned.mean() > plain.mean() + 0.03
    assert (cleaned > 0.5).all()


def test_a_handful_of_detections_does_not_tell_another_mix(model):
    x, y, _ = examples(20_000, 5)
    few = trees.at_prior_of(model, x[np.flatnonzero(~y)[:10]])
    assert few.prior > 0.9 * model.prior
