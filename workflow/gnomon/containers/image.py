"""Pixels of one detector or one patch, with their variance and mask."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F4 = npt.NDArray[np.float32]
U4 = npt.NDArray[np.uint32]

_STRIP_PX = 1 << 16


def strips(shape: tuple[int, int]) -> Iterator[slice]:
    """Rows of a plane in pieces that the cache holds: work on whole planes waits for memory at each of its steps."""
    rows = max(1, _STRIP_PX // max(shape[1], 1))
    return (slice(y, min(y + rows, shape[0])) for y in range(0, shape[0], rows))


def count_marked(mask: U4, bits: int) -> int:
    """Number of pixels of a (ny, nx) mask with any of some bits."""
    wanted = np.uint32(bits)
    return sum(int(np.count_nonzero(mask[rows] & wanted)) for rows in strips((mask.shape[0], mask.shape[1])))


@dataclass(frozen=True, slots=True)
class Image:
    """Three planes on one grid, indexed ``[y, x]``, pixel centres at integers."""

    flux: F4
    """(ny, nx) float32; ADU, electrons or nJy as the product says; always finite, 0 where unknown."""
    variance: F4
    """(ny, nx) float32, unit of ``flux`` squared; 0 marks a pixel without information."""
    mask: U4
    """(ny, nx) uint32, bit planes of ``gnomon.flags.MASK``."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.flux.shape[0], self.flux.shape[1]

    def weight(self, bad: int = 0) -> F4:
        """Inverse variance, 0 where the variance is not positive or a bit of ``bad`` is set."""
        good = (self.variance > 0) & ((self.mask & np.uint32(bad)) == 0)
        with np.errstate(divide="ignore"):
            return np.where(good, np.float32(1) / self.variance, np.float32(0))

    def section(self, y: slice, x: slice) -> "Image":
        """A view of part of the image."""
        return Image(self.flux[y, x], self.variance[y, x], self.mask[y, x])


@dataclass(frozen=True, slots=True)
class DarkMaster(Image):
    """Mean dark current, electrons per second, of exposures that a master bias was taken from."""

    seconds: float = 0.0
    """Mean dark time of those exposures; 0: no bias was taken from them."""
