"""Master calibrations: clipped means of exposures of the same thing."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.containers.image import DarkMaster, Image
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK, UNUSABLE
from gnomon.kernels.detrend import combine_exposures

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
U4 = npt.NDArray[np.uint32]

BLOCK_VALUES = 2**24  # pixels times exposures worked on at once: 64 MB
MIN_FLAT_LEVEL = 500.0  # electrons; below it a flat tells the response worse than 5 % a pixel


def master_bias(exposures: Sequence[F4], noise_variance: F4, nsigma: float, min_count: int) -> Image:
    """Mean bias pattern.

    Parameters
    ----------
    exposures
        (ny, nx) float32 ADU above the overscan, assembled; NaN where unusable.
    noise_variance
        (ny, nx) float32 variance of the read noise, ADU squared.
    nsigma
        Values further from the median than this many read noises are left out.
    min_count
        Fewest exposures.

    Raises
    ------
    UnprocessableData
        Too few exposures, or exposures of different shapes.
    """
    _check(exposures, min_count, "bias")
    return _combine(exposures, np.ones(len(exposures)), noise_variance, 0.0, nsigma)


def master_dark(
    exposures: Sequence[F4],
    seconds: Sequence[float],
    noise_variance: F4,
    common_variance: F4 | float,
    nsigma: float,
    min_count: int,
) -> DarkMaster:
    """Mean dark current, electrons per second; cosmic rays are left out as outliers.

    Parameters
    ----------
    exposures
        (ny, nx) float32 electrons, bias-subtracted; NaN where unusable.
    seconds
        Dark time of each.
    noise_variance
        (ny, nx) float32 variance of the read noise, electrons squared.
    common_variance
        (ny, nx) float32 or 0: variance that all exposures share because one master bias was subtracted,
        electrons squared.
    nsigma, min_count
        As `master_bias`; the noise is read noise and shot noise.

    Raises
    ------
    UnprocessableData
        As `master_bias`; or a dark time that is not positive.
    """
    _check(exposures, min_count, "dark")
    if min(seconds) <= 0:
        raise UnprocessableData(f"found a dark of {min(seconds):g} s, wanted a positive dark time")
    dark = _combine(exposures, np.asarray(seconds, np.float64), noise_variance, 1.0, nsigma)
    mean_s = float(sum(seconds) / len(seconds))
    variance = np.where(
        dark.variance > 0, dark.variance + common_variance / np.float32(mean_s**2), np.float32(0)
    )
    return DarkMaster(dark.flux, variance, dark.mask, mean_s if np.any(common_variance) else 0.0)


def master_flat(exposures: Sequence[F4], noise_variance: F4, nsigma: float, min_count: int) -> Image:
    """Relative response of the pixels of one detector, median 1.

    Each exposure is scaled by its own median, so that the lamp may vary.

    Parameters
    ----------
    exposures
        (ny, nx) float32 electrons, bias and dark subtracted; NaN where unusable.
    noise_variance
        (ny, nx) float32 variance of the read noise, electrons squared.
    nsigma, min_count
        As `master_dark`.

    Raises
    ------
    UnprocessableData
        As `master_bias`; or a flat whose level is below 500 electrons.

    Limits
    ------
    Detectors are normalised one by one: their relative sensitivity goes into their zero points.
    """
    _check(exposures, min_count, "flat")
    levels = np.array([_level(e) for e in exposures])
    if not np.all(levels >= MIN_FLAT_LEVEL):
        raise UnprocessableData(
            f"found a flat of {np.min(levels):.0f} e-, wanted at least {MIN_FLAT_LEVEL:.0f} e-"
        )
    flat = _combine(exposures, levels, noise_variance, 1.0, nsigma)
    middle = np.float32(np.median(flat.flux[flat.mask == 0]))
    return Image(flat.flux / middle, flat.variance / middle**2, flat.mask)


def usable(image: Image) -> F4:
    """Flux of an exposure with NaN where it must not enter a master."""
    lost = (image.variance <= 0) | ((image.mask & np.uint32(UNUSABLE | MASK["SUSPECT"])) != 0)
    return np.where(lost, np.float32(np.nan), image.flux)


def _level(exposure: F4) -> float:
    """Median of the usable pixels of every fourth row and column; 0 where there are none."""
    sample = exposure[::4, ::4]
    sample = sample[np.isfinite(sample)]
    return float(np.median(sample)) if sample.size else 0.0


def _check(exposures: Sequence[F4], min_count: int, what: str) -> None:
    if len(exposures) < max(min_count, 1):
        raise UnprocessableData(
            f"found {len(exposures)} {what} exposures, wanted at least {max(min_count, 1)}"
        )
    shapes = sorted({e.shape for e in exposures})
    if len(shapes) > 1:
        raise UnprocessableData(f"the {what} exposures have shapes {shapes}, wanted one shape")


def _combine(exposures: Sequence[F4], scales: F8, noise_variance: F4, photon: float, nsigma: float) -> Image:
    """Clipped mean by blocks of rows; a pixel with no usable exposure is BAD with variance 0."""
    ny, nx = exposures[0].shape
    mean, variance = np.empty((ny, nx), np.float32), np.empty((ny, nx), np.float32)
    mask = np.empty((ny, nx), np.uint32)
    step = max(1, BLOCK_VALUES // (len(exposures) * nx))
    for y in range(0, ny, step):
        rows = slice(y, min(y + step, ny))
        block = np.stack([np.asarray(e[rows], np.float32).ravel() for e in exposures])
        noise = np.ascontiguousarray(noise_variance[rows], np.float32).ravel()
        m, v, used = combine_exposures(block, scales, noise, photon, nsigma)
        for plane, values in ((mean, m), (variance, v), (mask, np.where(used > 0, 0, MASK["BAD"]))):
            plane[rows] = values.reshape(-1, nx)
    return Image(mean, variance, mask)
