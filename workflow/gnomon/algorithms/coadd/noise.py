"""A realisation of a cell's noise: of the variance of its pixels, correlated as resampling has correlated them."""

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft2, next_fast_len, rfft2

from gnomon.containers.box import Box
from gnomon.kernels.warp import white_noise

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

_GRID = 64  # pixels of the grid that spectra are told on
_LAG_PX = 8  # beyond which resampled noise is not correlated: below 1e-4
_REACH_PX = 12  # of the filter that correlates white noise
_STEP = 1 / 64  # pixels, of the tabulated correlation


def resampling_correlation(slopes: F8, weight: F8) -> F8:
    """Covariance of white noise of unit variance per source pixel after resampling, weighted mean over inputs.

    The covariance of two target pixels is the autocorrelation of the cardinal quintic spline, axis by axis of the
    source, at their distance there; averaged over where pixels fall between source pixels.

    Parameters
    ----------
    slopes : (n, 2, 2) derivative by the target's x, then by its y, of source (x, y)
    weight : (n,) of the inputs

    Returns
    -------
    (17, 17) at lags [dy, dx] of -8 to 8 target pixels; in the middle the variance that is left, some 0.84
    """
    lag = np.arange(-_LAG_PX, _LAG_PX + 1.0)
    x, y = (s[:, 0, None, None] * lag + s[:, 1, None, None] * lag[:, None] for s in np.moveaxis(slopes, 2, 0))
    table = _spline_correlation()
    at = np.arange(len(table)) * _STEP
    each = np.interp(np.abs(x), at, table, right=0.0) * np.interp(np.abs(y), at, table, right=0.0)
    return np.asarray(np.tensordot(weight / weight.sum(), each, axes=(0, 0)))


@cache
def _spline_correlation() -> F8:
    """Autocorrelation of the cardinal quintic spline at every 1/64 pixel, to 12 pixels."""
    f = np.arange(-4, 4, 1 / 256) + 1 / 512
    cosines = 66 + 52 * np.cos(2 * np.pi * f) + 2 * np.cos(4 * np.pi * f)
    power = (np.sinc(f) ** 6 * 120 / cosines) ** 2
    lag = np.arange(0, 12 + _STEP, _STEP)
    return np.asarray((power * np.cos(2 * np.pi * f * lag[:, None])).sum(axis=1) / 256)


def correlated_noise(variance: F4, correlation: F8, key: int, box: Box) -> F4:
    """Normal noise of a variance plane, stationary in its correlation.

    White noise is drawn from a counter under the key and the place on the patch, so that neighbouring cells
    continue each other, and convolved with the root of the correlation's spectrum.

    Parameters
    ----------
    variance : (ny, nx) float32; 0 where there is none
    correlation : (17, 17) covariance by lag, any scale
    key : of the patch, band and kind
    box : of the plane, pixels of the patch

    Returns
    -------
    (ny, nx) float32
    """
    wide = box.grown(_REACH_PX)
    white = white_noise(np.ones(wide.shape, np.float32), key, (wide.x0, wide.y0))
    shape = next_fast_len(wide.ny, real=True), next_fast_len(wide.nx, real=True)
    filtered = irfft2(rfft2(white, shape) * rfft2(_filter(correlation, shape)), shape)
    inside = slice(_REACH_PX, _REACH_PX + box.ny), slice(_REACH_PX, _REACH_PX + box.nx)
    return np.asarray(filtered[inside] * np.sqrt(np.maximum(variance, 0)), np.float32)


def _filter(correlation: F8, shape: tuple[int, int]) -> F4:
    """Kernel about pixel (0, 0) of a plane of ``shape``: white noise of unit variance keeps it, and is correlated."""
    around = np.zeros((_GRID, _GRID))
    middle = _GRID // 2
    lags = slice(middle - _LAG_PX, middle + _LAG_PX + 1)
    around[lags, lags] = correlation
    power = np.maximum(rfft2(np.fft.ifftshift(around)).real, 0)
    kernel = np.fft.fftshift(irfft2(np.sqrt(power), (_GRID, _GRID)))
    part = kernel[middle - _REACH_PX : middle + _REACH_PX + 1, middle - _REACH_PX : middle + _REACH_PX + 1]
    plane = np.zeros(shape, np.float32)
    side = part.shape[0]
    plane[:side, :side] = part / np.sqrt((part**2).sum())
    return np.roll(plane, (-_REACH_PX, -_REACH_PX), (0, 1))
