"""Stamps of stars, cut from an image."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.image import Image

F8 = npt.NDArray[np.float64]

_WHOLE = 0.7  # share of usable pixels that a stamp needs
_CORE_PX = 3  # within this reach of the centre all pixels must be usable


@dataclass(frozen=True, slots=True)
class Stars:
    """Square stamps around n stars."""

    flux: F8
    """(n, size, size) flux; 0 outside the image."""
    weight: F8
    """(n, size, size) inverse variance; 0 where unusable."""
    x: F8
    """(n,) centre of the middle pixel on the detector."""
    y: F8
    """(n,)"""
    dx: F8
    """(n,) place of the star from the middle pixel, pixels."""
    dy: F8
    """(n,)"""
    whole: npt.NDArray[np.bool_]
    """(n,) enough of the stamp, and all of its core, is usable."""
    sigma: float
    """Median width of the stars, pixels."""

    @property
    def size(self) -> int:
        """Side of a stamp, pixels."""
        return int(self.flux.shape[1])


def cut_stars(image: Image, x: F8, y: F8, size: int, unusable: int) -> Stars:
    """Stamps of ``size`` pixels around positions, with the weights of `Image.weight`."""
    half = size // 2
    finite = np.isfinite(x) & np.isfinite(y)
    ix = np.rint(np.where(finite, x, -1e6)).astype(np.intp)
    iy = np.rint(np.where(finite, y, -1e6)).astype(np.intp)
    reach = np.arange(-half, half + 1)
    rows, columns = (iy[:, None] + reach)[:, :, None], (ix[:, None] + reach)[:, None, :]
    ny, nx = image.shape
    inside = (rows >= 0) & (rows < ny) & (columns >= 0) & (columns < nx)
    rows, columns = np.clip(rows, 0, ny - 1), np.clip(columns, 0, nx - 1)
    variance = image.variance[rows, columns].astype(np.float64)
    good = inside & (variance > 0) & ((image.mask[rows, columns] & np.uint32(unusable)) == 0)
    flux = np.where(good, image.flux[rows, columns], 0).astype(np.float64)
    weight = np.where(good, 1 / np.where(good, variance, 1), 0)
    core = good[:, half - _CORE_PX : half + _CORE_PX + 1, half - _CORE_PX : half + _CORE_PX + 1]
    whole = finite & core.all((1, 2)) & (good.mean((1, 2)) > _WHOLE)
    at_x, at_y = ix.astype(np.float64), iy.astype(np.float64)
    dx, dy = np.where(finite, x, at_x) - at_x, np.where(finite, y, at_y) - at_y
    return Stars(flux, weight, at_x, at_y, dx, dy, whole, _width(flux[whole]))


def _width(flux: F8) -> float:
    """Median width of the stars from peak P and flux F within 5 pixels: a Gaussian has F = 2 pi s^2 P."""
    if not len(flux):
        return 1.5
    middle = flux.shape[1] // 2
    near = slice(max(0, middle - 5), middle + 6)
    peak = flux[:, middle - 1 : middle + 2, middle - 1 : middle + 2].max((1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.sqrt(flux[:, near, near].sum((1, 2)) / (2 * np.pi * peak))
    sigma = sigma[np.isfinite(sigma)]
    return float(np.clip(np.median(sigma), 0.6, 5.0)) if len(sigma) else 1.5
