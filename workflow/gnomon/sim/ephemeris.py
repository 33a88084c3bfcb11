"""Orbits and where they put a body on the sky: two-body or planet-perturbed motion, light time, observer.

Positions are au, velocities au/day, axes ICRS; times are MJD in TT where named ``_tt`` and TAI otherwise.
"""

import erfa
import numpy as np
import numpy.typing as npt
from scipy.integrate import solve_ivp

from gnomon.constants import AU_KM
from gnomon.sim.schedule import SITE_HEIGHT_M, SITE_LATITUDE_DEG, SITE_LONGITUDE_DEG, TAI_MINUS_UTC_S

F8 = npt.NDArray[np.float64]

GM_SUN = 2.9591220828559093e-4
"""au^3 / day^2 (Gauss's constant squared)."""
TT_MINUS_TAI_DAYS = 32.184 / 86400
"""Terrestrial time ahead of atomic time."""
OBLIQUITY = np.radians(84381.448 / 3600)
"""Of the J2000 ecliptic to which orbital elements refer."""

_LIGHT_AU_PER_DAY = 173.1446326846693
_MJD_ZERO_JD = 2400000.5
_INVERSE_MASS = {2: 408523.719, 3: 328900.5614, 4: 3098703.59, 5: 1047.348644, 6: 3497.9018}
"""Sun's mass over that of Venus, Earth + Moon, Mars, Jupiter, Saturn: numbers of `erfa.plan94`."""


def observer(mjd_tai: float) -> tuple[F8, F8]:
    """(3,) heliocentric and barycentric position of the site, au."""
    tt = mjd_tai + TT_MINUS_TAI_DAYS
    heliocentric, barycentric = erfa.epv00(_MJD_ZERO_JD, tt)
    utc = mjd_tai - TAI_MINUS_UTC_S / 86400
    # UT1 = UTC to 0.9 s: 0.4 km of the site's place.
    era = erfa.era00(_MJD_ZERO_JD, utc)
    longitude, latitude = np.radians(SITE_LONGITUDE_DEG), np.radians(SITE_LATITUDE_DEG)
    site = erfa.pvtob(longitude, latitude, SITE_HEIGHT_M, 0.0, 0.0, 0.0, era)["p"] / (1e3 * AU_KM)
    precession = erfa.c2i06a(_MJD_ZERO_JD, tt)
    icrs = np.asarray(precession).T @ site
    return np.asarray(heliocentric["p"]) + icrs, np.asarray(barycentric["p"]) + icrs


def apparent(states: F8, epoch_tt: float, mjd_tai: float, perturbed: bool = True) -> tuple[F8, F8, F8, F8]:
    """Astrometric ICRS (ra, dec) in radians, geocentric and heliocentric distance (au) of n bodies.

    states : (n, 6) heliocentric position and velocity at ``epoch_tt``. Light time is corrected, aberration by
    the observer's motion is not, as in positions measured against stars.
    """
    return seen(propagate(states, epoch_tt, mjd_tai + TT_MINUS_TAI_DAYS, perturbed), observer(mjd_tai)[0])


def seen(states: F8, site: F8) -> tuple[F8, F8, F8, F8]:
    """What `apparent` gives, from heliocentric states (n, 6) and observer (3,) at the time of observation."""
    place = states[:, :3]
    for _ in range(3):  # each turn gains a factor v / c = 1e-4
        delay = np.linalg.norm(place - site, axis=1) / _LIGHT_AU_PER_DAY
        place = _back(states, delay)
    line = place - site
    distance = np.linalg.norm(line, axis=1)
    ra, dec = np.arctan2(line[:, 1], line[:, 0]), np.arcsin(line[:, 2] / distance)
    return np.mod(ra, 2 * np.pi), dec, distance, np.linalg.norm(place, axis=1)


def propagate(states: F8, epoch_tt: float, to_tt: float, perturbed: bool = True) -> F8:
    """(n, 6) heliocentric states at another time, by an 8th-order Runge-Kutta to 1e-11 relative.

    Steps are common to all bodies, so the last bits depend on which bodies go together.
    """
    states = np.atleast_2d(np.asarray(states, np.float64))
    if len(states) == 0 or epoch_tt == to_tt:
        return states

    def derivative(t: float, flat: F8) -> F8:
        s = flat.reshape(-1, 6)
        return np.concatenate([s[:, 3:], _acceleration(s[:, :3], t, perturbed)], axis=1).ravel()

    solution = solve_ivp(
        derivative, (epoch_tt, to_tt), states.ravel(), method="DOP853", rtol=1e-11, atol=1e-13, t_eval=[to_tt]
    )
    return np.asarray(solution.y[:, -1]).reshape(-1, 6)


