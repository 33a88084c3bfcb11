"""Partitions of a table in the HATS layout, and which rows lie near which.

The layout is that of the IVOA note "HATS: a standard for the hierarchical adaptive tiling scheme".
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.healpix import pixel_of
from gnomon.containers.sphere import angles, tangent_basis

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

INDEX_ORDER = 29
"""Order of the spatial index: 0.4 mas, the finest that fits int64."""
MAX_ORDER = 12
"""Partitions are not divided further: 0.9 arcmin."""
_AROUND = 48
"""Points on a circle around a row that tell which partitions it is near."""
_REACH = 1.2
"""Radius of that circle over the margin's width. A corner of half-angle a that points at the row between two of
the points holds one of them when it ends within cos(pi/48) - sin(pi/48) / tan(a) of the radius: at 1 / 1.2 of it
for a = 22 degrees, sharper than any corner of a HEALPix pixel."""


@dataclass(frozen=True, slots=True)
class Partitions:
    """Disjoint HEALPix pixels of several orders, in the order of the index."""

    order: I8
    """(n,) order of each pixel."""
    pixel: I8
    """(n,) nested pixel."""

    def __len__(self) -> int:
        return len(self.order)

    def of(self, index: I8) -> I8:
        """Partition that holds each order-29 pixel, -1 where there is none."""
        if not len(self):
            return np.full(np.shape(index), -1, np.int64)
        shift = 2 * (INDEX_ORDER - self.order)
        starts, ends = self.pixel << shift, (self.pixel + 1) << shift
        at = np.searchsorted(starts, index, "right") - 1
        return np.where((at >= 0) & (index < ends[np.maximum(at, 0)]), at, -1)


def index_of(ra: F8, dec: F8) -> I8:
    """Nested pixel of order 29 of positions in radians."""
    return pixel_of(1 << INDEX_ORDER, ra, dec)


def partitions(cells: I8, counts: I8, max_rows: int) -> Partitions:
    """The largest pixels with at most ``max_rows`` rows.

    Parameters
    ----------
    cells : (n,) sorted nested pixels of order ``MAX_ORDER`` that hold rows
    counts : (n,) rows of each

    Raises
    ------
    ValueError
        ``max_rows`` is not positive.
    """
    if max_rows < 1:
        raise ValueError(f"a partition holds at least one row, not {max_rows}")
    order, pixel = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for k in range(MAX_ORDER + 1):
        at, which = np.unique(cells >> (2 * (MAX_ORDER - k)), return_inverse=True)
        n = np.bincount(which, counts, len(at))
        done = (n <= max_rows) | (k == MAX_ORDER)
        order.append(np.full(done.sum(), k))
        pixel.append(at[done])
        cells, counts = cells[~done[which]], counts[~done[which]]
    orders, pixels = np.concatenate(order), np.concatenate(pixel)
    rank = np.argsort(pixels << (2 * (INDEX_ORDER - orders)))
    return Partitions(orders[rank], pixels[rank])


def near(parts: Partitions, ra: F8, dec: F8, width: float) -> tuple[I8, I8]:
    """Rows within ``width`` (radians) of a partition that does not hold them, and that partition.

    A row may be near several partitions. Rows a little farther, up to 1.2 widths, may be among them.

    Parameters
    ----------
    ra, dec : (n,) radians
    width : of the margin, radians; far smaller than the smallest partition
    """
    if len(parts) < 2 or not len(ra):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    home = parts.of(index_of(ra, dec))
    east, north, outward = np.moveaxis(tangent_basis(ra, dec), -2, 0)
    rows, found = [], []
    for angle in np.arange(_AROUND) * (2 * np.pi / _AROUND):
        offset = np.cos(angle) * east + np.sin(angle) * north
        there = parts.of(index_of(*angles(outward + width * _REACH * offset)))
        other = np.flatnonzero((there != home) & (there >= 0))
        rows.append(other)
        found.append(there[other])
    pairs = np.unique(np.stack([np.concatenate(found), np.concatenate(rows)]), axis=1)
    return pairs[1], pairs[0]
