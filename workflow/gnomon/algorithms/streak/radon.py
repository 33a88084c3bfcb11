"""Sums along all straight lines of an image: the fast discrete Radon transform.

A line through 2h rows is a line through the upper h and one through the lower h, so that the sums over all
lines of one height follow from those of half the height: N^2 log N additions instead of N^3 (Brady 1998,
SIAM J. Comput. 27, 107; for streaks Nir, Zackay & Ofek 2018, AJ 156, 229).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F4 = npt.NDArray[np.float32]

QUADRANTS = 4
"""Steep lines that lean to the right and to the left, and flat ones likewise."""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line by two points, pixels."""

    x0: float
    y0: float
    x1: float
    y1: float


def line_sums(image: F4, quadrant: int) -> F4:
    """Sums along the lines of one quadrant.

    Parameters
    ----------
    image : (ny, nx) float32
    quadrant : 0 and 1: from the first row to the last, to the right and to the left by at most as many columns;
        2 and 3: the same with rows and columns exchanged

    Returns
    -------
    (N, N + width) float32, N the power of two not below the height: by shift from the first row to the Nth, and by
    the column of the first row plus N.
    """
    turned = _turned(image, quadrant)
    n = 1 << max(1, int(np.ceil(np.log2(turned.shape[0]))))
    sums = np.zeros((n, 1, n + turned.shape[1]), np.float32)
    sums[: turned.shape[0], 0, n:] = turned
    while len(sums) > 1:
        sums = _joined(sums)
    lines: F4 = sums[0]
    return lines


def line_at(shift: int, column: int, quadrant: int, shape: tuple[int, int]) -> Line:
    """The line of an entry of `line_sums` of an image of ``shape``, by its ends in the first and last row."""
    height, width = shape if quadrant < 2 else shape[::-1]
    n = 1 << max(1, int(np.ceil(np.log2(height))))
    first = float(column - n)
    last = first + shift * (height - 1) / (n - 1)
    if quadrant % 2:
        first, last = width - 1 - first, width - 1 - last
    if quadrant < 2:
        return Line(first, 0.0, last, height - 1.0)
    return Line(0.0, first, height - 1.0, last)


def _turned(image: F4, quadrant: int) -> F4:
    upright = image if quadrant < 2 else image.T
    return upright[:, ::-1] if quadrant % 2 else upright


def _joined(sums: F4) -> F4:
    """Sums over pairs of blocks: (blocks, shifts, width) to (blocks / 2, 2 shifts, width)."""
    blocks, shifts, width = sums.shape
    out = np.empty((blocks // 2, 2 * shifts, width), np.float32)
    for s in range(2 * shifts):
        own, further = s // 2, s - s // 2
        out[:, s] = sums[0::2, own]
        out[:, s, : width - further] += sums[1::2, own, further:]
    return out
