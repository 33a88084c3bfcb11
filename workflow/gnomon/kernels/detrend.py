"""Raw pixels to electrons in one pass, and clipped means of exposures."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gnomon.kernels import _detrend

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
I4 = npt.NDArray[np.int32]
U4 = npt.NDArray[np.uint32]
RawPixels = npt.NDArray[np.uint16] | npt.NDArray[np.int32] | npt.NDArray[np.float32]


class AmpConstants(NamedTuple):
    """Electronics of one amplifier."""

    gain: float
    """Electrons per ADU."""
    read_variance: float
    """Electrons squared."""
    saturation: float
    """ADU above bias; at or above it a pixel is saturated."""
    suspect: float
    """ADU above bias; at or above it a pixel is suspect."""
    linearity: tuple[float, float, float, float]
    """c of ``true = v + v^2 (c0 + c1 v + c2 v^2 + c3 v^3)``, v in ADU above bias."""
    dark_time: float
    """Seconds of dark current."""
    min_flat: float
    """Response at or below which a pixel is bad."""


class Place(NamedTuple):
    """Where the light of an amplifier stands in the detector."""

    y0: int
    x0: int
    flip_y: bool
    flip_x: bool


class MaskBits(NamedTuple):
    """Bits that the kernel sets."""

    saturated: int
    suspect: int
    bad: int
    no_data: int


class MasterPlanes(NamedTuple):
    """Calibration planes of the whole detector, each (ny, nx) or None."""

    bias: F4 | None = None
    """ADU."""
    bias_variance: F4 | None = None
    """ADU squared."""
    dark: F4 | None = None
    """Electrons per second."""
    dark_variance: F4 | None = None
    """The same, squared."""
    flat: F4 | None = None
    """Response, about 1."""
    flat_variance: F4 | None = None
    """The same, squared."""
    defects: U4 | None = None
    """Mask bits."""


def detrend_amp(
    raw: RawPixels,
    level: F4,
    crosstalk: F4 | None,
    constants: AmpConstants,
    bits: MaskBits,
    place: Place,
    masters: MasterPlanes,
    out: tuple[F4, F4, U4],
) -> tuple[int, int]:
    """Correct the light of one amplifier and write it to its place in the detector.

    ``v = raw - level - crosstalk - bias``; electrons ``e = gain linear(v)``; ``flux = (e - dark t) / flat``;
    variance = (max(e, 0) + read noise^2 + the masters' noise) / flat^2. A pixel that is bad, or whose result
    is not finite, gets flux and variance 0.

    Parameters
    ----------
    raw
        (ny, nx) uint16, int32 or float32 ADU in read order; a view of the read-out will do.
    level
        (ny,) float32 ADU of the overscan by row of the read-out.
    crosstalk
        (ny, nx) float32 ADU in read order to subtract, or None.
    constants, bits, place, masters
        As described there.
    out
        Flux (electrons), variance (electrons squared) and mask of the whole detector; the amplifier's
        rectangle is overwritten.

    Returns
    -------
    Number of pixels that are saturated, and of those whose result is not finite.

    Raises
    ------
    ValueError
        Shapes disagree, the amplifier reaches beyond the detector or is wider than 16384 pixels.
    """
    numbers = (*constants[:4], *constants.linearity, constants.dark_time, constants.min_flat)
    saturated, lost = _detrend.detrend_amp(
        raw, level, crosstalk, numbers, tuple(bits), tuple(place), tuple(masters), *out
    )
    return int(saturated), int(lost)


def mix_amplifiers(light: F4, share: F4) -> F4:
    """``out[v] = sum_s share[v, s] light[s]``, pixel by pixel.

    Parameters
    ----------
    light
        (n, npix) float32.
    share
        (n, n) float32; zeros cost nothing.

    Returns
    -------
    (n, npix) float32.
    """
    out: F4 = _detrend.mix_amplifiers(light, share)
    return out


def combine_exposures(
    stack: F4, scale: F8, read_variance: F4, photon: float, nsigma: float
) -> tuple[F4, F4, I4]:
    """Clipped mean of exposures of the same thing, pixel by pixel.

    Exposure i is modelled as ``scale[i] * truth`` with noise variance
    ``read_variance + photon * scale[i] * max(truth, 0)``; truth is first the median of counts over scale.
    Counts further than `nsigma` of that noise are left out; the mean is the sum of the rest over the sum of
    their scales.

    Parameters
    ----------
    stack
        (n, npix) float32 counts, n <= 256; NaN is left out.
    scale
        (n,) float64, positive: seconds of a dark, level of a flat, 1 of a bias.
    read_variance
        (npix,) float32, counts squared.
    photon
        1 where the counts are electrons with shot noise, 0 where they have none.
    nsigma
        Counts further from the median than this many of their own noise are left out.

    Returns
    -------
    mean, variance, used
        (npix,) float32, float32 and int32; all 0 where nothing was left.
    """
    mean, variance, used = _detrend.combine_exposures(stack, scale, read_variance, photon, nsigma)
    return mean, variance, used
