"""How far the air displaces parts of a band against its middle, and whither."""

import numpy as np
import numpy.typing as npt

from gnomon.containers.sphere import from_tangent
from gnomon.containers.wcs import Wcs

F8 = npt.NDArray[np.float64]

EDGES_NM = {
    "u": (320.0, 395.0),
    "g": (401.0, 552.0),
    "r": (552.0, 691.0),
    "i": (691.0, 818.0),
    "z": (818.0, 922.0),
    "y": (922.0, 1060.0),
    "Z": (830.0, 925.0),
    "Y": (970.0, 1070.0),
    "J": (1170.0, 1340.0),
    "H": (1490.0, 1780.0),
    "Ks": (1990.0, 2310.0),
}
"""Half-transmission wavelengths: ugrizy of LSST (Ivezic et al. 2019, ApJ 873, 111, table 1), ZYJHKs of VIRCAM."""

_PRESSURE_MMHG, _TEMPERATURE_C, _VAPOUR_MMHG = 553.0, 8.0, 4.0  # of a site at 2,700 m
PARTS = 3
"""Equal parts that a band is taken as: those of Sullivan et al., DMTN-037."""
_TOWARD = 1e-6  # radians along which a direction is followed
_STEPS = 24  # wavelengths that a part of a band is averaged over
_UNIX_J2000 = 51544.5  # MJD
_TAI_MINUS_UT1_DAYS = 37.0 / 86400


def refractivity(wavelength_nm: npt.ArrayLike) -> F8:
    """n - 1 of moist air (Filippenko 1982, PASP 94, 715, eqs. 1-3) at 2,700 m above the sea."""
    s2 = (1e3 / np.asarray(wavelength_nm, np.float64)) ** 2
    p, t, f = _PRESSURE_MMHG, _TEMPERATURE_C, _VAPOUR_MMHG
    dry = 1e-6 * (64.328 + 29498.1 / (146 - s2) + 255.4 / (41 - s2))
    dry = dry * p * (1 + (1.049 - 0.0157 * t) * 1e-6 * p) / (720.883 * (1 + 0.003661 * t))
    return np.asarray(dry - 1e-6 * (0.0624 - 0.000680 * s2) / (1 + 0.003661 * t) * f)


def subband_refraction(edges_nm: tuple[float, float], count: int) -> F8:
    """(count,) mean refractivity of equal parts of a band, bluest first, less that of the whole.

    Times tan(zenith distance) it is a displacement towards the zenith, radians: images are tied to stars
    whose mean displacement is nought.
    """
    blue, red = edges_nm
    middles = blue + (np.arange(count * _STEPS) + 0.5) / (count * _STEPS) * (red - blue)
    parts = refractivity(middles).reshape(count, _STEPS).mean(axis=1)
    return np.asarray(parts - parts.mean())


def horizon(
    ra: npt.ArrayLike, dec: npt.ArrayLike, mjd_tai: npt.ArrayLike, longitude: float, latitude: float
) -> tuple[F8, F8]:
    """Zenith distance, and position angle of the zenith east of north, of ICRS places; all radians.

    Sidereal time is the Earth rotation angle (Capitaine et al. 2000); precession since 2000 is left out: 0.3
    degrees now, and a refraction's direction needs no more.
    """
    days = np.asarray(mjd_tai, np.float64) - _TAI_MINUS_UT1_DAYS - _UNIX_J2000
    turn = 2 * np.pi * np.mod(0.7790572732640 + 1.00273781191135448 * days, 1.0)
    hour = turn + longitude - np.asarray(ra, np.float64)
    dec = np.asarray(dec, np.float64)
    up = np.sin(latitude) * np.sin(dec) + np.cos(latitude) * np.cos(dec) * np.cos(hour)
    north = np.sin(latitude) * np.cos(dec) - np.cos(latitude) * np.sin(dec) * np.cos(hour)
    east = np.cos(latitude) * np.sin(hour)
    return np.arccos(np.clip(up, -1, 1)), np.arctan2(east, north)


def toward_zenith(
    wcs: Wcs, x: float, y: float, mjd_tai: npt.ArrayLike, longitude: float, latitude: float
) -> F8:
    """(n, 2) displacements (x, y) in pixels per unit of refractivity, at times and one pixel position.

    Parameters
    ----------
    longitude, latitude : of the site, radians
    """
    ra, dec = (float(v) for v in wcs.pixel_to_sky(x, y))
    away, angle = horizon(ra, dec, mjd_tai, longitude, latitude)
    higher = from_tangent(_TOWARD * np.sin(angle), _TOWARD * np.cos(angle), np.array(ra), np.array(dec))
    here = np.array([x, y])
    return np.asarray((np.stack(wcs.sky_to_pixel(*higher), -1) - here) * (np.tan(away) / _TOWARD)[..., None])
