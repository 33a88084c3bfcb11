"""Detection by the matched filter of the local PSF."""

import numpy as np
import numpy.typing as npt

from gnomon import flags
from gnomon.containers.footprints import Footprints
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel
from gnomon.kernels import detect as kernel

F4 = npt.NDArray[np.float32]

NO_LIGHT = flags.mask_value("BAD", "CR", "NO_DATA", "STREAK")
"""Planes that weigh nothing in the matched filter. Saturated pixels stay in: a saturated star is one source,
flagged, and not a ring of false ones around a hole."""

TILE_PX = (
    512  # the PSF changes by about 1 % over this distance; its filter then loses 1e-4 of signal to noise
)
EDGE_OF_FILTER = 0.02  # of the middle, where the filter's vectors are cut: 1e-3 of signal to noise


def find_footprints(
    image: Image,
    psf: PsfModel,
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


def significance_map(image: Image, psf: PsfModel, *, ignore: int = NO_LIGHT) -> F4:
    """(ny, nx) float32 signal to noise of a point source centred on each pixel; see `find_footprints`."""
    column, row = separable_psf(psf, image.shape)
    return kernel.significance(image.flux, image.variance, image.mask, ignore, column, row)


def mark_detected(image: Image, footprints: Footprints, *, grow_px: int = 0) -> Image:
    """The image with DETECTED and DETECTED_NEGATIVE set afresh in the footprints, grown by a disc."""
    old = ~np.uint32(flags.mask_value("DETECTED", "DETECTED_NEGATIVE"))
    mask = image.mask & old
    for sign, plane in ((1, "DETECTED"), (-1, "DETECTED_NEGATIVE")):
        covered = dilate(footprints, grow_px, sign)
        mask[covered] |= np.uint32(flags.MASK[plane])
    return Image(image.flux, image.variance, mask)


def dilate(footprints: Footprints, radius_px: int, sign: int) -> npt.NDArray[np.bool_]:
    """(ny, nx) bool: within a radius of a footprint of this sign."""
    ny, nx = footprints.shape
    of_run = np.repeat(footprints.sign, np.diff(footprints.first)) == sign
    y, x0, x1 = footprints.y[of_run], footprints.x0[of_run], footprints.x1[of_run]
    steps = np.zeros((ny, nx + 1), np.int32)
    for dy in range(-radius_px, radius_px + 1):
        reach = int(np.sqrt(radius_px**2 - dy**2))
        row = y + dy
        inside = (row >= 0) & (row < ny)
        np.add.at(steps, (row[inside], np.maximum(x0[inside] - reach, 0)), 1)
        np.add.at(steps, (row[inside], np.minimum(x1[inside] + reach, nx)), -1)
    covered: npt.NDArray[np.bool_] = np.cumsum(steps[:, :-1], axis=1, dtype=np.int32) > 0
    return covered


def separable_psf(psf: PsfModel, shape: tuple[int, int]) -> tuple[F4, F4]:
    """Columns and rows (ty, tx, taps) float32 whose outer product is nearest to the PSF of each tile.

    The first singular vectors of the PSF's image; positive where the PSF is.
    """
    ty, tx = max(1, round(shape[0] / TILE_PX)), max(1, round(shape[1] / TILE_PX))
    yc, xc = np.meshgrid(_centres(shape[0], ty), _centres(shape[1], tx), indexing="ij")
    stamps = psf.stamps(xc.ravel(), yc.ravel()).astype(np.float64)
    left, value, right = np.linalg.svd(stamps)
    sign = np.sign(left[:, :, 0].sum(axis=1))[:, None]
    column = sign * left[:, :, 0] * np.sqrt(value[:, :1])
    row = sign * right[:, 0, :] * np.sqrt(value[:, :1])
    half = _half_width(np.maximum(np.abs(column).max(axis=0), np.abs(row).max(axis=0)))
    middle = slice(psf.size // 2 - half, psf.size // 2 + half + 1)

    def cut(v: npt.NDArray[np.float64]) -> F4:
        return np.ascontiguousarray(v[:, middle].reshape(ty, tx, -1), np.float32)

    return cut(column), cut(row)


def _centres(npix: int, tiles: int) -> npt.NDArray[np.float64]:
    """Middle of each of equal tiles, pixels."""
    return (np.arange(tiles) + 0.5) * npix / tiles - 0.5


def _half_width(profile: npt.NDArray[np.float64]) -> int:
    """Distance from the middle at which a profile has fallen to `EDGE_OF_FILTER`."""
    middle = len(profile) // 2
    high = np.flatnonzero(profile > EDGE_OF_FILTER * profile[middle])
    return int(np.clip(np.abs(high - middle).max(), 1, middle))
