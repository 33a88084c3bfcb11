"""Where the Earth is, well enough for parallaxes of stars."""

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

J2000_MJD = 51544.5
"""Epoch J2000.0 as MJD (the 32 s between TAI and TT move the Earth by 6e-6 au)."""

OBLIQUITY = np.radians(23.4392911)
"""Mean obliquity of the ecliptic at J2000 (IAU 1976)."""

PRECESSION = np.radians(1.3969713 / 36525.0)
"""General precession in longitude, radians per day (Lieske et al. 1977)."""

PERTURBERS = (
    # mass / Sun, a [au], e, L0 [deg], n [deg/day], perihelion [deg], inclination [deg], node [deg]
    (1 / 1047.35, 5.2026, 0.0485, 34.40, 0.08308529, 14.73, 1.303, 100.46),
    (1 / 3498.0, 9.5549, 0.0555, 50.08, 0.03344414, 92.43, 2.489, 113.66),
    (1 / 22903.0, 19.2184, 0.0463, 314.06, 0.01172834, 170.95, 0.773, 74.01),
    (1 / 19412.0, 30.1104, 0.0090, 304.35, 0.00598103, 48.12, 1.770, 131.78),
)
"""Mean elements at J2000 of the planets that move the Sun (Standish 1992)."""


def earth_heliocentric(mjd_tai: F8) -> F8:
    """Earth from the Sun, (n, 3) au, axes of the mean ecliptic and equinox J2000.

    Low-precision solar coordinates of the Astronomical Almanac (page C5): 0.01 deg in longitude and
    1e-4 au in distance between 1950 and 2050, brought to J2000 by the precession in longitude.
    """
    n = np.asarray(mjd_tai, np.float64) - J2000_MJD
    g = np.radians(357.528 + 0.9856003 * n)
    longitude = np.radians(280.460 + 0.9856474 * n + 1.915 * np.sin(g) + 0.020 * np.sin(2 * g))
    longitude = longitude - PRECESSION * n
    r = 1.00014 - 0.01671 * np.cos(g) - 0.00014 * np.cos(2 * g)
    return np.stack([-r * np.cos(longitude), -r * np.sin(longitude), np.zeros_like(r)], axis=-1)


def sun_barycentric(mjd_tai: F8) -> F8:
    """Sun from the barycentre, (n, 3) au, ecliptic J2000: the pull of the four giant planets, to 2e-4 au."""
    n = np.asarray(mjd_tai, np.float64)[..., None] - J2000_MJD
    mass, a, e, l0, rate, perihelion, inclination, node = (np.array(c) for c in zip(*PERTURBERS, strict=True))
    m = np.radians(l0 + rate * n - perihelion)
    # Equation of the centre to second order in e (Brouwer & Clemence 1961, chapter 2).
    nu = m + 2 * e * np.sin(m) + 1.25 * e**2 * np.sin(2 * m)
    r = a * (1 - e**2) / (1 + e * np.cos(nu))
    u, i, o = nu + np.radians(perihelion - node), np.radians(inclination), np.radians(node)
    x = np.cos(o) * np.cos(u) - np.sin(o) * np.sin(u) * np.cos(i)
    y = np.sin(o) * np.cos(u) + np.cos(o) * np.sin(u) * np.cos(i)
    z = np.sin(u) * np.sin(i)
    return np.asarray(-np.stack([np.sum(mass * r * c, axis=-1) for c in (x, y, z)], axis=-1), np.float64)


def earth_barycentric(mjd_tai: F8) -> F8:
    """Earth from the barycentre of the solar system, (n, 3) au, ICRS axes.

    Good to 5e-4 au, i.e. 0.05 % of a parallax; the observer's 4e-5 au on the Earth are left out.

    Parameters
    ----------
    mjd_tai : (n,) float64, MJD TAI, meant for 1950 to 2050.
    """
    x, y, z = np.moveaxis(earth_heliocentric(mjd_tai) + sun_barycentric(mjd_tai), -1, 0)
    c, s = np.cos(OBLIQUITY), np.sin(OBLIQUITY)
    return np.stack([x, c * y - s * z, s * y + c * z], axis=-1)


def parallax_factors(ra: F8, dec: F8, earth: F8) -> tuple[F8, F8]:
    """Displacement in right ascension (times cos dec) and declination per unit parallax.

    Green (1985), Spherical Astronomy, eqs 8.15 and 8.16; defined at the poles too.

    Parameters
    ----------
    ra, dec : (n,) float64, radians.
    earth : (n, 3) float64, au, as ``earth_barycentric`` gives it.
    """
    x, y, z = np.moveaxis(earth, -1, 0)
    east = x * np.sin(ra) - y * np.cos(ra)
    north = (x * np.cos(ra) + y * np.sin(ra)) * np.sin(dec) - z * np.cos(dec)
    return east, north
