"""Streaks of an image, marked in its mask."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.streak.find import CLIP, StreakOptions, search, streak_mask
from gnomon.containers.image import Image, strips
from gnomon.flags import MASK, UNUSABLE

F4 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


def mark_streaks(image: Image, options: StreakOptions | None = None) -> Image:
    """The image with STREAK set on its trails; the same object where it has none.

    Parameters
    ----------
    image : sky subtracted, any unit
    """
    streaks = search(*_clipped_significance(image), options or StreakOptions())
    if not streaks:
        return image
    mask = image.mask.copy()
    mask[streak_mask(streaks, image.shape)] |= np.uint32(MASK["STREAK"])
    return Image(image.flux, image.variance, mask)


def _clipped_significance(image: Image) -> tuple[F4, Bools]:
    """Flux over its standard deviation, clipped, 0 where unusable; and where it is usable."""
    clipped, usable = np.empty(image.shape, np.float32), np.empty(image.shape, bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        for rows in strips(image.shape):
            part = np.sqrt(image.variance[rows])
            np.divide(image.flux[rows], part, out=part)
            np.clip(part, -CLIP, CLIP, out=clipped[rows])
            np.greater(image.variance[rows], 0, out=usable[rows])
            usable[rows] &= (image.mask[rows] & np.uint32(UNUSABLE)) == 0
            np.copyto(clipped[rows], 0, where=~usable[rows])
    return clipped, usable
