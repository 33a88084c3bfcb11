"""Astrometric positions, rates, geometry and brightness of small bodies as an observatory sees them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.propagate import Trajectories
from gnomon.containers.perturbers import SUN, PerturberTable

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

LIGHT_AU_PER_DAY = 173.1446326742403  # 299792.458 km/s, au of IAU 2012 B2
_LIGHT_STEPS = 3  # each step multiplies the error by v/c = 1e-4


@dataclass(frozen=True, slots=True)
class Ephemeris:
    """What is seen of m pairs of object and time."""

    ra: F8
    """(m,) astrometric ICRS right ascension, radians: light time only, as difference imaging measures."""
    dec: F8
    """(m,) declination, radians."""
    ra_rate: F8
    """(m,) d(ra)/dt cos(dec), radians/day."""
    dec_rate: F8
    """(m,) radians/day."""
    sun_distance: F8
    """(m,) r, au."""
    observer_distance: F8
    """(m,) Delta, au."""
    phase: F8
    """(m,) angle Sun-object-observer, radians."""
    elongation: F8
    """(m,) angle Sun-observer-object, radians."""
    line: F8
    """(m, 3) unit vector from the observer to the object."""
    velocity: F8
    """(m, 3) barycentric velocity of the object at emission, au/day."""


def ephemeris(
    table: PerturberTable,
    motion: Trajectories,
    index: npt.ArrayLike,
    mjd_tdb: npt.ArrayLike,
    observer: tuple[F8, F8],
) -> Ephemeris:
    """Ephemerides of object ``index`` (m,) at time of observation ``mjd_tdb`` (m,).

    ``observer`` holds barycentric position and velocity (m, 3) of the observer. Light time by the object's
    Taylor series of second order (the next term is below 1e-12 au).
    """
    times = np.asarray(mjd_tdb, np.float64)
    values = motion.at(index, times)
    line, tau = light_time(values, observer[0])
    distance = np.linalg.norm(line, axis=1)
    object_then, velocity = _back_in_time(values, tau)
    relative = velocity - observer[1]
    unit = line / distance[:, None]
    # d(line)/dt counts that the moment of emission moves with the time of observation
    relative = relative - velocity * (np.sum(unit * relative, 1) / LIGHT_AU_PER_DAY)[:, None]
    sun = object_then - table.state(SUN, times - tau)[0]
    ra, dec = np.mod(np.arctan2(unit[:, 1], unit[:, 0]), 2 * np.pi), np.arcsin(np.clip(unit[:, 2], -1, 1))
    east, north = tangent_axes(ra, dec)
    to_sun = table.state(SUN, times)[0] - observer[0]
    return Ephemeris(
        ra, dec, np.sum(relative * east, 1) / distance, np.sum(relative * north, 1) / distance,
        np.linalg.norm(sun, axis=1), distance, _angle(sun, line), _angle(to_sun, line), unit, velocity,
    )  # fmt: skip


def light_time(values: F8, observer: F8) -> tuple[F8, F8]:
    """(m, 3) vector from observer to object at emission, au, and the light time (m,), days.

    ``values`` (m, 9) as from `Trajectories.at` at the time of observation.
    """
    tau = np.linalg.norm(values[:, :3] - observer, axis=1) / LIGHT_AU_PER_DAY
    for _ in range(_LIGHT_STEPS):
        line = _back_in_time(values, tau)[0] - observer
        tau = np.linalg.norm(line, axis=1) / LIGHT_AU_PER_DAY
    return _back_in_time(values, tau)[0] - observer, tau


def tangent_axes(ra: F8, dec: F8) -> tuple[F8, F8]:
    """Unit vectors (m, 3) to the east and to the north at positions on the sky."""
    zero = np.zeros_like(ra)
    east = np.stack([-np.sin(ra), np.cos(ra), zero], -1)
    north = np.stack([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)], -1)
    return east, north


def unit_vectors(ra: npt.ArrayLike, dec: npt.ArrayLike) -> F8:
    """(m, 3) directions of positions in radians."""
    ra, dec = np.asarray(ra, np.float64), np.asarray(dec, np.float64)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], -1)


def magnitude_hg(h: npt.ArrayLike, g: npt.ArrayLike, r: F8, delta: F8, phase: F8) -> F8:
    """Apparent V magnitude in the H, G system (Bowell et al. 1989, the two-exponential form).

    Equals JPL Horizons to 0.001 mag for phase angles below 120 degrees.
    """
    half = np.tan(phase / 2)
    phi1, phi2 = np.exp(-3.33 * half**0.63), np.exp(-1.87 * half**1.22)
    slope = np.asarray(g, np.float64)
    with np.errstate(divide="ignore"):
        reduced = -2.5 * np.log10((1 - slope) * phi1 + slope * phi2)
    return np.asarray(np.asarray(h, np.float64) + 5 * np.log10(r * delta) + reduced)


def _back_in_time(values: F8, tau: F8) -> tuple[F8, F8]:
    """Position and velocity ``tau`` days before the time of ``values``."""
    x, v, a, t = values[:, :3], values[:, 3:6], values[:, 6:], tau[:, None]
    return x - t * v + 0.5 * t * t * a, v - t * a


def _angle(a: F8, b: F8) -> F8:
    """Angle between vectors (m, 3), well-conditioned near 0 and pi."""
    return np.asarray(np.arctan2(np.linalg.norm(np.cross(a, b), axis=1), np.sum(a * b, axis=1)))
