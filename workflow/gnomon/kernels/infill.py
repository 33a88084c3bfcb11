"""Pixels filled from their neighbours."""

import numpy as np
import numpy.typing as npt

from gnomon.kernels import _infill

F4 = npt.NDArray[np.float32]


def fill_bad(
    flux: F4,
    variance: F4,
    bad: npt.NDArray[np.uint8],
    length_px: float,
    nugget: float,
    reach_px: int,
    fallback: float,
) -> None:
    """Fill the bad pixels of flux and variance, in place, by ordinary kriging.

    The covariance of two pixels r apart is exp(-r^2 / 2 ``length_px``^2) plus ``nugget`` of white noise
    (Cressie 1993, *Statistics for Spatial Data*, section 3.2). A flat field stays flat.

    Parameters
    ----------
    flux, variance : (ny, nx) float32, C order
        The variance of a filled pixel is the mean of the pixels used, so that thresholds near it stay right; the
        mask, not the variance, says that it was filled.
    bad : (ny, nx) uint8, 1 where a pixel is to be filled and must not be used
    length_px : standard deviation of the correlation; sqrt(2) times that of the PSF
    nugget : white noise relative to the signal, positive
    reach_px : farthest good pixel used along an axis
    fallback : flux where no good pixel is in reach; its variance is 0

    Raises
    ------
    ValueError
        Shapes differ, or a length or nugget is not positive.
    """
    _infill.fill(flux, variance, bad, length_px, nugget, reach_px, fallback)
