"""Detection in several bands at once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label
from scipy.optimize import brentq
from scipy.special import chdtrc, comb, log_ndtr

from gnomon.algorithms.cosmicray.dilate import dilated
from gnomon.constants import MAD_TO_SIGMA
from gnomon.containers.cellpsf import CellPsf
from gnomon.containers.footprints import Footprints
from gnomon.containers.image import Image

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

_SOURCE_SIGMA, _SOURCE_PX = 3.7, 12  # what is no sky, and how far around
_ROUNDS, _STRIDE = 3, 2  # the third round moves 0.3 %; a filter's noise is the same at the next pixel

MAX_SIGMA = 20.0
"""Largest threshold: the chance of more is too small a number for its logarithm."""


def noise_scale(significance: F4) -> float:
    """How much wider the noise of a significance map is than 1; at least 1.

    Resampled images have noise that is correlated, so that a filter averages less of it away than the variance
    says: 1.089 for the quintic spline. Measured by the median absolute deviation of what lies away from whatever
    stands out of the noise; where nothing is left, of all.

    Parameters
    ----------
    significance : (ny, nx) float32; 0 where there is no information

    Limits: of all pixels of a field of 60 sources per square arcmin, even the lower side alone is wider by 8 per cent:
    its percentiles are those of fewer pixels than are counted. Sources too faint to stand out are left in.
    """
    every = significance[::_STRIDE, ::_STRIDE]
    known = every != 0
    if not known.any():
        return 1.0
    scale = _width(every[known])
    for _ in range(_ROUNDS):
        sky = known & ~dilated(np.abs(every) > _SOURCE_SIGMA * scale, _SOURCE_PX // _STRIDE)
        scale = _width(every[sky if sky.any() else known])
    return max(1.0, scale)


def _width(values: F4) -> float:
    """Standard deviation, by the median absolute deviation."""
    return float(MAD_TO_SIGMA * np.median(np.abs(values - np.median(values))))


def scaled_noise(image: Image, scale: float) -> Image:
    """The image with its noise, not its variance, multiplied."""
    return Image(image.flux, (image.variance * np.float32(scale**2)).astype(np.float32), image.mask)


def merged_significance(maps: Sequence[F4]) -> F4:
    """(ny, nx) float32 root of the sum of squares of the positive parts of significance maps."""
    total = np.zeros(maps[0].shape, np.float32)
    for one in maps:
        total += np.square(np.maximum(one, np.float32(0)))
    return np.sqrt(total)


def merged_threshold(n_bands: int, sigma: float) -> float:
    """Threshold of `merged_significance` that noise passes as often as one Gaussian passes ``sigma``.

    The sum of squares of the positive parts of n Gaussians is a mixture of chi squared distributions with
    k = 0 to n degrees of freedom and binomial weights (chi-bar squared; Chernoff 1954).

    Raises
    ------
    ValueError
        No band, or a threshold that is not positive.
    """
    if n_bands < 1 or not 0 < sigma <= MAX_SIGMA:
        raise ValueError(f"wanted a band or more and 0 < sigma <= {MAX_SIGMA}, got {n_bands} and {sigma}")
    k = np.arange(1, n_bands + 1)
    weight = comb(n_bands, k) / 2.0**n_bands

    def excess(t: float) -> float:
        return float(np.log(np.sum(weight * chdtrc(k, t**2))) - log_ndtr(-sigma))

    return float(brentq(excess, 0.0 if n_bands > 1 else sigma / 2, sigma + np.sqrt(n_bands) + 1, xtol=1e-9))


def footprints_above(significance: F4, threshold: float) -> Footprints:
    """Regions, connected over eight neighbours, in which a map of significances is beyond a threshold.

    Parameters
    ----------
    significance : (ny, nx) float32, its noise of standard deviation 1; kept as flux with noise 1
    """
    labels, n = label(significance > threshold, np.ones((3, 3), np.int8))
    inside = np.pad(labels > 0, ((0, 0), (1, 1))).astype(np.int8)
    step = np.diff(inside, axis=1)
    (row, start), (_, stop) = np.nonzero(step == 1), np.nonzero(step == -1)
    of_run = np.asarray(labels[row, start], np.int32)
    order = np.lexsort((start, row, of_run))
    y, x0, x1 = (np.asarray(v[order], np.int32) for v in (row, start, stop))
    flux = _along_runs(significance, y, x0, x1)
    first = np.searchsorted(of_run[order], np.arange(1, n + 2)).astype(np.int64)
    shape = labels.shape[0], labels.shape[1]
    return Footprints(y, x0, x1, first, np.ones(n, np.int8), flux, np.ones_like(flux), shape)


def _along_runs(
    plane: F4, y: npt.NDArray[np.int32], x0: npt.NDArray[np.int32], x1: npt.NDArray[np.int32]
) -> F4:
    """Values of a plane, run after run."""
    length = (x1 - x0).astype(np.int64)
    start = np.cumsum(length) - length
    column = np.arange(int(length.sum())) - np.repeat(start - x0, length)
    return np.ascontiguousarray(plane[np.repeat(y, length), column], np.float32)


def combined(images: Sequence[Image], psfs: Sequence[CellPsf]) -> tuple[Image, CellPsf]:
    """The mean of all bands and its PSF, each band with one weight: the inverse of its median variance.

    That is the image in which a source of flat spectrum (in flux per frequency) has the greatest signal to
    noise. Pixels that a band has not seen are the mean of the others; their mask is the bits that all share.
    """
    weights = [_weight(i) for i in images]
    total, flux, variance = (np.zeros(images[0].shape) for _ in range(3))
    mask = np.full(images[0].shape, 2**32 - 1, np.uint32)
    for image, weight in zip(images, weights, strict=True):
        mine = weight * (image.variance > 0)
        total += mine
        flux += mine * image.flux
        variance += mine**2 * image.variance
        mask &= image.mask
    safe = np.where(total > 0, total, 1.0)
    mean = Image((flux / safe).astype(np.float32), (variance / safe**2).astype(np.float32), mask)
    return mean, _combined_psf(psfs, weights)


def _weight(image: Image) -> float:
    seen = image.variance[image.variance > 0]
    return 1 / float(np.median(seen)) if len(seen) else 0.0


def _combined_psf(psfs: Sequence[CellPsf], weights: Sequence[float]) -> CellPsf:
    known = np.array([w * p.known() for w, p in zip(weights, psfs, strict=True)])
    images: F8 = np.zeros(psfs[0].images.shape)
    for share, psf in zip(known, psfs, strict=True):
        images += share[:, None, None] * psf.images
    total = known.sum(axis=0)
    images /= np.where(total > 0, total, 1.0)[:, None, None]
    return CellPsf(images.astype(np.float32), psfs[0].origin, psfs[0].side)
