"""Masks grown by a few pixels."""

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]

_FEW = 0.01  # of the pixels, below which it is cheaper to go from one true pixel to the next


def dilated(mask: Bools, reach: int) -> Bools:
    """True within ``reach`` pixels along both axes (a square) of a true pixel of a (ny, nx) bool mask."""
    if np.count_nonzero(mask) < _FEW * mask.size:
        return _around_each(mask, reach)
    for axis in (0, 1):
        grown = mask.copy()
        for step in range(1, min(reach, mask.shape[axis] - 1) + 1):
            low, high = [slice(None)] * 2, [slice(None)] * 2
            low[axis], high[axis] = slice(None, -step), slice(step, None)
            grown[tuple(low)] |= mask[tuple(high)]
            grown[tuple(high)] |= mask[tuple(low)]
        mask = grown
    return mask


def _around_each(mask: Bools, reach: int) -> Bools:
    grown, (y, x) = mask.copy(), np.nonzero(mask)
    for dy in range(-reach, reach + 1):
        rows = np.clip(y + dy, 0, mask.shape[0] - 1)
        for dx in range(-reach, reach + 1):
            grown[rows, np.clip(x + dx, 0, mask.shape[1] - 1)] = True
    return grown
