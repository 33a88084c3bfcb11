"""Random points on HEALPix pixels: what clustering and cross-matches are compared with."""

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from gnomon.containers.healpix import n_pixels, position_in

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint64]

_ARCMIN2 = 4 * np.pi * (180 * 60 / np.pi) ** 2  # of the whole sky


def random_points(nside: int, pixel: I8, per_arcmin2: float, seed: int) -> tuple[F8, F8, I8]:
    """Points of a Poisson process of one density on the sky.

    What a pixel holds depends on the pixel and the seed alone, so that tracts can be made apart and put together.
    Coordinates along a HEALPix pixel's sides keep areas, so that points drawn evenly in them are even on the sky.

    Parameters
    ----------
    pixel : (n,) int64, nested
    per_arcmin2 : mean density
    seed : another one gives other points

    Returns
    -------
    (m,) right ascension and declination, radians, and the row of ``pixel`` that each lies in
    """
    mean = per_arcmin2 * _ARCMIN2 / n_pixels(nside)
    count = _poisson(_uniform(pixel, 0, seed), mean)
    row = np.repeat(np.arange(len(pixel)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    along = (_uniform(pixel[row], 1 + 2 * number + side, seed) for side in (0, 1))
    return *position_in(nside, pixel[row], *along), row


def _poisson(uniform: F8, mean: float) -> I8:
    """Poisson deviates from uniform ones: the inverse of the cumulative distribution."""
    most = int(mean + 12 * np.sqrt(mean) + 40)
    k = np.arange(most)
    below = np.cumsum(np.exp(k * np.log(mean) - mean - gammaln(k + 1)))
    return np.asarray(np.searchsorted(below, uniform, side="right").clip(max=most - 1), np.int64)


def _uniform(pixel: I8, counter: npt.ArrayLike, seed: int) -> F8:
    """Uniform in [0, 1) from a hash of pixel, counter and seed."""
    with np.errstate(over="ignore"):
        mixed = _hash(np.asarray(pixel, np.uint64) + _hash(np.full(1, seed, np.uint64)))
        mixed = _hash(mixed + np.asarray(counter).astype(np.uint64))
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _hash(value: U8) -> U8:
    """splitmix64 (Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        z = value + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)))
