"""A multi-layer perceptron whose softmax output is a histogram of redshift."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
F4 = npt.NDArray[np.float32]

BLOCK_ROWS = 4096
"""Rows per matrix product: activations of 256 units stay in the second-level cache."""


@dataclass(frozen=True, slots=True)
class Network:
    """Weights of one perceptron; layer k maps ``x`` to ``x @ weights[k] + biases[k]``."""

    weights: tuple[F4, ...]
    """(n_in, n_out) float32 per layer."""
    biases: tuple[F4, ...]
    """(n_out,) float32 per layer."""


def initial_network(sizes: Sequence[int], rng: np.random.Generator) -> Network:
    """Random weights of variance 2 / n_in (He et al. 2015, eq. 10), zero biases, a quiet last layer."""
    gains = [2.0] * (len(sizes) - 2) + [0.01]
    weights = tuple(
        (rng.standard_normal((a, b)) * np.sqrt(g / a)).astype(np.float32)
        for a, b, g in zip(sizes[:-1], sizes[1:], gains, strict=True)
    )
    return Network(weights, tuple(np.zeros(b, np.float32) for b in sizes[1:]))


def sigmoid(x: F4) -> F4:
    """Logistic function, without overflow for any finite float32."""
    return np.float32(1) / (np.float32(1) + np.exp(-np.clip(x, -80, 80)))


def softmax(logits: F4) -> F4:
    """Probabilities along the last axis."""
    e: F4 = np.exp(logits - logits.max(axis=-1, keepdims=True))
    e /= e.sum(axis=-1, keepdims=True)
    return e


def logits(network: Network, inputs: F4) -> F4:
    """Forward pass with SiLU between layers (Elfwing et al. 2018): (n, n_in) -> (n, n_bins)."""
    x = inputs
    for w, b in zip(network.weights[:-1], network.biases[:-1], strict=True):
        z = x @ w + b
        x = z * sigmoid(z)
    return x @ network.weights[-1] + network.biases[-1]


def bin_probabilities(networks: Sequence[Network], inputs: F4) -> F8:
    """Mean probability of an ensemble per redshift bin.

    Parameters
    ----------
    networks : members with the same number of outputs.
    inputs : (n, n_in) float32.

    Returns
    -------
    (n, n_bins) float64, rows sum to 1 (n may be 0).
    """
    n_bins = len(networks[0].biases[-1])
    out = np.zeros((len(inputs), n_bins))
    for start in range(0, len(inputs), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        for network in networks:
            out[rows] += softmax(logits(network, inputs[rows]))
    out /= np.maximum(out.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return out
