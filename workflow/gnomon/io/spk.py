"""JPL SPK files of Chebyshev positions (types 2 and 3), read without SPICE."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gnomon.constants import AU_KM
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]

DAY_S = 86400.0
J2000_MJD = 51544.5  # epoch of SPICE ephemeris time, TDB
_RECORD = 1024  # bytes of a DAF record


@dataclass(frozen=True, slots=True)
class Segment:
    """Chebyshev coefficients of one body against one centre, on granules of equal length."""

    target: int
    """NAIF id of the body."""
    center: int
    """NAIF id of the origin."""
    start_mjd: float
    """TDB MJD at which the first granule begins."""
    granule_days: float
    """Length of a granule."""
    coefficients: F8
    """(ngranule, 3, ncoefficient) float64, au."""

    @property
    def stop_mjd(self) -> float:
        """TDB MJD at which the last granule ends."""
        return self.start_mjd + self.granule_days * len(self.coefficients)


def read_spk(path: Path) -> list[Segment]:
    """Every position segment of a file, in file order.

    Raises
    ------
    UnprocessableData
        The file is no little-endian SPK, or a segment is neither of type 2 nor 3.
    """
    words = np.memmap(path, "<f8", "r")
    with path.open("rb") as stream:
        head = stream.read(_RECORD)
    if head[:7] != b"DAF/SPK" or head[88:96] != b"LTL-IEEE":
        raise UnprocessableData(f"{path.name} is no little-endian SPK file: it begins {head[:8]!r}")
    return [_segment(words, *summary) for summary in _summaries(words, head)]


def _summaries(words: F8, head: bytes) -> list[tuple[int, int, int, int, int]]:
    """(target, center, type, first word, last word) of every segment (NAIF DAF required reading)."""
    found, record = [], struct.unpack("<i", head[76:80])[0]
    while record:
        block = words[(record - 1) * 128 : record * 128]
        for k in range(int(block[2])):
            target, center, _frame, kind, first, last = block[3 + 5 * k + 2 : 3 + 5 * k + 5].view("<i4")
            found.append((int(target), int(center), int(kind), int(first), int(last)))
        record = int(block[0])
    return found


def _segment(words: F8, target: int, center: int, kind: int, first: int, last: int) -> Segment:
    if kind not in (2, 3):
        raise UnprocessableData(f"SPK segment of body {target} is of type {kind}, only 2 and 3 are read")
    start, length, size, count = words[last - 4 : last]
    records = words[first - 1 : last - 4].reshape(int(count), int(size))[:, 2:]
    shape = (int(count), 3 if kind == 2 else 6, -1)
    coefficients = np.asarray(records).reshape(shape)[:, :3] / AU_KM
    return Segment(target, center, J2000_MJD + start / DAY_S, length / DAY_S, coefficients)
