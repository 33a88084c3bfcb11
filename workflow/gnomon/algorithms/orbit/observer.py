"""Where an observatory is: barycentric position and velocity of a place on the turning Earth."""

from dataclasses import dataclass

import erfa
import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.timescales import tai_to_tdb, tai_to_tt, tai_to_utc
from gnomon.constants import AU_KM
from gnomon.containers.perturbers import EARTH, PerturberTable

F8 = npt.NDArray[np.float64]

EARTH_RADIUS_AU = 6378.137 / AU_KM  # equatorial radius of the MPC's parallax constants
_EARTH_RADIUS_M = 6378137.0
_ROTATION_RAD_PER_DAY = 1.00273781191135448 * 2 * np.pi  # IAU 2000 Earth rotation angle
_MJD = 2400000.5


@dataclass(frozen=True, slots=True)
class EarthRotation:
    """Earth orientation as measured; empty arrays mean UT1 = UTC and no polar motion (0.4 km at most)."""

    mjd_utc: F8
    """(n,) days, rising."""
    ut1_minus_utc: F8
    """(n,) seconds."""
    pole_x: F8
    """(n,) radians."""
    pole_y: F8
    """(n,) radians."""


NO_ROTATION_DATA = EarthRotation(*(np.zeros(0) for _ in range(4)))


def observer_state(
    table: PerturberTable,
    mjd_tai: npt.ArrayLike,
    site: npt.ArrayLike,
    rotation: EarthRotation = NO_ROTATION_DATA,
) -> tuple[F8, F8]:
    """Barycentric ICRF position (n, 3) in au and velocity in au/day of observatories.

    Parameters
    ----------
    table : ephemeris with the Earth
    mjd_tai : (n,) float64
    site : (3,) or (n, 3): east longitude in radians, rho cos phi', rho sin phi' in Earth radii (the MPC's
        parallax constants); (0, 0, 0) is the geocentre
    rotation : measured UT1 and polar motion, if at hand

    Celestial pole of IAU 2000B (1 mas = 3 cm on the ground), ERFA; the topocentre is not aberrated (< 1 m).
    """
    tai = np.atleast_1d(np.asarray(mjd_tai, np.float64))
    position, velocity = table.state(EARTH, tai_to_tdb(tai))
    local = _geocentric(tai, np.broadcast_to(np.asarray(site, np.float64), (len(tai), 3)), rotation)
    return position + local[0], velocity + local[1]


def parallax_constants(longitude: float, latitude: float, height_m: float) -> F8:
    """(3,) east longitude in radians, rho cos phi' and rho sin phi' in Earth radii of a geodetic place
    (radians).

    The geocentre where the latitude is NaN. Ellipsoid WGS84.
    """
    if np.isnan(latitude):
        return np.zeros(3)
    x, y, z = erfa.gd2gc(1, longitude, latitude, height_m) / _EARTH_RADIUS_M
    return np.array([longitude, np.hypot(x, y), z])


def _geocentric(tai: F8, site: F8, rotation: EarthRotation) -> tuple[F8, F8]:
    """Position and velocity against the geocentre on GCRS axes."""
    longitude, cos_phi, sin_phi = site.T * np.array([[1.0], [EARTH_RADIUS_AU], [EARTH_RADIUS_AU]])
    fixed = np.stack([cos_phi * np.cos(longitude), cos_phi * np.sin(longitude), sin_phi], -1)
    turning = _ROTATION_RAD_PER_DAY * np.stack([-fixed[:, 1], fixed[:, 0], np.zeros(len(fixed))], -1)
    times, where = np.unique(tai, return_inverse=True)
    matrix = _celestial_to_terrestrial(times, rotation)[where]
    return np.einsum("nji,nj->ni", matrix, fixed), np.einsum("nji,nj->ni", matrix, turning)


def _celestial_to_terrestrial(tai: F8, rotation: EarthRotation) -> F8:
    utc, tt = tai_to_utc(tai), tai_to_tt(tai)
    dut1, x, y = np.zeros(len(tai)), np.zeros(len(tai)), np.zeros(len(tai))
    if len(rotation.mjd_utc):
        dut1 = _interpolate_ut1(utc, rotation)
        x, y = (np.interp(utc, rotation.mjd_utc, p) for p in (rotation.pole_x, rotation.pole_y))
    matrices: F8 = erfa.c2t00b(_MJD, tt, _MJD, utc + dut1 / 86400.0, x, y)
    return matrices


def _interpolate_ut1(utc: F8, rotation: EarthRotation) -> F8:
    """UT1 - UTC between daily values; a leap second between two of them is taken out before."""
    jumps = np.concatenate([[0.0], np.cumsum(np.rint(np.diff(rotation.ut1_minus_utc)))])
    smooth = np.interp(utc, rotation.mjd_utc, rotation.ut1_minus_utc - jumps)
    day = np.clip(np.searchsorted(rotation.mjd_utc, utc, side="right") - 1, 0, len(jumps) - 1)
    return np.asarray(smooth + jumps[day])
