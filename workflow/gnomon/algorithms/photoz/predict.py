"""From fluxes to published redshift columns, and the model as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photoz.estimates import PointEstimates, density, point_estimates
from gnomon.algorithms.photoz.extrapolation import Reach, training_distance
from gnomon.algorithms.photoz.features import FeatureScaling, network_inputs, observed
from gnomon.algorithms.photoz.network import Network, bin_probabilities
from gnomon.algorithms.photoz.training import PhotozModel

F8 = npt.NDArray[np.float64]
B1 = npt.NDArray[np.bool_]
Arrays = Mapping[str, npt.NDArray[Any]]

OUTSIDE = 2.0
"""Training distance beyond which p(z) is extrapolated (see ``training_distance``)."""

CODE_MAX = 255
"""Largest code of a packed p(z): 8 bits of sqrt(p) change the CDE loss by < 0.001 (301 bins)."""


@dataclass(frozen=True, slots=True)
class PhotozResult:
    """Redshifts of n objects."""

    probability: F8
    """(n, n_bins) probability per bin; a row of an unmeasured object is uniform in bins."""
    estimates: PointEstimates
    """NaN for unmeasured objects."""
    distance: F8
    """Distance to the training set, 1 = its own 99th percentile."""
    extrapolated: B1
    """The object lies outside the training set."""
    missing_band: B1
    """At least one band of the model is missing."""
    no_data: B1
    """Fewer than two bands are measured: no redshift."""


def predict(model: PhotozModel, flux: F8, flux_err: F8) -> PhotozResult:
    """p(z), point estimates and flags.

    Parameters
    ----------
    model : as ``train`` returns it.
    flux, flux_err : (n, n_bands) float64, nJy, bands as in training; NaN or an error <= 0 = missing.

    Raises
    ------
    ValueError
        The number of bands is not that of the model.
    """
    n_bands = len(model.scaling.softening)
    if flux.shape != flux_err.shape or flux.ndim != 2 or flux.shape[1] != n_bands:
        raise ValueError(f"wanted (n, {n_bands}) fluxes and errors, got {flux.shape} and {flux_err.shape}")
    seen = observed(flux, flux_err)
    no_data: B1 = seen.sum(axis=1) < 2
    missing: B1 = np.asarray(~seen.all(axis=1), np.bool_)
    inputs = network_inputs(flux, flux_err, model.scaling)
    p = bin_probabilities(model.networks, inputs)
    p[no_data] = 1.0 / p.shape[1]
    distance = np.where(no_data, np.nan, training_distance(inputs, model.reach))
    return PhotozResult(
        p,
        _blanked(point_estimates(p, model.edges), no_data),
        distance,
        distance > OUTSIDE,
        missing,
        no_data,
    )


def _blanked(e: PointEstimates, rows: B1) -> PointEstimates:
    """The estimates with NaN at ``rows``."""

    def blank(value: F8) -> F8:
        return np.where(rows, np.nan, value)

    return PointEstimates(
        mean=blank(e.mean),
        mode=blank(e.mode),
        median=blank(e.median),
        best=blank(e.best),
        risk=blank(e.risk),
        odds=blank(e.odds),
        quantiles=np.where(rows[:, None], np.nan, e.quantiles),
    )


def pack_density(probability: F8, edges: F8) -> npt.NDArray[np.uint8]:
    """p(z) as 8-bit codes of sqrt(p), each row scaled to its maximum: (n, n_bins) uint8."""
    root = np.sqrt(density(probability, edges))
    top = np.maximum(root.max(axis=1, keepdims=True, initial=0.0), np.finfo(float).tiny)
    return np.asarray(np.rint(root / top * CODE_MAX), np.uint8)


def unpack_density(codes: npt.NDArray[np.uint8], edges: F8) -> F8:
    """Bin probabilities from packed codes, rows sum to 1."""
    p = codes.astype(np.float64) ** 2 * np.diff(edges)
    return np.asarray(p / p.sum(axis=1, keepdims=True), np.float64)


def model_arrays(model: PhotozModel) -> dict[str, npt.NDArray[Any]]:
    """The model as named arrays, for a file without pickles."""
    s = model.scaling
    out: dict[str, npt.NDArray[Any]] = {"edges": model.edges}
    out |= {"softening": s.softening, "mean": s.mean, "scale": s.scale, "reference": np.array(s.reference)}
    out |= {"reach_points": model.reach.points, "reach_distance": np.array(model.reach.distance)}
    for i, network in enumerate(model.networks):
        for k, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
            out |= {f"member{i}_weight{k}": w, f"member{i}_bias{k}": b}
    return out


def model_from_arrays(arrays: Arrays) -> PhotozModel:
    """Inverse of ``model_arrays``.

    Raises
    ------
    KeyError
        An array of the model is missing.
    """
    scaling = FeatureScaling(
        np.asarray(arrays["softening"]),
        int(arrays["reference"]),
        np.asarray(arrays["mean"]),
        np.asarray(arrays["scale"]),
    )
    networks: list[Network] = []
    while f"member{len(networks)}_weight0" in arrays:
        stem, n_layers = f"member{len(networks)}", 0
        while f"{stem}_weight{n_layers}" in arrays:
            n_layers += 1
        weights = tuple(np.asarray(arrays[f"{stem}_weight{k}"]) for k in range(n_layers))
        biases = tuple(np.asarray(arrays[f"{stem}_bias{k}"]) for k in range(n_layers))
        networks.append(Network(weights, biases))
    reach = Reach(np.asarray(arrays["reach_points"]), float(arrays["reach_distance"]))
    return PhotozModel(scaling, tuple(networks), np.asarray(arrays["edges"]), reach)
