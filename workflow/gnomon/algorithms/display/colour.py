"""Three bands as one picture in colour."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
_SOFTENING = 8.0  # noise levels at which the scale turns from linear to logarithmic
_WHITE = 400.0  # noise levels shown white


def colour_picture(red: F8, green: F8, blue: F8) -> npt.NDArray[np.uint8]:
    """(ny, nx, 3) uint8 of three images in units of their noise, asinh-stretched together.

    The stretch acts on the mean of the three and keeps their ratios (Lupton et al. 2004, PASP 116, 133), so
    that bright stars keep their colours. NaN shows black.
    """
    planes = np.nan_to_num(np.stack([red, green, blue], axis=-1), nan=0.0)
    mean = np.maximum(planes.mean(-1), 1e-6)
    scale = np.arcsinh(mean / _SOFTENING) / np.arcsinh(_WHITE / _SOFTENING)
    shown = planes * (scale / mean)[..., None] + 0.04
    brightest = shown.max(-1, keepdims=True)
    shown = np.where(brightest > 1, shown / np.maximum(brightest, 1e-6), shown)
    return np.asarray(255 * np.clip(shown, 0, 1), np.uint8)


def channels(bands: Sequence[str]) -> tuple[str, str, str]:
    """Bands for red, green and blue: i, r, g where there are; else the last, the middle and the first.

    Parameters
    ----------
    bands : from blue to red, at least one
    """
    if {"g", "r", "i"} <= set(bands):
        return "i", "r", "g"
    return bands[-1], bands[len(bands) // 2], bands[0]


def rebinned(image: F8, factor: int) -> F8:
    """Means of squares of ``factor`` pixels, without NaN; what is left over at the far sides is cut off."""
    ny, nx = (n // factor for n in image.shape)
    blocks = image[: ny * factor, : nx * factor].reshape(ny, factor, nx, factor).swapaxes(1, 2)
    flat = blocks.reshape(ny, nx, factor * factor)
    known = np.isfinite(flat)
    total = np.where(known, flat, 0.0).sum(-1)
    count = known.sum(-1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
