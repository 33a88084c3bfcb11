"""Pixels lost to saturation: bleed trails and a margin around them."""

import numpy as np
import numpy.typing as npt

from gnomon.flags import MASK

U4 = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.intp]

_ROWS = 16
_SAT, _SUSPECT = np.uint32(MASK["SAT"]), np.uint32(MASK["SUSPECT"])


def grow_saturation(mask: U4, radius: int) -> U4:
    """The mask, the same array, with SAT extended along bleed trails and by a margin.

    Charge beyond full well bleeds along the columns: a run of suspect pixels of a column that holds a
    saturated one is saturated throughout. Then every pixel within `radius` (square) of a saturated one is.

    Parameters
    ----------
    mask
        (ny, nx) uint32 with SAT and SUSPECT set by level; changed in place.
    radius
        Margin, pixels.
    """
    y, x = _bleeding(mask)
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            inside = (y + dy >= 0) & (y + dy < mask.shape[0]) & (x + dx >= 0) & (x + dx < mask.shape[1])
            mask[y[inside] + dy, x[inside] + dx] |= _SAT
    return mask


def _places(mask: U4, bits: np.uint32) -> tuple[Rows, Rows]:
    """Rows and columns of the pixels with one of some bits; a few rows at a time, which the cache holds."""
    found = [np.nonzero((mask[y : y + _ROWS] & bits) != 0) for y in range(0, len(mask), _ROWS)]
    row = np.concatenate([f[0] + k * _ROWS for k, f in enumerate(found)]) if found else np.empty(0, np.intp)
    return row, np.concatenate([f[1] for f in found]) if found else row


def _bleeding(mask: U4) -> tuple[Rows, Rows]:
    """Pixels of the runs along columns that hold a saturated pixel; the saturated ones are among them."""
    row, column = _places(mask, _SAT | _SUSPECT)
    order = np.lexsort((row, column))
    row, column = row[order], column[order]
    starts = np.ones(len(row), bool)
    starts[1:] = (np.diff(column) != 0) | (np.diff(row) != 1)
    run = np.cumsum(starts) - 1
    hit = np.zeros(len(row), bool)
    hit[run[(mask[row, column] & _SAT) != 0]] = True
    return row[hit[run]], column[hit[run]]
