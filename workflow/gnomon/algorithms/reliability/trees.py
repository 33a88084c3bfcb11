"""Gradient-boosted decision trees for two classes, stored as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

MIN_EXAMPLES = 100
"""Of each class; fewer say nothing about some twenty features."""

PARTS = 4
"""Of the examples: as many ensembles, each grown without one of them."""

MISLABELLED = 0.7
"""A bogus example that the other parts of the examples give this probability is none."""

PRIOR_EXAMPLES = 100
"""Unlabelled examples that weigh as much as the mix of the training: a handful does not tell another."""

PRIOR_STEPS = 50
"""Steps to the part of real ones: far more than it takes."""

FEW = 3
"""With fewer than so many times `MIN_EXAMPLES` of a class its parts say too little."""


@dataclass(frozen=True, slots=True)
class BoostingPlan:
    """Size of the ensemble and how it learns."""

    n_trees: int = 150
    """Trees."""
    depth: int = 4
    """Questions from root to leaf."""
    rate: float = 0.1
    """Shrinkage of each tree (Friedman 2001, section 5)."""
    n_bins: int = 64
    """Quantiles at which a feature may be cut."""
    ridge: float = 1.0
    """Penalty of leaf values, lambda of Chen & Guestrin (2016)."""
    min_weight: float = 2.0
    """Smallest sum of second derivatives in a leaf."""


@dataclass(frozen=True, slots=True)
class TreeEnsemble:
    """Complete binary trees; node k asks whether ``x[feature] > threshold`` and goes to 2k + 1 or 2k + 2."""

    feature: I8
    """(n_trees, 2^depth - 1) column asked at each node."""
    threshold: F8
    """(n_trees, 2^depth - 1); infinite where a node does not divide."""
    value: F8
    """(n_trees, 2^depth) log odds added by each leaf."""
    bias: float
    """Log odds before the first tree."""
    score_knots: F8
    """(n_knots,) log odds at which the calibration is given."""
    probability_knots: F8
    """(n_knots,) probability there; linear between."""
    prior: float
    """Part of real examples that the probabilities hold for."""


def log_odds(model: TreeEnsemble, x: F8) -> F8:
    """Sum of all trees, (n,); NaN in a feature goes left."""
    depth = int(np.log2(model.value.shape[1]))
    out = np.full(len(x), model.bias)
    rows = np.arange(len(x))
    for feature, threshold, value in zip(model.feature, model.threshold, model.value, strict=True):
        node = np.zeros(len(x), np.int64)
        for _ in range(depth):
            node = 2 * node + 1 + (x[rows, feature[node]] > threshold[node])
        out += value[node - (2**depth - 1)]
    return out


def probability(model: TreeEnsemble, x: F8) -> F8:
    """Calibrated probability of class 1 at the prior of the examples, (n,)."""
    return np.interp(log_odds(model, x), model.score_knots, model.probability_knots)


def train(x: F8, label: npt.NDArray[np.bool_], plan: BoostingPlan, rng: np.random.Generator) -> TreeEnsemble:
    """Boost an ensemble on all examples but a part, for every part; the mean of them is the model.

    Second-order boosting of the logistic loss with histograms (Chen & Guestrin 2016, eqs 5 to 7). What each ensemble
    says of the part that it has not seen calibrates the probability; all together they depend little on chance
    (Breiman 1996).

    Parameters
    ----------
    x : (n, n_features) float64.
    label : (n,) True for real.

    Raises
    ------
    UnprocessableData
        Too few examples of a class.
    """
    n_real, n_bogus = int(label.sum()), int((~label).sum())
    if min(n_real, n_bogus) < MIN_EXAMPLES:
        raise UnprocessableData(f"{n_real} real and {n_bogus} bogus examples, {MIN_EXAMPLES} of each wanted")
    parts, odds = _by_parts(x, label, plan, rng)
    trees = (np.concatenate([getattr(p, name) for p in parts]) for name in ("feature", "threshold", "value"))
    feature, threshold, value = trees
    bias = float(np.mean([p.bias for p in parts]))
    return TreeEnsemble(feature, threshold, value / PARTS, bias, *isotonic(odds, label), float(label.mean()))


def _by_parts(
    x: F8, label: npt.NDArray[np.bool_], plan: BoostingPlan, rng: np.random.Generator
) -> tuple[list[TreeEnsemble], F8]:
    """Ensembles that have not seen one part each, and the log odds (n,) that they give it."""
    part, odds = rng.permutation(len(x)) % PARTS, np.zeros(len(x))
    ensembles = [_boost(x[part != k], label[part != k].astype(np.float64), plan) for k in range(PARTS)]
    for k, ensemble in enumerate(ensembles):
        odds[part == k] = log_odds(ensemble, x[part == k])
    return ensembles, odds


def train_cleaned(
    x: F8, label: npt.NDArray[np.bool_], plan: BoostingPlan, rng: np.random.Generator
) -> TreeEnsemble:
    """`train` without the bogus examples that look real to trees which have not seen them.

    Some detections that never come back are real: asteroids, flares. Trees grown on the other parts judge each part
    (Northcutt et al. 2021, section 3), and what they call real by more than `MISLABELLED` is left out. Where there
    are few examples all are kept.

    Parameters
    ----------
    x, label, plan, rng : as for `train`

    Raises
    ------
    UnprocessableData
        Too few examples of a class.
    """
    if min(int(label.sum()), int((~label).sum())) < FEW * MIN_EXAMPLES:
        return train(x, label, plan, rng)
    _, odds = _by_parts(x, label, replace(plan, n_trees=plan.n_trees // 3), rng)
    knots, told = isotonic(odds, label)
    kept = label | (np.interp(odds, knots, told) < MISLABELLED)
    return train(x[kept], label[kept], plan, rng)


def _boost(x: F8, y: F8, plan: BoostingPlan) -> TreeEnsemble:
    cuts = np.quantile(x, np.linspace(0, 1, plan.n_bins + 1)[1:-1], axis=0)
    binned = np.stack([np.searchsorted(cuts[:, f], x[:, f]) for f in range(x.shape[1])], axis=1)
    bias = float(np.log(y.mean() / (1 - y.mean())))
    f, trees = np.full(len(y), bias), []
    for _ in range(plan.n_trees):
        p = 1 / (1 + np.exp(-f))
        tree, leaf = _grow(binned, cuts, p - y, p * (1 - p), plan)
        f = f + tree[2][leaf]
        trees.append(tree)
    feature, threshold, value = (np.stack(part) for part in zip(*trees, strict=True))
    return TreeEnsemble(feature, threshold, value, bias, np.zeros(1), np.zeros(1), 0.5)


def _grow(binned: I8, cuts: F8, g: F8, h: F8, plan: BoostingPlan) -> tuple[tuple[I8, F8, F8], I8]:
    """One tree, level by level, and the leaf of every example."""
    feature, threshold = np.zeros(2**plan.depth - 1, np.int64), np.full(2**plan.depth - 1, np.inf)
    node = np.zeros(len(g), np.int64)
    for level in range(plan.depth):
        first, n = 2**level - 1, 2**level
        best_f, best_b, gain = _best_cuts(binned, node - first, n, g, h, plan)
        divides = gain > 1e-12
        nodes = first + np.arange(n)
        feature[nodes] = best_f
        threshold[nodes] = np.where(divides, cuts[best_b, best_f], np.inf)
        mine = node - first
        right = divides[mine] & (binned[np.arange(len(g)), best_f[mine]] > best_b[mine])
        node = 2 * node + 1 + right
    leaf = node - (2**plan.depth - 1)
    G, H = (np.bincount(leaf, weights=w, minlength=2**plan.depth) for w in (g, h))
    return (feature, threshold, -plan.rate * G / (H + plan.ridge)), leaf


def _best_cuts(binned: I8, node: I8, n_nodes: int, g: F8, h: F8, plan: BoostingPlan) -> tuple[I8, I8, F8]:
    """Feature, bin and gain of the best cut of each node."""
    n_features, n_bins = binned.shape[1], plan.n_bins
    key = ((node[:, None] * n_features + np.arange(n_features)) * n_bins + binned).ravel()
    shape, size = (n_nodes, n_features, n_bins), n_nodes * n_features * n_bins
    GL, HL = (
        np.bincount(key, weights=np.repeat(w, n_features), minlength=size).reshape(shape).cumsum(axis=2)
        for w in (g, h)
    )
    G, H = GL[:, :, -1:], HL[:, :, -1:]
    GR, HR = G - GL, H - HL
    gain = GL**2 / (HL + plan.ridge) + GR**2 / (HR + plan.ridge) - G**2 / (H + plan.ridge)
    gain = np.where((plan.min_weight <= HL) & (plan.min_weight <= HR), gain, 0.0)[:, :, :-1]
    flat = gain.reshape(n_nodes, -1)
    best = flat.argmax(axis=1)
    return best // (n_bins - 1), best % (n_bins - 1), flat[np.arange(n_nodes), best]


def at_prior_of(model: TreeEnsemble, x: F8) -> TreeEnsemble:
    """The model with probabilities for the mix of classes of unlabelled examples ``x``.

    The part of real ones is the fixed point of the mean of the probabilities (Saerens, Latinne & Decaestecker
    2002, eqs 2.4 and 2.5), drawn to the mix of the training as by `PRIOR_EXAMPLES` of these. Without examples the
    model stays as it is.
    """
    if not len(x):
        return model
    p, was = probability(model, x), model.prior
    part = was
    for _ in range(PRIOR_STEPS):
        part = (float(_moved(p, was, part).sum()) + PRIOR_EXAMPLES * was) / (len(x) + PRIOR_EXAMPLES)
    return replace(model, probability_knots=_moved(model.probability_knots, was, part), prior=part)


def _moved(p: F8, was: float, now: float) -> F8:
    """Probabilities at another part of real ones."""
    real, bogus = p * now / was, (1 - p) * (1 - now) / (1 - was)
    return np.asarray(real / (real + bogus), np.float64)


def isotonic(score: F8, label: npt.NDArray[np.bool_]) -> tuple[F8, F8]:
    """Rising step function from score to frequency by pooling adjacent violators (Ayer et al. 1955).

    Half an example of each class more keeps probabilities off 0 and 1.

    Returns
    -------
    Mean score and probability of each pooled block, both rising.
    """
    order = np.argsort(score, kind="stable")
    blocks: list[list[float]] = []
    for s, y in zip(score[order], label[order].astype(float), strict=True):
        blocks.append([s, y, 1.0])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    total = np.array(blocks)
    n = total[:, 2]
    return total[:, 0] / n, np.maximum.accumulate((total[:, 1] + 0.5) / (n + 1.0))


def model_arrays(model: TreeEnsemble) -> dict[str, npt.NDArray[Any]]:
    """The model as named arrays, for a file without pickles."""
    return {name: np.asarray(getattr(model, name)) for name in TreeEnsemble.__slots__}


def model_from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> TreeEnsemble:
    """Inverse of `model_arrays`."""
    a = {name: np.asarray(arrays[name]) for name in TreeEnsemble.__slots__}
    knots = a["score_knots"], a["probability_knots"]
    return TreeEnsemble(a["feature"], a["threshold"], a["value"], float(a["bias"]), *knots, float(a["prior"]))


def area_under_curve(score: F8, label: npt.NDArray[np.bool_]) -> float:
    """Chance that a real example scores above a bogus one (Mann-Whitney); ties count half."""
    _, rank, n = np.unique(score, return_inverse=True, return_counts=True)
    mean_rank = (np.cumsum(n) - 0.5 * (n - 1))[rank]
    n1, n0 = label.sum(), (~label).sum()
    return float((mean_rank[label].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)) if n1 and n0 else np.nan
