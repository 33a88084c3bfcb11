"""Shear tables of objects, in the frame of the sky."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.shear.moments import Shapes, moments, shapes
from gnomon.containers.catalog import Catalog
from gnomon.containers.footprints import Sources
from gnomon.containers.image import Image
from gnomon.containers.psf import Psf
from gnomon.containers.wcs import Wcs
from gnomon.kernels import measure as kernel

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

BATCH = 256  # stamps transformed together: tens of megabytes


@dataclass(frozen=True, slots=True)
class ShearLimits:
    """How shapes are weighted."""

    sigma_px: float
    """Gaussian scale of the weight in Fourier space, pixels."""
    softening_snr: float
    """The softening C of the ellipticity, in units of the median error of the flux moment."""
    half: int
    """Half side of a stamp, pixels."""


def shear_columns(
    image: Image, sources: Sources, psf: Psf, x: F8, y: F8, limits: ShearLimits, ignore: int
) -> dict[str, npt.NDArray[Any]]:
    """Ellipticities along the pixels' axes with their response, of every source on one image.

    Parameters
    ----------
    image : all bands together, its variance as it truly is.
    x, y : (n,) places, pixels.
    ignore : mask bits of pixels without information.
    """
    parts = [_batch(image, sources, psf, x, y, rows, limits, ignore) for rows in _batches(len(x))]
    if not parts:
        return {n: np.zeros(0) for n in ("e1", "e2", "response1", "response2", "momentFlux", "momentFluxErr")}
    return {n: np.concatenate([p[n] for p in parts]) for n in parts[0]}


def _batches(n: int) -> list[npt.NDArray[np.int64]]:
    return [np.arange(k, min(k + BATCH, n)) for k in range(0, n, BATCH)]


def _batch(
    image: Image,
    sources: Sources,
    psf: Psf,
    x: F8,
    y: F8,
    rows: npt.NDArray[np.int64],
    limits: ShearLimits,
    ignore: int,
) -> dict[str, npt.NDArray[Any]]:
    pixels = kernel.Pixels(image.flux, image.variance, image.mask, ignore)
    owned = kernel.Ownership(sources.labels, sources.footprint, sources.box, sources.first, sources.weight)
    column, row = (np.rint(v[rows]).astype(np.int32) for v in (x, y))
    flux, variance = kernel.stamps(pixels, owned, rows.astype(np.int32), column, row, limits.half)
    seen = variance > 0
    pixel = np.where(seen, variance, 0).sum(axis=(1, 2), dtype=np.float64) / np.maximum(
        seen.sum(axis=(1, 2)), 1
    )
    beam = _padded(psf.stamps(x[rows], y[rows]), flux.shape[-1])
    offsets = np.stack([x[rows] - column, y[rows] - row], -1)
    noise = np.sqrt(moments(flux[:1], beam[:1], limits.sigma_px)[1][0, 0, 0] * pixel)
    usual = float(np.median(noise)) if len(noise) else 0.0
    core = slice(limits.half - 1, limits.half + 2)
    flux[(variance[:, core, core] <= 0).any(axis=(1, 2))] = np.nan
    found = shapes(
        flux,
        pixel,
        beam,
        limits.sigma_px,
        limits.softening_snr * usual,
        offsets,
    )
    return _columns(found, noise)


def _columns(found: Shapes, noise: F8) -> dict[str, npt.NDArray[Any]]:
    return {
        "e1": found.e1,
        "e2": found.e2,
        "response1": found.response1,
        "response2": found.response2,
        "momentFlux": found.flux,
        "momentFluxErr": np.where(np.isfinite(found.flux), noise, np.nan),
    }


def _padded(stamps: F4, side: int) -> F4:
    """PSF stamps cut or padded with zeros to a side; both sides odd."""
    size = stamps.shape[-1]
    if size > side:
        cut = slice((size - side) // 2, (size + side) // 2)
        return stamps[:, cut, cut]
    pad = (side - size) // 2
    return np.pad(stamps, ((0, 0), (pad, pad), (pad, pad)))


def to_sky(columns: Mapping[str, npt.NDArray[Any]], wcs: Wcs, x: F8, y: F8) -> dict[str, npt.NDArray[Any]]:
    """The same columns with ellipticities along east and north in place of along the pixels' axes."""
    jacobian = wcs.jacobian(x, y)
    turn = np.arctan2(jacobian[:, 1, 0], jacobian[:, 0, 0])
    flipped = np.linalg.det(jacobian) < 0
    e = columns["e1"] + 1j * columns["e2"]
    e = np.where(flipped, np.conj(e), e) * np.exp(2j * turn)
    return {**columns, "e1": e.real, "e2": e.imag}


def plane_arcsec(ra: F8, dec: F8, ra0: float, dec0: float) -> tuple[F8, F8]:
    """East and north of a place in arcsec, all arguments in degrees; right ascension may wrap."""
    east = ((ra - ra0 + 180) % 360 - 180) * np.cos(np.radians(dec0)) * 3600
    return east, (dec - dec0) * 3600


def source_galaxies(table: Catalog) -> npt.NDArray[np.bool_]:
    """(n,) rows that a mean shear is taken from."""
    return np.asarray(table["shear_isSource"] & np.isfinite(table["e1"] + table["response1"]))
