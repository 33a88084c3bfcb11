"""Numbers on the pixels of a part of the sky."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

I8 = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class SparseMap:
    """Several maps on the same pixels."""

    nside: int
    """HEALPix resolution, a power of two; pixels are nested."""
    pixel: I8
    """(n,) sorted pixels that have a value."""
    values: Mapping[str, Numbers]
    """(n,) by name; NaN where a map has none. The first is known in every pixel."""
    empty_reason: str = ""
    """Why there is nothing; empty text where there is something."""

    def at(self, name: str, pixel: I8) -> npt.NDArray[np.float64]:
        """Values of one map at pixels of any shape, float64; NaN where it has none."""
        if not len(self.pixel):
            return np.full(np.shape(pixel), np.nan)
        row = np.clip(np.searchsorted(self.pixel, pixel), 0, len(self.pixel) - 1)
        there = self.pixel[row] == pixel
        return np.where(there, self.values[name][row].astype(np.float64), np.nan)


def empty_map(reason: str) -> SparseMap:
    """A map of nothing."""
    return SparseMap(1, np.zeros(0, np.int64), {"n_exposure": np.zeros(0, np.float32)}, reason)
