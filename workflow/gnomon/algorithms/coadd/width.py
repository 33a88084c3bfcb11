"""How wide PSF images are."""

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

_STEPS = 12
_START_PX, _LEAST_PX, _MOST_PX = 1.7, 0.5, 8.0


def round_width(images: npt.NDArray[np.float32]) -> F8:
    """Standard deviation of the circular Gaussian that weights each image as the image weights itself.

    Adaptive moments (Bernstein & Jarvis 2002, AJ 123, 583, section 3.1) with a circular weight about the
    middle pixel: at the solution the weight's variance is twice the weighted variance.

    Parameters
    ----------
    images : (n, size, size) float32, stars centred on the middle pixel

    Returns
    -------
    (n,) float64, pixels, to 3e-3 of itself; between 0.5 and 8 for images that are no stars
    """
    n, size, _ = images.shape
    square = (np.arange(size) - size // 2.0) ** 2
    variance = np.full(n, _START_PX**2)
    pixels = images.astype(np.float64)
    for _ in range(_STEPS):
        weight = np.exp(-0.5 * square / variance[:, None])
        both = np.stack([weight, weight * square], 1)
        sums = both @ pixels @ both.swapaxes(1, 2)  # (n, 2, 2): with y^0 or y^2, and x^0 or x^2
        total, second = sums[:, 0, 0], sums[:, 1, 0] + sums[:, 0, 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            weighted = second / (2 * total)
            own = 1 / (1 / weighted - 1 / variance)  # of a Gaussian that the weight narrows to this
        own = np.where(np.isfinite(own) & (own > 0), own, _START_PX**2)
        variance = np.clip(own, _LEAST_PX**2, _MOST_PX**2)
    return np.asarray(np.sqrt(variance))
