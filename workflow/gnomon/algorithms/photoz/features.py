"""Fluxes and their errors as the inputs of a redshift network."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
F4 = npt.NDArray[np.float32]
B1 = npt.NDArray[np.bool_]

POGSON = 2.5 / np.log(10.0)
"""Magnitudes per natural logarithm of flux (Pogson 1856)."""

AB_ZERO_POINT = 31.4
"""AB magnitude of 1 nJy."""

MAX_STANDARDISED = 8.0
"""Inputs beyond this many training deviations are clipped; the extrapolation flag says so."""


@dataclass(frozen=True, slots=True)
class FeatureScaling:
    """How fluxes become network inputs: fixed by the training set."""

    softening: F8
    """(n_bands,) nJy, the b of asinh magnitudes: the median flux error of each band."""
    reference: int
    """Index of the band whose magnitude is an input, the others enter as colours."""
    mean: F8
    """(n_features,) mean of each raw feature over the training set, missing values left out."""
    scale: F8
    """(n_features,) standard deviation likewise; 1 where a feature never varies."""


def observed(flux: F8, flux_err: F8) -> B1:
    """Which fluxes are measurements: finite, with a finite positive error; same shape as the inputs."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(flux) & np.isfinite(flux_err) & (flux_err > 0)


def asinh_magnitude(flux: F8, softening: F8) -> F8:
    """Magnitudes that stay defined at negative flux (Lupton, Gunn & Szalay 1999, eq. 3).

    Parameters
    ----------
    flux : (n, n_bands) float64, nJy; NaN gives NaN.
    softening : (n_bands,) float64, nJy, about the 1 sigma noise.
    """
    magnitude = AB_ZERO_POINT - POGSON * (np.arcsinh(flux / (2 * softening)) + np.log(softening))
    return np.asarray(magnitude, np.float64)


def colour_pairs(n_bands: int, reference: int) -> list[tuple[int, int]]:
    """Bands whose magnitudes are subtracted: neighbours, and every other band against the reference."""
    near = [(b, b + 1) for b in range(n_bands - 1)]
    return near + [(b, reference) for b in range(n_bands) if abs(b - reference) > 1]


def raw_features(flux: F8, flux_err: F8, softening: F8, reference: int) -> F8:
    """One magnitude, colours and log errors; NaN where a band is missing.

    Parameters
    ----------
    flux, flux_err : (n, n_bands) float64, nJy.
    softening : (n_bands,) float64, nJy.
    reference : band whose magnitude is kept.

    Returns
    -------
    (n, n_features) float64.
    """
    seen = observed(flux, flux_err)
    magnitude = asinh_magnitude(np.where(seen, flux, np.nan), softening)
    error = np.where(seen, flux_err, np.nan)
    # Error of an asinh magnitude (Lupton et al. 1999, eq. 9), finite at zero flux.
    noise = np.log(POGSON * error / np.hypot(np.where(seen, flux, np.nan), 2 * softening))
    colours = [magnitude[:, a] - magnitude[:, b] for a, b in colour_pairs(flux.shape[1], reference)]
    return np.column_stack([magnitude[:, reference], *colours, noise])


def fit_scaling(flux: F8, flux_err: F8) -> FeatureScaling:
    """Softening, reference band and standardisation of a training set.

    The reference is the band of the highest median signal-to-noise, less so if it is often missing.

    Raises
    ------
    ValueError
        A band is missing in every row, or there are fewer than two bands.
    """
    seen = observed(flux, flux_err)
    if flux.ndim != 2 or flux.shape[1] < 2:
        raise ValueError(f"wanted (n, n_bands >= 2) fluxes, got shape {flux.shape}")
    if not seen.any(axis=0).all():
        never = np.flatnonzero(~seen.any(axis=0)).tolist()
        raise ValueError(f"bands {never} are missing in every training row")
    softening = np.nanmedian(np.where(seen, flux_err, np.nan), axis=0)
    snr = np.nanmedian(np.where(seen, flux / np.where(seen, flux_err, 1.0), np.nan), axis=0)
    reference = int(np.argmax(snr * seen.mean(axis=0)))
    raw = raw_features(flux, flux_err, softening, reference)
    scale = np.nanstd(raw, axis=0)
    return FeatureScaling(softening, reference, np.nanmean(raw, axis=0), np.where(scale > 0, scale, 1.0))


def network_inputs(flux: F8, flux_err: F8, scaling: FeatureScaling) -> F4:
    """Standardised features, 0 where missing, followed by one 0/1 column per band that says so.

    Returns
    -------
    (n, n_features + n_bands) float32, finite everywhere.
    """
    raw = raw_features(flux, flux_err, scaling.softening, scaling.reference)
    standard = np.clip((raw - scaling.mean) / scaling.scale, -MAX_STANDARDISED, MAX_STANDARDISED)
    missing = ~observed(flux, flux_err)
    return np.concatenate([np.nan_to_num(standard), missing], axis=1).astype(np.float32)


def renoise(flux: F8, flux_err: F8, amount: float, rng: np.random.Generator) -> tuple[F8, F8]:
    """The same objects as a noisier survey would see them.

    Gaussian noise of ``amount`` times the stated error is added and the stated error grows in quadrature,
    so that the relation between features and errors stays that of real measurements.
    """
    noisy = flux + amount * flux_err * rng.standard_normal(flux.shape)
    return noisy, flux_err * np.hypot(1.0, amount)


def drop_bands(flux_err: F8, fraction: float, rng: np.random.Generator) -> F8:
    """Errors with one random band of a ``fraction`` of the rows declared missing (NaN)."""
    rows = np.flatnonzero(rng.random(len(flux_err)) < fraction)
    dropped = flux_err.copy()
    dropped[rows, rng.integers(0, flux_err.shape[1], len(rows))] = np.nan
    return dropped
