"""Where an image rises above its noise, and how its pixels are shared between sources."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F4 = npt.NDArray[np.float32]
I1 = npt.NDArray[np.int8]
I4 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Footprints:
    """Connected regions beyond a detection threshold, as runs of pixels along x."""

    y: I4
    """(nrun,) int32 row of each run; runs are sorted by footprint, then y, then x."""
    x0: I4
    """(nrun,) int32 first pixel of each run."""
    x1: I4
    """(nrun,) int32 one past the last pixel."""
    first: I8
    """(n + 1,) int64: footprint i has the runs ``first[i]:first[i + 1]``."""
    sign: I1
    """(n,) int8: +1 above, -1 below the sky."""
    flux: F4
    """(npix,) float32 matched-filter flux of a point source at each pixel, run by run, unit of the image."""
    noise: F4
    """(npix,) float32 its standard error."""
    shape: tuple[int, int]
    """Rows and columns of the image."""

    def __len__(self) -> int:
        return len(self.sign)

    def area(self) -> I8:
        """(n,) int64 pixels of each footprint."""
        runs = np.concatenate([[0], np.cumsum(self.x1 - self.x0, dtype=np.int64)])
        return np.asarray(runs[self.first[1:]] - runs[self.first[:-1]])


@dataclass(frozen=True, slots=True)
class Sources:
    """Peaks of footprints with the pixels that belong to each."""

    footprint: I4
    """(n,) int32 index of the footprint; sources are sorted by it."""
    x: I4
    """(n,) int32 column of the peak."""
    y: I4
    """(n,) int32 row of the peak."""
    peak_flux: F4
    """(n,) float32 matched-filter flux at the peak, negative for a negative source, unit of the image."""
    peak_noise: F4
    """(n,) float32 its standard error."""
    area: I4
    """(n,) int32 pixels that belong to the source before light is shared."""
    labels: I4
    """(ny, nx) int32: 1 + index of the source that each pixel belongs to, 0 for none."""
    box: I4
    """(n, 4) int32: y0, x0, y1, x1 (ends exclusive) of the pixels that hold light of the source."""
    first: I8
    """(n + 1,) int64 into ``weight``; an empty range means the source is alone in its footprint."""
    weight: F4
    """float32: part of each pixel's light that is the source's, box after box, row by row."""

    def __len__(self) -> int:
        return len(self.x)

    def is_blended(self) -> npt.NDArray[np.bool_]:
        """(n,) whether other sources share the footprint."""
        return np.diff(self.first) > 0
