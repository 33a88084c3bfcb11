"""Ways to divide the sky into tracts: every point belongs to exactly one.

A partition knows centres, how far each tract's own region reaches, and whose region a point is in. Patches
are laid over it by `gnomon.containers.skymap`. All angles ICRS radians.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gnomon.containers import healpix
from gnomon.containers.sphere import directions, project, tangent_basis
from gnomon.containers.wcs import sky_to_plane

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

_OUTLINE_POINTS = 16  # a side of a HEALPix pixel bends; between 16 points by < 1e-3 of the half size
_OUTLINE_MARGIN = 1.002


class Partition(Protocol):
    """What a skymap asks of a division of the sky."""

    def centres(self) -> tuple[F8, F8]:
        """``(ra, dec)`` of the tangent points, each (ntract,)."""
        ...

    def half_extents(self) -> tuple[F8, F8]:
        """Largest ``|xi|`` and ``|eta|`` of each tract's own region in its tangent plane, each (ntract,)."""
        ...

    def tract_of(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> I8:
        """Tract whose own region holds each point, int64; -1 where there is none or the position is NaN."""
        ...


@dataclass(frozen=True, slots=True)
class Rings:
    """Rings of equal height in declination, cut into equal sectors, and a cap at each pole.

    With ``n_rings`` rings the height is ``h = pi / (n_rings + 1)``; the caps reach ``h / 2`` from the poles
    and a ring has the fewest sectors that are narrower than ``h`` everywhere. Tract 0 is the southern cap,
    then ring by ring northward, eastward from the sector whose centre has right ascension 0: the numbers of
    the LSST rings skymap.
    """

    n_rings: int
    """Rings between the two caps, at least 1."""

    def __post_init__(self) -> None:
        if self.n_rings < 1:
            raise ValueError(f"a rings skymap has at least one ring, not {self.n_rings}")

    @property
    def height(self) -> float:
        """Height of a ring, radians."""
        return float(np.pi / (self.n_rings + 1))

    def sectors(self) -> I8:
        """Tracts of each zone from south to north: cap, rings, cap; (n_rings + 2,)."""
        widest = np.maximum(np.abs(self._zone_dec()) - self.height / 2, 0)
        counts = np.floor(2 * np.pi * np.cos(widest) / self.height + 1e-9).astype(np.int64) + 1
        counts[[0, -1]] = 1
        return counts

    def centres(self) -> tuple[F8, F8]:
        """See `Partition.centres`; the caps' tangent points are the poles."""
        sectors = self.sectors()
        zone = np.repeat(np.arange(len(sectors)), sectors)
        first = np.cumsum(sectors) - sectors
        ra = (np.arange(len(zone)) - first[zone]) * (2 * np.pi / sectors[zone])
        dec = self._zone_dec()[zone]
        return ra, dec

    def half_extents(self) -> tuple[F8, F8]:
        """See `Partition.half_extents`; reached at the corners or in the middle of the parallels."""
        sectors, dec = self.sectors(), self._zone_dec()
        xi, eta = np.full(len(dec), np.tan(self.height / 2)), np.full(len(dec), np.tan(self.height / 2))
        for zone in range(1, len(dec) - 1):
            ra = np.array([0.0, np.pi / sectors[zone]])
            edge = dec[zone] + np.array([[-0.5], [0.5]]) * self.height
            x, y = sky_to_plane(ra, edge, (0.0, dec[zone]))
            xi[zone], eta[zone] = np.abs(x).max(), np.abs(y).max()
        return np.repeat(xi, sectors), np.repeat(eta, sectors)

    def tract_of(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> I8:
        """See `Partition.tract_of`; regions are half open: a sector holds its western and southern edges."""
        ra, dec = np.broadcast_arrays(np.asarray(ra, np.float64), np.asarray(dec, np.float64))
        known = np.isfinite(ra) & np.isfinite(dec)
        ra, dec = np.where(known, ra, 0.0), np.where(known, dec, 0.0)
        sectors = self.sectors()
        zone = np.floor((dec + np.pi / 2) / self.height + 0.5).astype(np.int64).clip(0, self.n_rings + 1)
        turn = np.mod(ra, 2 * np.pi) / (2 * np.pi)
        sector = np.floor(turn * sectors[zone] + 0.5).astype(np.int64) % sectors[zone]
        return np.where(known, (np.cumsum(sectors) - sectors)[zone] + sector, -1)

    def _zone_dec(self) -> F8:
        """Declination of the middle of each zone; of the caps, the pole."""
        return np.arange(self.n_rings + 2, dtype=np.float64) * self.height - np.pi / 2


@dataclass(frozen=True, slots=True)
class Healpix:
    """HEALPix pixels in the nested order: tract = pixel."""

    nside: int
    """Power of two; tracts are about 58.6 / nside degrees wide."""

    def __post_init__(self) -> None:
        healpix.n_pixels(self.nside)

    def centres(self) -> tuple[F8, F8]:
        """See `Partition.centres`."""
        return healpix.centre_of(self.nside, np.arange(healpix.n_pixels(self.nside)))

    def half_extents(self) -> tuple[F8, F8]:
        """See `Partition.half_extents`; the four faces of a belt are rotations of one."""
        area = self.nside**2
        face = np.arange(3)[:, None] * 4 * area + np.arange(area)
        ra, dec = healpix.outline(self.nside, face, _OUTLINE_POINTS)
        basis = tangent_basis(*healpix.centre_of(self.nside, face))
        xi, eta = (
            _OUTLINE_MARGIN * np.abs(p).max(-1) for p in project(directions(ra, dec), basis[..., None, :, :])
        )
        return np.repeat(xi, 4, axis=0).ravel(), np.repeat(eta, 4, axis=0).ravel()

    def tract_of(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> I8:
        """See `Partition.tract_of`."""
        ra, dec = np.broadcast_arrays(np.asarray(ra, np.float64), np.asarray(dec, np.float64))
        known = np.isfinite(ra) & np.isfinite(dec)
        return np.where(
            known, healpix.pixel_of(self.nside, np.where(known, ra, 0), np.where(known, dec, 0)), -1
        )


@dataclass(frozen=True, slots=True)
class Discrete:
    """A list of tracts, for a survey of a few fields; a point in two of them belongs to the nearer centre."""

    ra: tuple[float, ...]
    """Tangent points, radians."""
    dec: tuple[float, ...]
    """Tangent points, radians."""
    half_width: tuple[float, ...]
    """Half width along ``xi`` in the tangent plane."""
    half_height: tuple[float, ...]
    """Half height along ``eta`` in the tangent plane."""

    def __post_init__(self) -> None:
        lengths = {len(self.ra), len(self.dec), len(self.half_width), len(self.half_height)}
        if lengths - {len(self.ra)} or not self.ra:
            raise ValueError("a discrete skymap needs at least one tract with ra, dec, width and height")
        if min(*self.half_width, *self.half_height) <= 0:
            raise ValueError("a tract has positive width and height")

    def centres(self) -> tuple[F8, F8]:
        """See `Partition.centres`."""
        return np.mod(np.array(self.ra), 2 * np.pi), np.array(self.dec)

    def half_extents(self) -> tuple[F8, F8]:
        """See `Partition.half_extents`."""
        return np.array(self.half_width), np.array(self.half_height)

    def tract_of(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> I8:
        """See `Partition.tract_of`; -1 outside all tracts; of equal distances the first tract."""
        ra, dec = np.broadcast_arrays(np.asarray(ra, np.float64), np.asarray(dec, np.float64))
        found, nearest = np.full(ra.shape, -1, np.int64), np.full(ra.shape, np.inf)
        for tract, centre in enumerate(zip(self.ra, self.dec, strict=True)):
            xi, eta = sky_to_plane(ra, dec, centre)
            distance = xi * xi + eta * eta
            with np.errstate(invalid="ignore"):
                mine = (xi >= -self.half_width[tract]) & (xi < self.half_width[tract])
                mine &= (eta >= -self.half_height[tract]) & (eta < self.half_height[tract])
                mine &= distance < nearest
            found, nearest = np.where(mine, tract, found), np.where(mine, distance, nearest)
        return found
