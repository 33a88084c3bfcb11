"""Composite model fluxes: one galaxy model for all bands, forced with the PSF of each."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import fftshift, irfft2

from gnomon.algorithms.measure.galaxy_fit import (
    F4,
    F8,
    N_PARAMETERS,
    Modes,
    fit_models,
    modes_of,
    phases,
    transforms,
    values,
    wave_numbers,
)
from gnomon.containers.footprints import Sources
from gnomon.containers.image import Image
from gnomon.containers.psf import Psf
from gnomon.kernels import measure as kernel

B1 = npt.NDArray[np.bool_]
I8 = npt.NDArray[np.int64]

HALF_SIDES = (22, 40, 67)
"""Half sides of stamps, pixels: sides of 45, 81 and 135, that transform fast."""
WIDE = {45: 81, 81: 135, 135: 225}
"""Sides on which models are made, so that wings that leave the stamp do not come back on the other side."""
REACH = 6.0  # half-light radii that a stamp holds: 99.9 % of a disc
BATCH = 256  # stamps worked on together: a few tens of megabytes


@dataclass(frozen=True, slots=True)
class GalaxyModels:
    """A disc and a bulge in one place for each of n objects."""

    x: F8
    """(n,) pixels of the patch."""
    y: F8
    """(n,)"""
    parameters: F8
    """(n, 4) ln half-light radius, ellipticity, part of the bulge (see `galaxy_fit`)."""
    error: F8
    """(n, 4) their standard errors."""
    half: I8
    """(n,) half side of the stamp, one of `HALF_SIDES`."""
    ok: B1
    """(n,) the fit converged to a positive flux."""


def fit_galaxies(
    image: Image, sources: Sources, psf: Psf, x: F8, y: F8, radius: F8, *, ignore: int
) -> GalaxyModels:
    """Fit the model to every source on one image.

    Parameters
    ----------
    image : all bands together.
    sources : whose light is whose.
    x, y : (n,) places, which are kept, pixels.
    radius : (n,) a first half-light radius as seen, pixels; NaN where not known.
    ignore : mask bits of pixels without information.
    """
    half = _half_sides(radius)
    parameters, error = (np.full((len(x), N_PARAMETERS), np.nan) for _ in range(2))
    ok = np.zeros(len(x), np.bool_)
    for side, rows in _batches(half):
        flux, variance = _stamps(image, sources, x[rows], y[rows], rows, side, ignore)
        fit = fit_models(_modes(flux, variance, psf, x[rows], y[rows], side))
        parameters[rows], ok[rows] = fit.parameters, fit.converged
        error[rows] = np.sqrt(np.diagonal(fit.covariance, axis1=1, axis2=2))
    return GalaxyModels(x, y, parameters, error, half, ok)


def model_fluxes(
    image: Image, sources: Sources, psf: Psf, models: GalaxyModels, *, ignore: int
) -> tuple[F8, F8, F8]:
    """Flux, error and reduced chi squared of given models in one band; NaN where no pixel is usable.

    All usable pixels weigh alike, as for PSF fluxes; errors are from the true variances.
    """
    flux, err, chi2 = (np.full(len(models.x), np.nan) for _ in range(3))
    for side, rows in _batches(models.half):
        data, variance = _stamps(image, sources, models.x[rows], models.y[rows], rows, side, ignore)
        model = _images(models, psf, rows, side)
        good = variance > 0
        model = np.where(good, model, 0.0)
        norm = np.einsum("nyx,nyx->n", model, model)
        with np.errstate(invalid="ignore", divide="ignore"):
            f = np.einsum("nyx,nyx->n", model, data) / norm
            e = np.sqrt(np.einsum("nyx,nyx,nyx->n", model, model, variance)) / norm
            off = np.where(good, (data - f[:, None, None] * model) ** 2 / variance, 0.0)
        known = (norm > 0) & models.ok[rows]
        flux[rows], err[rows] = np.where(known, f, np.nan), np.where(known, e, np.nan)
        chi2[rows] = np.where(known, off.sum(axis=(1, 2)) / np.maximum(good.sum(axis=(1, 2)) - 1, 1), np.nan)
    return flux, err, chi2


def _half_sides(radius: F8) -> I8:
    """(n,) the smallest stamp that holds the source, or the largest there is."""
    wanted = REACH * np.where(np.isfinite(radius), radius, 0.0)
    return np.asarray(HALF_SIDES)[np.minimum(np.searchsorted(HALF_SIDES, wanted), len(HALF_SIDES) - 1)]


def _batches(half: I8) -> list[tuple[int, I8]]:
    """Rows that share a side, a batch at a time."""
    out = []
    for side in np.unique(half):
        rows = np.flatnonzero(half == side)
        out += [(2 * int(side) + 1, rows[k : k + BATCH]) for k in range(0, len(rows), BATCH)]
    return out


def _stamps(image: Image, sources: Sources, x: F8, y: F8, rows: I8, side: int, ignore: int) -> tuple[F4, F4]:
    pixels = kernel.Pixels(image.flux, image.variance, image.mask, ignore)
    owned = kernel.Ownership(sources.labels, sources.footprint, sources.box, sources.first, sources.weight)
    column, row = (np.rint(v).astype(np.int32) for v in (x, y))
    return kernel.stamps(pixels, owned, rows.astype(np.int32), column, row, side // 2)


def _modes(flux: F4, variance: F4, psf: Psf, x: F8, y: F8, side: int) -> Modes:
    seen = variance > 0
    count = np.maximum(seen.sum(axis=(1, 2)), 1)
    pixel = np.where(seen, variance, 0).sum(axis=(1, 2), dtype=np.float64) / count
    beam = _beam(psf, x, y, side)
    return modes_of(flux, np.where(pixel > 0, pixel, 1.0), beam, x - np.rint(x), y - np.rint(y))


def _beam(psf: Psf, x: F8, y: F8, side: int) -> npt.NDArray[np.complex64]:
    """Transforms of the PSFs at some places, cut or padded to a side, with their true sums."""
    images = np.einsum("nk,kyx->nyx", psf.terms(x, y), psf.basis.astype(np.float64))
    size = images.shape[-1]
    if size > side:
        cut = slice((size - side) // 2, (size + side) // 2)
        images = images[:, cut, cut]
    pad = (side - images.shape[-1]) // 2
    return transforms(np.pad(images, ((0, 0), (pad, pad), (pad, pad))))


def _images(models: GalaxyModels, psf: Psf, rows: I8, side: int) -> F8:
    """(n, side, side) models of unit flux as a band's PSF shows them."""
    wide = WIDE[side]
    kx, ky, _ = wave_numbers(wide)
    flat = values(models.parameters[rows], kx.ravel(), ky.ravel())
    value = flat.reshape(len(rows), *kx.shape)
    x, y = models.x[rows], models.y[rows]
    moved = np.conj(phases(x - np.rint(x), y - np.rint(y), kx, ky))
    images = irfft2(_beam(psf, x, y, wide) * value.astype(np.float32) * moved, s=(wide, wide))
    middle = slice((wide - side) // 2, (wide + side) // 2)
    return np.asarray(fftshift(images, axes=(1, 2))[:, middle, middle])
