"""Training of the redshift network in numpy: cross-entropy, AdamW, re-noised fluxes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photoz.extrapolation import Reach, fit_reach
from gnomon.algorithms.photoz.features import (
    FeatureScaling,
    drop_bands,
    fit_scaling,
    network_inputs,
    observed,
    renoise,
)
from gnomon.algorithms.photoz.neighbours import neighbour_scatter
from gnomon.algorithms.photoz.network import Network, initial_network, sigmoid, softmax
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]
F4 = npt.NDArray[np.float32]

MIN_TRAINING = 200
"""Fewest spectroscopic redshifts worth a network: fewer cannot fill the bins."""

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
"""Moments of Adam (Kingma & Ba 2015, algorithm 1)."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is trained and for how long."""

    hidden: tuple[int, ...] = (128, 128, 128)
    """Units of each hidden layer."""
    n_bins: int = 200
    """Redshift bins, uniform in ln(1 + z)."""
    target_width: float = 0.006
    """Gaussian sigma in ln(1 + z) that a spectroscopic redshift is smeared by, at least;"""
    target_share: float = 0.3
    """wider where fluxes tell less: this share of the scatter about the nearest neighbours."""
    n_steps: int = 1200
    """Gradient steps."""
    min_epochs: int = 20
    """Passes over the training set, at least,"""
    max_epochs: int = 150
    """and at most, which counts for fewer than 2,000 redshifts: more are learnt by heart."""
    batch: int = 256
    """Rows per gradient step."""
    learning_rate: float = 2e-3
    """At the start; falls to zero along a half cosine."""
    weight_decay: float = 1e-2
    """Decoupled decay of the weights (Loshchilov & Hutter 2019)."""
    renoise_fraction: float = 0.7
    """Fraction of rows that get more noise in each epoch."""
    renoise_amount: float = 1.1
    """That noise in units of the flux error."""
    drop_fraction: float = 0.05
    """Fraction of rows of which one band is hidden in each epoch."""
    n_members: int = 3
    """Networks in the ensemble."""


@dataclass(frozen=True, slots=True)
class PhotozModel:
    """All that inference needs."""

    scaling: FeatureScaling
    """Fluxes to network inputs."""
    networks: tuple[Network, ...]
    """The ensemble."""
    edges: F8
    """(n_bins + 1,) redshift bin edges."""
    reach: Reach
    """Where the training set is dense."""


def redshift_edges(redshift: F8, n_bins: int) -> F8:
    """Bin edges uniform in ln(1 + z) from 0 to 5 % beyond the largest training redshift."""
    return np.expm1(np.linspace(0.0, np.log1p(1.05 * float(redshift.max())), n_bins + 1))


def soft_targets(redshift: F8, edges: F8, width: float) -> F4:
    """(n, n_bins) float32: each redshift as a Gaussian in ln(1 + z), sampled at bin centres."""
    x = np.log1p(0.5 * (edges[1:] + edges[:-1]))
    t = np.exp(-0.5 * ((np.log1p(redshift)[:, None] - x) / width) ** 2)
    return np.asarray(t / t.sum(axis=1, keepdims=True), np.float32)


def gradients(network: Network, inputs: F4, targets: F4) -> tuple[float, list[F4]]:
    """Mean cross-entropy and its derivative, weights and biases interleaved, by back-propagation."""
    x = inputs
    kept: list[tuple[F4, F4, F4]] = []
    for w, b in zip(network.weights[:-1], network.biases[:-1], strict=True):
        z = x @ w + b
        s = sigmoid(z)
        kept.append((x, z, s))
        x = z * s
    p = softmax(x @ network.weights[-1] + network.biases[-1])
    loss = float(-np.mean(np.sum(targets * np.log(p + np.float32(1e-12)), axis=1)))
    delta: F4 = (p - targets) / np.float32(len(inputs))
    out: list[F4] = [x.T @ delta, delta.sum(axis=0)]
    for k in range(len(kept) - 1, -1, -1):
        x, z, s = kept[k]
        delta = (delta @ network.weights[k + 1].T) * (s * (1 + z * (1 - s)))
        out = [x.T @ delta, delta.sum(axis=0), *out]
    return loss, out


