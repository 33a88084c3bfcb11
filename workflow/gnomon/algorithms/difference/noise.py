"""The noise that a pixel should have, whatever it happened to get."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter

from gnomon.containers.image import F4, Image

SIDE_PX = 9
"""Side of the square that a variance is averaged over: a pixel's own part in it is 1/81."""

BRIGHT = 3.0
"""Variance, in units of the median one, from which a pixel keeps its own: its photons are many, and known well."""


def expected_noise(image: Image) -> Image:
    """The image with a variance that does not follow the noise of its pixels.

    Shot noise is taken from each pixel's own counts: a pixel that fell low by chance is then believed more than one
    that fell high. Weights 1 / V lower the mean of a matched filter with noise-equivalent area A on a sky of V0
    electrons by sqrt(A / V0) standard deviations, 0.8 in u: faint falls pass a threshold and faint rises do not.

    Parameters
    ----------
    image : variance 0 where nothing is known; there it stays 0
    """
    known = image.variance > 0
    if not known.any():
        return image
    faint = known & (image.variance < BRIGHT * np.median(image.variance[known]))
    share = _mean(faint.astype(np.float32))
    smooth = _mean(np.where(faint, image.variance, np.float32(0))) / np.maximum(share, np.float32(1e-3))
    return Image(image.flux, np.where(faint, smooth, image.variance).astype(np.float32), image.mask)


def _mean(plane: F4) -> F4:
    out: npt.NDArray[np.float64] = uniform_filter(plane.astype(np.float64), SIDE_PX, mode="nearest")
    return out.astype(np.float32)