def kepler(states: F8, days: float) -> F8:
    """(n, 6) states after ``days`` of two-body motion: elliptic f and g series (Danby 1988, section 6.3)."""
    r, v = states[:, :3], states[:, 3:]
    r0, v2 = np.linalg.norm(r, axis=1), np.sum(v**2, axis=1)
    a = 1 / (2 / r0 - v2 / GM_SUN)
    n = np.sqrt(GM_SUN / a**3)
    ecosE, esinE = 1 - r0 / a, np.sum(r * v, axis=1) / (n * a**2)
    x = n * days
    for _ in range(50):  # Newton on the change of eccentric anomaly (Danby eq. 6.3.23)
        f = x - ecosE * np.sin(x) + esinE * (1 - np.cos(x)) - n * days
        step = f / (1 - ecosE * np.cos(x) + esinE * np.sin(x))
        x = x - step
        if not np.any(np.abs(step) > 1e-14):
            break
    rate = 1 - ecosE * np.cos(x) + esinE * np.sin(x)
    f = 1 - a / r0 * (1 - np.cos(x))
    g = days - (x - np.sin(x)) / n
    df = -(a / r0) * n / rate * np.sin(x)
    dg = 1 - (1 - np.cos(x)) / rate
    column = (slice(None), None)
    return np.concatenate([f[column] * r + g[column] * v, df[column] * r + dg[column] * v], axis=1)


def elements(states: F8) -> dict[str, F8]:
    """Osculating elements on the J2000 ecliptic: a (au), e, and i, node, peri, mean_anomaly in degrees."""
    r, v = to_ecliptic(states[:, :3]), to_ecliptic(states[:, 3:])
    h = np.cross(r, v)
    radius = np.linalg.norm(r, axis=1)
    e_vector = np.cross(v, h) / GM_SUN - r / radius[:, None]
    e = np.linalg.norm(e_vector, axis=1)
    a = 1 / (2 / radius - np.sum(v**2, axis=1) / GM_SUN)
    node = np.arctan2(h[:, 0], -h[:, 1])
    toward_node = np.stack([np.cos(node), np.sin(node), np.zeros_like(node)], -1)
    across = np.cross(h / np.linalg.norm(h, axis=1, keepdims=True), toward_node)
    peri = np.arctan2(np.sum(e_vector * across, 1), np.sum(e_vector * toward_node, 1))
    esinE = np.sum(r * v, axis=1) / np.sqrt(GM_SUN * a)
    E = np.arctan2(esinE, 1 - radius / a)
    angles = {
        "i": np.arctan2(np.hypot(h[:, 0], h[:, 1]), h[:, 2]), "node": node, "peri": peri,
        "mean_anomaly": E - esinE,
    }  # fmt: skip
    return {"a": a, "e": e, **{k: np.degrees(np.mod(x, 2 * np.pi)) for k, x in angles.items()}}


def to_ecliptic(vectors: F8) -> F8:
    """(n, 3) vectors from ICRS axes to the J2000 ecliptic."""
    c, s = np.cos(OBLIQUITY), np.sin(OBLIQUITY)
    return np.asarray(vectors @ np.array([[1.0, 0, 0], [0, c, s], [0, -s, c]]).T)


def _back(states: F8, delay: F8) -> F8:
    """(n, 3) positions ``delay`` (n,) days earlier; the neglected third-order term is 1e-13 au."""
    r = states[:, :3]
    pull = -GM_SUN * r / np.linalg.norm(r, axis=1, keepdims=True) ** 3
    return np.asarray(r - states[:, 3:] * delay[:, None] + 0.5 * pull * delay[:, None] ** 2)


def _acceleration(r: F8, t: float, perturbed: bool) -> F8:
    """Of the Sun and, when asked, of five planets with their pull on the Sun (Danby eq. 9.3.2)."""
    total = -GM_SUN * r / np.linalg.norm(r, axis=1, keepdims=True) ** 3
    if perturbed:
        for number, inverse_mass in _INVERSE_MASS.items():
            planet = np.asarray(erfa.plan94(_MJD_ZERO_JD, t, number)["p"])
            gap = planet - r
            pull = (
                gap / np.linalg.norm(gap, axis=1, keepdims=True) ** 3 - planet / np.linalg.norm(planet) ** 3
            )
            total = total + GM_SUN / inverse_mass * pull
    return np.asarray(total)
