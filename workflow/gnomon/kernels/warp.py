"""Resampling of image, variance and mask to another pixel grid."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from gnomon.kernels import _warp

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
U4 = npt.NDArray[np.uint32]

Interpolant = Literal["quintic", "lanczos3"]


def warp(
    flux: F4,
    variance: F4,
    mask: U4,
    nodes: tuple[F8, F8, F8],
    tile: int,
    interpolant: Interpolant,
    bits: tuple[int, int],
    first: Sequence[tuple[int, int]],
    out: Sequence[tuple[F4, F4, U4]],
    *,
    origin: tuple[int, int] = (0, 0),
) -> None:
    """Values of a source image at the pixels of another grid, into windows of that.

    Parameters
    ----------
    flux, variance : (sy, sx) float32, C order, finite; bad pixels filled before; variance 0: no data
    mask : (sy, sx) uint32
    nodes : source x, source y, and source pixels per output pixel, each (my, mx) float64, at every
        ``tile``-th output pixel, one more than covers the output; bilinear between
    tile : output pixels between nodes
    interpolant : quintic B-spline with prefilter, mirrored at the borders, or Lanczos of order 3 with weights
        that sum to one; 36 pixels either way
    bits : mask bits of pixels without data, here and in the source (their flux and variance become 0), and
        those where the interpolant reaches over the border of the source
    first : output pixels (y, x) between the first node and the first pixel of each window
    out : flux, variance and mask of each window, (ny, nx) float32, float32 and uint32, C order, written:
        flux multiplied by the area ratio, so that that of a source is kept; variance of independent source
        pixels under the same weights; union of the mask over the 4 x 4 source pixels around. What several
        windows show is made once
    origin : (x, y) of the source's first pixel in the image that ``nodes`` speak of; what a pixel gets does not
        depend on it as long as 23 pixels are given around the places seen, or all there are

    Raises
    ------
    ValueError
        Shapes do not fit, or the source has no pixels.
    """
    where, windows = (*origin, *nodes, tile), np.array(first, np.int64).reshape(-1, 2)
    _warp.warp(flux, variance, mask, *where, interpolant == "quintic", *bits, windows, list(out))


def white_noise(variance: F4, key: int, origin: tuple[int, int] = (0, 0)) -> F4:
    """Normal noise that depends on the place and the key alone, not on which section is asked for.

    Parameters
    ----------
    variance : (ny, nx) float32, C order; 0 where there is none
    key : whole number below 2^64; other keys give independent noise
    origin : (x, y) of the first pixel in the image that the counter runs over

    Returns
    -------
    (ny, nx) float32: deviates of unit variance (Giles 2012 on a hashed counter; none beyond 5.4) times the
        root of the variance
    """
    out = np.empty_like(variance)
    _warp.white_noise(variance, *origin, key, out)
    return out


def quintic_coefficients(image: F4) -> F4:
    """B-spline coefficients of degree 5 of a (ny, nx) float32 image, mirrored about its border pixels."""
    coefficients = np.empty_like(image)
    _warp.prefilter(image, coefficients)
    return coefficients


def warp_psf(
    basis: F4, terms: F8, shift: tuple[float, float], by_x: F8, by_y: F8, scale: float, size: int
) -> F4:
    """The image on another grid of a star that is a sum of basis images.

    Parameters
    ----------
    basis : (nterm, side, side) float32, coefficients of the images, prefiltered twice, zeros around
    terms : (nterm,) float64 factors
    shift : (x, y) of the star from the middle pixel's centre, within half a pixel
    by_x, by_y : (2,) float64, derivatives of source (x, y) by the target's x and y
    scale : factor of the result beside the area ratio
    size : side of the result, odd

    Returns
    -------
    (size, size) float32, centred on the middle pixel

    Raises
    ------
    ValueError
        Shapes do not fit.
    """
    out = np.empty((size, size), np.float32)
    xx, yx, xy, yy = float(by_x[0]), float(by_x[1]), float(by_y[0]), float(by_y[1])
    _warp.warp_psf(basis, terms, *shift, xx, yx, xy, yy, scale, out)
    return out
