"""Which visits touch which patches, for any number of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.geometry.overlap import patch_overlaps
from gnomon.containers.skymap import MAX_PATCHES, SkyMap
from gnomon.containers.sphere import angles, tangent_basis

F8 = npt.NDArray[np.float64]
I4 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int64]

Int = TypeVar("Int", bound=np.integer[Any])

MARGIN_ARCSEC = 15.0
"""Added to every detector: six times the pointing error of a telescope that knows it to 2.5 arcsec."""
PIECE = 1 << 23
"""Pairs looked at together: memory beside their own."""
_CHUNK = 200_000  # detectors at a time


class Footprints(Protocol):
    """Corners of detectors on the sky, asked for in pieces."""

    def pieces(self, size: int) -> Iterator[tuple[I8, F8, F8]]:
        """Row of the visit (n,), and corners (n, 4) in radians, of about ``size`` detectors at a time."""
        ...


@dataclass(frozen=True, slots=True)
class ListedFootprints:
    """Detectors whose corners are known one by one."""

    row: I8
    """(n,) row of the detector's visit."""
    ra: F8
    """(n, 4) radians."""
    dec: F8
    """(n, 4) radians."""

    def pieces(self, size: int) -> Iterator[tuple[I8, F8, F8]]:
        """See `Footprints`."""
        for start in range(0, len(self.row), size):
            part = slice(start, start + size)
            yield self.row[part], self.ra[part], self.dec[part]


@dataclass(frozen=True, slots=True)
class CameraFootprints:
    """Detectors of one camera, from where each visit pointed: three numbers a visit."""

    ra: F8
    """(nvisit,) boresight, radians."""
    dec: F8
    """(nvisit,) boresight, radians."""
    rotation: F8
    """(nvisit,) position angle, east of north, of the focal plane's +Y, radians."""
    x: F8
    """(ndetector, 4) corners in the focal plane, tangent-plane radians; +X is west at rotation 0."""
    y: F8
    """(ndetector, 4) likewise, +Y is north at rotation 0."""

    def pieces(self, size: int) -> Iterator[tuple[I8, F8, F8]]:
        """See `Footprints`."""
        step = max(1, size // len(self.x))
        for start in range(0, len(self.ra), step):
            rows = np.arange(start, min(start + step, len(self.ra)))
            ra, dec = self._corners(rows)
            yield np.repeat(rows, len(self.x)), ra.reshape(-1, 4), dec.reshape(-1, 4)

    def _corners(self, rows: I8) -> tuple[F8, F8]:
        sine, cosine = (f(self.rotation[rows])[:, None, None] for f in (np.sin, np.cos))
        xi, eta = -self.x * cosine + self.y * sine, self.x * sine + self.y * cosine
        local = np.stack([xi, eta, np.ones_like(xi)], axis=-1)
        basis = tangent_basis(self.ra[rows], self.dec[rows])
        return angles(local.reshape(len(rows), -1, 3) @ basis)


@dataclass(frozen=True, slots=True)
class Incidence:
    """Pairs of a visit and a patch that it touches, sorted by tract, patch, visit."""

    tract: I4
    """Tract id."""
    patch: I4
    """Patch id in its tract."""
    visit: I4
    """Row of the visit in the table given."""
    n_detectors: npt.NDArray[np.uint16]
    """Detectors of the visit that touch the patch."""

    def __len__(self) -> int:
        return len(self.visit)


def incidence(footprints: Footprints, skymap: SkyMap, margin_arcsec: float = MARGIN_ARCSEC) -> Incidence:
    """Visits by patch; memory grows by some 30 bytes a pair of visit and patch, not with the detectors."""
    keys = [np.empty(0, np.int64)]
    for row, ra, dec in footprints.pieces(_CHUNK):
        found = patch_overlaps(skymap, ra, dec, margin_arcsec)
        place = found.tract.astype(np.int64) * MAX_PATCHES + found.patch
        key, count = np.unique((place << _ROW_BITS) | row[found.detector], return_counts=True)
        keys.append((key << _COUNT_BITS) | count)
    packed = np.concatenate(keys)
    keys.clear()
    packed.sort()
    return _unpacked(packed)


_ROW_BITS, _COUNT_BITS = 26, 10  # 67 million visits, 1023 detectors of one visit on one patch


def _unpacked(packed: I8) -> Incidence:
    """Pairs from sorted keys; a visit met in two pieces counts once, with its detectors added."""
    count = (packed & ((1 << _COUNT_BITS) - 1)).astype(np.uint16)
    packed >>= _COUNT_BITS
    new = differ(packed)
    if not new.all():
        count, packed = np.add.reduceat(count, np.flatnonzero(new), dtype=np.uint16), packed[new]
    row = (packed & ((1 << _ROW_BITS) - 1)).astype(np.int32)
    packed >>= _ROW_BITS
    place = packed.astype(np.int32)
    return Incidence(place // MAX_PATCHES, place % MAX_PATCHES, row, count)


def differ(values: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.bool_]:
    """Whether each value differs from the one before; the first does."""
    return np.concatenate([np.ones(min(len(values), 1), np.bool_), values[1:] != values[:-1]])


def distinct(keys: npt.NDArray[Int]) -> npt.NDArray[Int]:
    """Each key once, sorted. (`numpy.unique` hashes integers since 2.3: fifty times slower here, with more memory.)"""
    ordered = np.sort(keys)
    return ordered[differ(ordered)]
