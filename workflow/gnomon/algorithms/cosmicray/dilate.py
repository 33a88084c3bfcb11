"""Masks grown by a few pixels."""

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]


def dilated(mask: Bools, reach: int) -> Bools:
    """True within ``reach`` pixels along both axes (a square) of a true pixel of a (ny, nx) bool mask."""
    for axis in (0, 1):
        grown = mask.copy()
        for step in range(1, min(reach, mask.shape[axis] - 1) + 1):
            low, high = [slice(None)] * 2, [slice(None)] * 2
            low[axis], high[axis] = slice(None, -step), slice(step, None)
            grown[tuple(low)] |= mask[tuple(high)]
            grown[tuple(high)] |= mask[tuple(low)]
        mask = grown
    return mask
