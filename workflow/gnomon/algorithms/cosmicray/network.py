"""A small network of rectified linear units for two classes, and how it learns."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

F4 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

_CLIP = 30.0  # log odds beyond which a probability is 0 or 1
_LEAST_SPREAD = 1e-3
_DECAY = 1e-6


@dataclass(frozen=True, slots=True)
class Network:
    """Layers ``x -> max(0, x W + b)``; the last gives log odds."""

    weights: tuple[F4, ...]
    """(n_in, n_out) of each layer."""
    biases: tuple[F4, ...]
    """(n_out,) of each layer."""


@dataclass(frozen=True, slots=True)
class LearningPlan:
    """Size of the network and how it learns."""

    hidden: tuple[int, ...] = (64, 32)
    """Units of the layers between."""
    epochs: int = 16
    """Times that each example is seen."""
    batch: int = 512
    """Examples a step."""
    rate: float = 2e-3
    """Largest step; it falls to zero as half a cosine (Loshchilov & Hutter 2017)."""


def log_odds(network: Network, x: F4) -> F4:
    """Log odds (n,) of class 1 for features (n, n_in)."""
    return _layers(network.weights, network.biases, x)[-1][:, 0]


def _layers(weights: Sequence[F4], biases: Sequence[F4], x: F4) -> list[F4]:
    """Input and output of every layer."""
    out = [x]
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        x = x @ w + b
        if k + 1 < len(weights):
            np.maximum(x, 0, out=x)
        out.append(x)
    return out


def train(
    x: F4, label: Bools, symmetries: npt.NDArray[np.int64], plan: LearningPlan, rng: np.random.Generator
) -> Network:
    """Least logistic loss by the steps of Adam (Kingma & Ba 2015, algorithm 1).

    Parameters
    ----------
    x : (n, n_in) features.
    label : (n,) True for class 1.
    symmetries : (m, n_in) orders of the columns that mean the same; each batch takes one of them.
    plan, rng : size, learning, and order of the examples.
    """
    mean = x.mean(0, dtype=np.float64).astype(np.float32)
    spread = x.std(0, dtype=np.float64).astype(np.float32) + np.float32(_LEAST_SPREAD)
    sizes = (x.shape[1], *plan.hidden, 1)
    weights = [rng.normal(0, np.sqrt(2 / n), (n, m)).astype(np.float32) for n, m in pairwise(sizes)]
    biases = [np.zeros(m, np.float32) for m in sizes[1:]]
    parameters = [*weights, *biases]
    mean1, mean2 = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    steps, t = plan.epochs * (len(x) // plan.batch), 0
    for _ in range(plan.epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x) - plan.batch + 1, plan.batch):
            rows, turned = order[start : start + plan.batch], symmetries[rng.integers(len(symmetries))]
            gradient = _gradient(weights, biases, (x[rows][:, turned] - mean) / spread, label[rows])
            t += 1
            rate = plan.rate * 0.5 * (1 + np.cos(np.pi * t / steps))
            _adam(parameters, gradient, mean1, mean2, rate, t)
    return _unscaled(weights, biases, mean, spread)


def _gradient(weights: list[F4], biases: list[F4], x: F4, label: Bools) -> list[F4]:
    """Of the mean loss, for weights, then biases."""
    outputs = _layers(weights, biases, x)
    error = 1 / (1 + np.exp(-np.clip(outputs[-1], -_CLIP, _CLIP))) - label[:, None]
    error = (error / len(x)).astype(np.float32)
    by_weight, by_bias = [], []
    for k in reversed(range(len(weights))):
        by_weight.append(outputs[k].T @ error + np.float32(_DECAY) * weights[k])
        by_bias.append(error.sum(0))
        error = (error @ weights[k].T) * (outputs[k] > 0)
    return [*reversed(by_weight), *reversed(by_bias)]


def _adam(
    parameters: list[F4], gradient: list[F4], mean1: list[F4], mean2: list[F4], rate: float, t: int
) -> None:
    for p, g, m, v in zip(parameters, gradient, mean1, mean2, strict=True):
        m += np.float32(0.1) * (g - m)
        v += np.float32(0.001) * (g * g - v)
        p -= (
            np.float32(rate)
            * (m / np.float32(1 - 0.9**t))
            / (np.sqrt(v / np.float32(1 - 0.999**t)) + np.float32(1e-8))
        )


def _unscaled(weights: list[F4], biases: list[F4], mean: F4, spread: F4) -> Network:
    """The network for features as they are."""
    first = weights[0] / spread[:, None]
    return Network((first, *weights[1:]), (biases[0] - mean @ first, *biases[1:]))


def to_text(network: Network) -> str:
    """All numbers as float16 in base 85, layer by layer."""
    parts = [np.concatenate([w.ravel(), b]) for w, b in zip(network.weights, network.biases, strict=True)]
    return base64.b85encode(np.concatenate(parts).astype("<f2").tobytes()).decode()


def from_text(text: str, sizes: Sequence[int]) -> Network:
    """Inverse of `to_text` but for rounding; ``sizes`` are the units of each layer, first the features."""
    numbers = np.frombuffer(base64.b85decode(text), "<f2").astype(np.float32)
    weights, biases, start = [], [], 0
    for n, m in pairwise(sizes):
        weights.append(numbers[start : start + n * m].reshape(n, m))
        biases.append(numbers[start + n * m : start + (n + 1) * m])
        start += (n + 1) * m
    return Network(tuple(weights), tuple(biases))
