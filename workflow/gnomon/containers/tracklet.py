"""Detections of one night that move together."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tracklets:
    """n tracklets, each of two or more detections of one night on a great circle."""

    start: I8
    """(n + 1,) where each tracklet's members begin in ``member``."""
    member: I8
    """Rows of the detections, rising in time within a tracklet."""
    night: I8
    """(n,) number of the night."""
    mjd_tai: F8
    """(n,) mean time of the members."""
    ra: F8
    """(n,) ICRS radians at ``mjd_tai``, of the straight line through the members."""
    dec: F8
    """(n,) ICRS radians."""
    ra_rate: F8
    """(n,) d(ra)/dt cos(dec), radians/day."""
    dec_rate: F8
    """(n,) radians/day."""
    rate_sigma: F8
    """(n,) standard error of each component of the rate, radians/day."""

    def __len__(self) -> int:
        return len(self.night)

    def count(self) -> I8:
        """(n,) members per tracklet."""
        return np.diff(self.start)

    def members_of(self, rows: I8) -> tuple[I8, I8]:
        """Detections of some tracklets, and for each the position of its tracklet in ``rows``."""
        counts = self.count()[rows]
        owner = np.repeat(np.arange(len(rows)), counts)
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.member[np.repeat(self.start[:-1][rows], counts) + offset], owner
