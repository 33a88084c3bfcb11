"""Detection by the matched filter of the local PSF."""

import numpy as np
import numpy.typing as npt

from gnomon import flags
from gnomon.containers.footprints import Footprints
from gnomon.containers.image import Image
from gnomon.containers.psf import Psf
from gnomon.kernels import detect as kernel

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

NO_LIGHT = flags.mask_value("BAD", "CR", "NO_DATA", "STREAK")
"""Planes that weigh nothing in the matched filter. Saturated pixels stay in: a saturated star is one source,
flagged, and not a ring of false ones around a hole."""

TILE_PX = (
    512  # the PSF changes by about 1 % over this distance; its filter then loses 1e-4 of signal to noise
)
POWER_STEPS = 12  # the second singular value of a PSF is below a tenth of the first: converged to rounding
EDGE_OF_FILTER = 0.02  # of the middle, where the filter's vectors are cut: 1e-3 of signal to noise


def find_footprints(
    image: Image,
    psf: Psf,
    *,
    threshold: float = 5.0,
    negative: float = np.inf,
    min_area: int = 1,
    ignore: int = NO_LIGHT,
) -> Footprints:
    """Regions where a point source centred on the pixel would be seen at ``threshold`` or more.

    With weight w = 1 / variance (0 for unusable pixels), PSF P and image I the flux of a point source at a
    pixel is ``sum(w I P) / sum(w P^2)`` with error ``sum(w P^2)^(-1/2)``, the best linear statistic for a known PSF
    (Kaiser 2001; Zackay & Ofek 2017). P is replaced by the outer product nearest to it, tile by tile.

    Parameters
    ----------
    image
        Background subtracted, any unit.
    threshold, negative
        In standard deviations of the filtered image, both positive; infinity switches a side off.
    min_area
        Footprints with fewer pixels are dropped.
    ignore
        Mask bits of pixels that carry no light.

    Raises
    ------
    ValueError
        A threshold that is not positive, or an empty image.

    Limits: noise correlated between pixels (coadds) makes the true signal to noise smaller than stated.
    """
    if not (threshold > 0 and negative > 0):
        raise ValueError(f"thresholds must be positive, not {threshold} and {negative}")
    if image.flux.size == 0:
        raise ValueError("an image without pixels has no footprints")
    column, row = separable_psf(psf, image.shape)
    runs = kernel.detect(
        image.flux, image.variance, image.mask, ignore, column, row, threshold, negative, min_area
    )
    return Footprints(*runs, shape=image.shape)


def significance_map(image: Image, psf: Psf, *, ignore: int = NO_LIGHT) -> F4:
    """(ny, nx) float32 signal to noise of a point source centred on each pixel; see `find_footprints`."""
    column, row = separable_psf(psf, image.shape)
    return kernel.significance(image.flux, image.variance, image.mask, ignore, column, row)


def mark_detected(image: Image, footprints: Footprints, *, grow_px: int = 0, in_place: bool = False) -> Image:
    """The image with DETECTED and DETECTED_NEGATIVE set afresh in the footprints, grown by a disc.

    The mask is a copy unless `in_place`.

    Raises
    ------
    ValueError
        Footprints of another image shape.
    """
    if footprints.shape != image.shape:
        raise ValueError(f"footprints of shape {footprints.shape} for an image of shape {image.shape}")
    others = ~np.uint32(flags.mask_value("DETECTED", "DETECTED_NEGATIVE"))
    mask = np.bitwise_and(image.mask, others, out=image.mask if in_place else None)
    of_run = np.repeat(footprints.sign, np.diff(footprints.first))
    for sign, plane in ((1, "DETECTED"), (-1, "DETECTED_NEGATIVE")):
        runs = of_run == sign
        kernel.mark_runs(
            footprints.y[runs], footprints.x0[runs], footprints.x1[runs], grow_px, flags.MASK[plane], mask
        )
    return Image(image.flux, image.variance, mask)


def separable_psf(psf: Psf, shape: tuple[int, int]) -> tuple[F4, F4]:
    """Columns and rows (ty, tx, taps) float32 whose outer product is nearest to the PSF of each tile.

    The first singular vectors of the PSF's image; positive where the PSF is.
    """
    ty, tx = max(1, round(shape[0] / TILE_PX)), max(1, round(shape[1] / TILE_PX))
    yc, xc = np.meshgrid(_centres(shape[0], ty), _centres(shape[1], tx), indexing="ij")
    stamps = psf.stamps(xc.ravel(), yc.ravel()).astype(np.float64)
    if not np.isfinite(stamps).all():
        raise ValueError("the PSF model is not finite")
    column, row = _leading_vectors(stamps)
    half = _half_width(np.maximum(np.abs(column).max(axis=0), np.abs(row).max(axis=0)))
    middle = slice(psf.size // 2 - half, psf.size // 2 + half + 1)

    def cut(v: npt.NDArray[np.float64]) -> F4:
        return np.ascontiguousarray(v[:, middle].reshape(ty, tx, -1), np.float32)

    return cut(column), cut(row)


def _leading_vectors(stamps: F8) -> tuple[F8, F8]:
    """First singular vectors (n, size) of n images, each times the root of the singular value, by power iteration."""
    row = stamps.sum(axis=1)
    for _ in range(POWER_STEPS):
        column = np.einsum("nyx,nx->ny", stamps, row)
        column /= np.linalg.norm(column, axis=1, keepdims=True)
        row = np.einsum("nyx,ny->nx", stamps, column)
    root = np.sqrt(np.linalg.norm(row, axis=1, keepdims=True))
    return column * root, row / root


def _centres(npix: int, tiles: int) -> npt.NDArray[np.float64]:
    """Middle of each of equal tiles, pixels."""
    return (np.arange(tiles) + 0.5) * npix / tiles - 0.5


def _half_width(profile: npt.NDArray[np.float64]) -> int:
    """Distance from the middle at which a profile has fallen to `EDGE_OF_FILTER`."""
    middle = len(profile) // 2
    high = np.flatnonzero(profile > EDGE_OF_FILTER * profile[middle])
    return int(np.clip(np.abs(high - middle).max(), 1, middle))