def train_member(
    flux: F8, flux_err: F8, targets: F4, scaling: FeatureScaling, plan: TrainingPlan, rng: np.random.Generator
) -> Network:
    """One network from one random start."""
    n, n_inputs = len(flux), len(scaling.mean) + flux.shape[1]
    network = initial_network((n_inputs, *plan.hidden, targets.shape[1]), rng)
    parameters = [a for pair in zip(network.weights, network.biases, strict=True) for a in pair]
    first = [np.zeros_like(a) for a in parameters]
    second = [np.zeros_like(a) for a in parameters]
    batch = min(plan.batch, n)
    per_epoch = n // batch
    n_steps = min(plan.n_steps, plan.max_epochs * n // batch)
    n_epochs = max(plan.min_epochs, -(-n_steps // per_epoch))
    step = 0
    for _ in range(n_epochs):
        inputs = _augmented_inputs(flux, flux_err, scaling, plan, rng)
        order = rng.permutation(n)
        for k in range(per_epoch):
            rows = order[k * batch : (k + 1) * batch]
            _, slopes = gradients(network, inputs[rows], targets[rows])
            rate = 0.5 * plan.learning_rate * (1 + np.cos(np.pi * step / (n_epochs * per_epoch)))
            step += 1
            _adamw_step(parameters, slopes, first, second, step, rate, plan.weight_decay)
    return network


def _augmented_inputs(
    flux: F8, flux_err: F8, scaling: FeatureScaling, plan: TrainingPlan, rng: np.random.Generator
) -> F4:
    noisy, noisy_err = renoise(flux, flux_err, plan.renoise_amount, rng)
    chosen = (rng.random(len(flux)) < plan.renoise_fraction)[:, None]
    mixed, mixed_err = np.where(chosen, noisy, flux), np.where(chosen, noisy_err, flux_err)
    return network_inputs(mixed, drop_bands(mixed_err, plan.drop_fraction, rng), scaling)


def _adamw_step(
    parameters: list[F4],
    slopes: list[F4],
    first: list[F4],
    second: list[F4],
    step: int,
    rate: float,
    decay: float,
) -> None:
    """Update the parameters in place (Loshchilov & Hutter 2019, algorithm 2); biases do not decay."""
    scale = np.float32(rate * np.sqrt(1 - BETA2**step) / (1 - BETA1**step))
    for a, g, m, v in zip(parameters, slopes, first, second, strict=True):
        m *= np.float32(BETA1)
        m += np.float32(1 - BETA1) * g
        v *= np.float32(BETA2)
        v += np.float32(1 - BETA2) * g * g
        if a.ndim == 2:
            a *= np.float32(1 - rate * decay)
        a -= scale * m / (np.sqrt(v) + np.float32(EPSILON))


def train(flux: F8, flux_err: F8, redshift: F8, plan: TrainingPlan, rng: np.random.Generator) -> PhotozModel:
    """An ensemble that gives p(z) for objects like the training set.

    Same inputs and generator state, same model on one BLAS; another BLAS may differ in the last bits.

    Parameters
    ----------
    flux, flux_err : (n, n_bands) float64, nJy; a NaN or an error <= 0 marks a missing band.
    redshift : (n,) float64 spectroscopic redshifts; rows without a finite one >= 0 are left out.

    Raises
    ------
    UnprocessableData
        Fewer than ``MIN_TRAINING`` usable rows.
    """
    with np.errstate(invalid="ignore"):
        usable = np.isfinite(redshift) & (redshift >= 0) & observed(flux, flux_err).any(axis=1)
    if usable.sum() < MIN_TRAINING:
        raise UnprocessableData(
            f"{usable.sum()} usable spectroscopic redshifts, at least {MIN_TRAINING} wanted"
        )
    flux, flux_err, redshift = flux[usable], flux_err[usable], redshift[usable]
    scaling = fit_scaling(flux, flux_err)
    edges = redshift_edges(redshift, plan.n_bins)
    width = max(plan.target_width, plan.target_share * neighbour_scatter(flux, flux_err, redshift))
    targets = soft_targets(redshift, edges, width)
    members = tuple(
        train_member(flux, flux_err, targets, scaling, plan, member) for member in rng.spawn(plan.n_members)
    )
    return PhotozModel(scaling, members, edges, fit_reach(network_inputs(flux, flux_err, scaling)))
