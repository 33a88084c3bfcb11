"""Flux to brightness on a screen."""

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
_SOFTENING = 5.0  # noise levels at which the scale turns from linear to logarithmic
_BLACK, _WHITE = -2.0, 200.0  # noise levels shown black and white


def asinh_stretch(flux: npt.ArrayLike, noise: float) -> npt.NDArray[np.uint8]:
    """Brightness 0 to 255 by the asinh scale of Lupton et al. (2004).

    Parameters
    ----------
    flux : array of any shape
        NaN shows black.
    noise : float
        Standard deviation of the background, unit of ``flux``.

    Raises
    ------
    ValueError
        ``noise`` is not positive.
    """
    if not noise > 0:
        raise ValueError(f"noise is {noise}, wanted a positive number")
    low, high = np.arcsinh(_BLACK / _SOFTENING), np.arcsinh(_WHITE / _SOFTENING)
    scaled = (np.arcsinh(np.asarray(flux, np.float64) / (noise * _SOFTENING)) - low) / (high - low)
    return np.asarray(255 * np.clip(np.nan_to_num(scaled, nan=0.0), 0, 1), np.uint8)
