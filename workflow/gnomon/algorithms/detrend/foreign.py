"""Images that another pipeline detrended, in our planes and units."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.detrend.saturation import grow_saturation
from gnomon.constants import MAD_TO_SIGMA
from gnomon.containers.exposure import CalibratedPixels
from gnomon.containers.image import Image
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK

F4 = npt.NDArray[np.float32]
I8 = npt.NDArray[np.int64]
U4 = npt.NDArray[np.uint32]

MAX_LOST = 0.95  # part of a detector beyond which nothing of the sky is left


def mask_planes(codes: I8, planes: Mapping[int, str], kind: Literal["codes", "bits"]) -> U4:
    """Mask values of another pipeline as ours.

    Parameters
    ----------
    codes
        (ny, nx) int64: one code a pixel, or a sum of bits.
    planes
        Code or bit value to mask plane; others are ignored.
    kind
        How a value is to be read.
    """
    out = np.zeros(codes.shape, np.uint32)
    for code, plane in planes.items():
        hit = (codes == code) if kind == "codes" else (codes & code) != 0
        out |= np.where(hit, np.uint32(MASK[plane]), np.uint32(0))
    return out


def pixel_variance(flux: F4, weight: F4 | None, inverse_sky: float, gain: float) -> F4:
    """Variance of each pixel, ADU squared; 0 where nothing is known.

    Parameters
    ----------
    flux
        (ny, nx) float32, ADU, sky-subtracted where there is no weight.
    weight
        (ny, nx) inverse variance, ADU^-2, or None: then the sky's variance plus the shot noise of the flux.
    inverse_sky
        Inverse variance of the sky, ADU^-2; NaN: measured from the differences of neighbours in a row, which
        is too small where another pipeline has resampled the pixels.
    gain
        Electrons per ADU.
    """
    if weight is not None:
        known = np.isfinite(weight) & (np.asarray(weight) > 0)
        out = np.zeros(flux.shape, np.float32)
        out[known] = 1.0 / weight[known].astype(np.float64)
        return out
    if not inverse_sky > 0:
        step = flux[:, 1:] - flux[:, :-1]
        step = step[np.isfinite(step)]
        inverse_sky = (
            2.0 / max((MAD_TO_SIGMA * float(np.median(np.abs(step)))) ** 2, 1e-30) if step.size else 0
        )
    if not inverse_sky > 0:
        return np.zeros(flux.shape, np.float32)
    known = np.isfinite(flux)
    shot = np.maximum(np.where(known, flux, np.float32(0)), np.float32(0)) / np.float32(gain)
    return np.where(known, shot + np.float32(1 / inverse_sky), np.float32(0))


def convert(pixels: CalibratedPixels, saturation_radius: int) -> Image:
    """Electrons in our planes; nothing else is done to the pixels.

    A pixel that is not finite is NO_DATA; one without weight that no plane of the other mask names is BAD;
    those at or above the saturation are SAT, with `saturation_radius` pixels about them.

    Raises
    ------
    UnprocessableData
        Nothing of the sky is left.
    """
    finite = np.isfinite(pixels.flux)
    mask = pixels.mask.copy()
    mask[~finite] |= np.uint32(MASK["NO_DATA"])
    full = pixels.flux >= np.float32(pixels.saturation)
    if full.any():
        mask = grow_saturation(np.where(full, mask | np.uint32(MASK["SAT"]), mask), saturation_radius)
    informed = finite & (pixels.variance > 0)
    mask[~informed & (mask == 0)] = MASK["BAD"]
    informed &= (mask & np.uint32(MASK["BAD"] | MASK["NO_DATA"])) == 0
    lost = 1 - np.count_nonzero(informed) / informed.size
    if lost > MAX_LOST:
        raise UnprocessableData(f"{100 * lost:.0f} % of the pixels carry no information, wanted some sky")
    gain = np.float32(pixels.gain)
    flux = np.where(finite, pixels.flux * gain, np.float32(0))
    variance = np.where(informed, pixels.variance * gain**2, np.float32(0))
    return Image(flux.astype(np.float32, copy=False), variance.astype(np.float32, copy=False), mask)
