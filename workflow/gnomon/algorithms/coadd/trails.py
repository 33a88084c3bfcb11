"""Trails that bright stars interrupt, drawn through."""

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_LEAST_PIXELS = 150  # a shorter trail crosses no star's core and is found whole
_ELONGATION = 6.0  # rms along over rms across; a moving star or a track of 20 px has less
_BAND = np.sqrt(3.0)  # half width of a uniform band over its rms


def continued_trails(mask: Bools) -> Bools:
    """A mask with every long straight region of it continued along its line to the borders.

    A satellite crosses a whole cell, but over a bright star it stays below the tolerance. A region is a
    trail if its rms extent along is more than 6 times that across; all pixels within the half width of
    the line through it are added.

    Parameters
    ----------
    mask : (ny, nx) bool, what was found in one epoch

    Returns
    -------
    (ny, nx) bool, at least the mask
    """
    if np.count_nonzero(mask) < _LEAST_PIXELS:
        return mask
    from scipy.ndimage import label  # 0.2 s of import that most patches do without

    region, n = label(mask, np.ones((3, 3)))
    sizes = np.bincount(region.ravel(), minlength=n + 1)
    full = mask.copy()
    for name in np.flatnonzero(sizes[1:] >= _LEAST_PIXELS) + 1:
        full |= _line(np.argwhere(region == name).astype(np.float64), mask.shape)
    return full


def _line(pixels: F8, shape: tuple[int, ...]) -> Bools:
    """The band through (n, 2) pixels [y, x] if they are a straight trail, else nothing."""
    centre = pixels.mean(0)
    variance, axes = np.linalg.eigh(np.cov(pixels.T))
    if variance[1] < _ELONGATION**2 * max(variance[0], 1 / 12):
        return np.zeros(shape, bool)
    y, x = np.ogrid[: shape[0], : shape[1]]
    across = (y - centre[0]) * axes[0, 0] + (x - centre[1]) * axes[1, 0]
    return np.asarray(np.abs(across) <= _BAND * np.sqrt(variance[0]))
