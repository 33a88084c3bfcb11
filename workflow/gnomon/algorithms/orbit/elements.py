"""Orbital elements and Cartesian states of conic orbits of every eccentricity.

Elements are heliocentric, on the ecliptic of J2000 (obliquity 84381.448", the convention of JPL and the
MPC); states are heliocentric on the axes of the ICRF. Angles radians, lengths au, times days.
"""

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

GM_SUN = 2.9591220828411956e-4  # au^3/day^2, DE440
OBLIQUITY = np.deg2rad(84381.448 / 3600)  # IAU 1976
_NEAR_PARABOLA = 1e-3  # |lambda| w^2 below which the time from perihelion is summed as a series
_SERIES_TERMS = 7
_NEWTON_STEPS = 60
_ROTATION = np.array(
    [[1, 0, 0], [0, np.cos(OBLIQUITY), -np.sin(OBLIQUITY)], [0, np.sin(OBLIQUITY), np.cos(OBLIQUITY)]]
)


def ecliptic_to_icrf(vectors: npt.ArrayLike) -> F8:
    """Rotate (..., 3) vectors from the ecliptic of J2000 to the axes of the ICRF."""
    return np.asarray(np.asarray(vectors, np.float64) @ _ROTATION.T)


def icrf_to_ecliptic(vectors: npt.ArrayLike) -> F8:
    """Inverse of `ecliptic_to_icrf`."""
    return np.asarray(np.asarray(vectors, np.float64) @ _ROTATION)


def cometary_to_cartesian(elements: npt.ArrayLike, mjd_tdb: npt.ArrayLike) -> F8:
    """(n, 6) heliocentric states at ``mjd_tdb`` of elements (n, 6): q, e, i, node, peri, time of perihelion.

    Universal variables from perihelion (Danby 1992, 6.9; Stumpff functions), the same for all e >= 0.
    """
    q, e, i, node, peri, tp = np.moveaxis(np.asarray(elements, np.float64), -1, 0)
    alpha = (1 - e) / q  # 1/a
    dt = np.asarray(mjd_tdb, np.float64) - tp
    with np.errstate(divide="ignore", invalid="ignore"):
        period = np.where(alpha > 0, 2 * np.pi / np.sqrt(GM_SUN * np.maximum(alpha, 1e-300) ** 3), np.inf)
        dt = np.where(alpha > 0, dt - period * np.rint(dt / period), dt)
    s = _universal_anomaly(q, e, alpha, dt)
    _, u1, u2, u3 = _universal_functions(alpha, s)
    r = q + e * u2
    h = np.sqrt(GM_SUN * q * (1 + e))
    x, y = q - u2, h / q * (dt - u3 / np.sqrt(GM_SUN))
    vx, vy = -np.sqrt(GM_SUN) * u1 / r, h / q * (1 - u2 / r)
    return _from_orbital_plane(np.stack([x, y], -1), np.stack([vx, vy], -1), i, node, peri)


def cartesian_to_cometary(state: npt.ArrayLike, mjd_tdb: npt.ArrayLike) -> F8:
    """(n, 6) elements q, e, i, node, peri, time of perihelion of heliocentric states (n, 6).

    Of an ellipse, the perihelion nearest in time. Angles in [0, 2 pi), inclination in [0, pi].
    """
    state = np.asarray(state, np.float64)
    x, v = icrf_to_ecliptic(state[..., :3]), icrf_to_ecliptic(state[..., 3:])
    momentum = np.cross(x, v)
    h2, r = np.sum(momentum**2, -1), np.linalg.norm(x, axis=-1)
    vector_e = np.cross(v, momentum) / GM_SUN - x / r[..., None]
    e = np.linalg.norm(vector_e, axis=-1)
    q = h2 / GM_SUN / (1 + e)
    inclination = np.arctan2(np.hypot(momentum[..., 0], momentum[..., 1]), momentum[..., 2])
    node = np.arctan2(momentum[..., 0], -momentum[..., 1])
    latitude = _argument(x, node, momentum)
    anomaly = np.arctan2(np.sqrt(h2) * np.sum(x * v, -1) / r, h2 / r - GM_SUN)
    tp = np.asarray(mjd_tdb, np.float64) - _time_from_perihelion(q, e, anomaly)
    turn = 2 * np.pi
    return np.stack([q, e, inclination, np.mod(node, turn), np.mod(latitude - anomaly, turn), tp], -1)


def keplerian_to_cartesian(elements: npt.ArrayLike) -> F8:
    """(n, 6) heliocentric states at epoch of ellipses (n, 6): a, e, i, node, peri, mean anomaly at epoch.

    Raises
    ------
    ValueError
        An orbit is not an ellipse.
    """
    a, e, i, node, peri, m = np.moveaxis(np.asarray(elements, np.float64), -1, 0)
    if np.any((e >= 1) | (a <= 0)):
        raise ValueError("Keplerian elements with e >= 1 or a <= 0: use cometary elements")
    turn = np.mod(m + np.pi, 2 * np.pi) - np.pi
    tp = -turn * np.sqrt(a**3 / GM_SUN)
    return cometary_to_cartesian(np.stack([a * (1 - e), e, i, node, peri, tp], -1), np.zeros_like(tp))


def cartesian_to_keplerian(state: npt.ArrayLike) -> F8:
    """(n, 6) elements a, e, i, node, peri, mean anomaly of heliocentric states (n, 6); M is NaN where e >=
    1.
    """
    cometary = cartesian_to_cometary(state, np.zeros(np.shape(state)[:-1]))
    q, e, i, node, peri, tp = np.moveaxis(cometary, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        a = q / (1 - e)
        m = np.mod(-tp * np.sqrt(GM_SUN / a**3), 2 * np.pi)
    return np.stack([a, e, i, node, peri, m], -1)


def _universal_functions(alpha: F8, s: F8) -> tuple[F8, F8, F8, F8]:
    """U0..U3 of universal-variable theory: U_n = s^n c_n(alpha s^2)."""
    z = alpha * s * s
    root = np.sqrt(np.abs(z))
    small = np.abs(z) < 0.1
    safe = np.where(small, 1.0, root)
    hyper = np.minimum(safe, 300.0)
    c0 = np.where(z > 0, np.cos(root), np.cosh(np.minimum(root, 300.0)))
    c1 = np.where(z > 0, np.sin(safe), np.sinh(hyper)) / safe
    signed = np.where(z == 0, 1.0, np.where(small, np.sign(z), z))
    c2, c3 = (1 - c0) / signed, (1 - c1) / signed
    c2, c3 = np.where(small, _stumpff_series(z, 2), c2), np.where(small, _stumpff_series(z, 3), c3)
    c1 = np.where(small, 1 - z * c3, c1)
    return 1 - z * c2, s * c1, s * s * c2, s**3 * c3


def _stumpff_series(z: F8, n: int) -> F8:
    """c_n(z) = sum (-z)^k / (n + 2k)! for |z| < 0.1."""
    total = np.zeros_like(z)
    for k in range(_SERIES_TERMS, 0, -1):
        total = -z / ((n + 2 * k) * (n + 2 * k - 1)) * (1 + total)
    return (1 + total) / (2 if n == 2 else 6)


def _universal_anomaly(q: F8, e: F8, alpha: F8, dt: F8) -> F8:
    """Solve sqrt(mu) dt = q s + e U3(s) by Newton steps kept inside a shrinking bracket."""
    target = np.sqrt(GM_SUN) * np.abs(dt)
    low = np.zeros(np.broadcast(q, target).shape)
    # U3 >= s^3/6 on open orbits, |s| <= pi/sqrt(alpha) on closed ones (dt lies within half a period)
    cubic = np.cbrt(6 * target / np.maximum(e, 1e-3)) + 1e-12
    with np.errstate(divide="ignore"):
        high = np.where(alpha > 0, np.pi / np.sqrt(np.maximum(alpha, 1e-300)), np.minimum(target / q, cubic))
    high = np.minimum(high * (1 + 1e-12), np.where(alpha > 0, high * (1 + 1e-12), target / q + 1e-12))
    s = np.minimum(target / q, 0.5 * (low + high))
    for _ in range(_NEWTON_STEPS):
        _, _, u2, u3 = _universal_functions(alpha, s)
        miss = q * s + e * u3 - target
        low, high = np.where(miss < 0, s, low), np.where(miss < 0, high, s)
        step = s - miss / (q + e * u2)
        moved = np.where((step > low) & (step < high), step, 0.5 * (low + high))
        done = np.abs(moved - s) <= 2e-16 * np.abs(s)
        s = np.where(miss == 0, s, moved)
        if np.all(done | (miss == 0)):
            break
    return np.asarray(np.copysign(s, dt))


def _time_from_perihelion(q: F8, e: F8, anomaly: F8) -> F8:
    """Days since perihelion at a true anomaly in (-pi, pi]."""
    w, lam = np.tan(anomaly / 2), (1 - e) / (1 + e)
    z = lam * w * w
    near = np.abs(z) < _NEAR_PARABOLA
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.abs(lam))
        angle = np.where(lam > 0, np.arctan(root * w), np.arctanh(np.clip(root * w, -1, 1))) / root
        area = 0.5 * ((1 + 1 / lam) * angle + (1 - 1 / lam) * w / (1 + z))
    area = np.where(near, _parabolic_area(np.where(near, w, 0.0), np.where(near, lam, 0.0)), area)
    return np.asarray(2 * q * q / np.sqrt(GM_SUN * q * (1 + e)) * area)


def _parabolic_area(w: F8, lam: F8) -> F8:
    """Integral of (1 + u^2)/(1 + lam u^2)^2 from 0 to w as a series in lam w^2."""
    total = np.zeros_like(w)
    for k in range(_SERIES_TERMS):
        total = total + (k + 1) * (-lam * w * w) ** k * (w / (2 * k + 1) + w**3 / (2 * k + 3))
    return total


def _argument(x: F8, node: F8, momentum: F8) -> F8:
    """Angle in the orbital plane from the ascending node to x."""
    along = np.stack([np.cos(node), np.sin(node), np.zeros_like(node)], -1)
    pole = momentum / np.linalg.norm(momentum, axis=-1, keepdims=True)
    return np.asarray(np.arctan2(np.sum(x * np.cross(pole, along), -1), np.sum(x * along, -1)))


def _from_orbital_plane(x: F8, v: F8, i: F8, node: F8, peri: F8) -> F8:
    """Perifocal (n, 2) position and velocity to heliocentric states on ICRF axes."""
    cn, sn, cp, sp, ci, si = np.cos(node), np.sin(node), np.cos(peri), np.sin(peri), np.cos(i), np.sin(i)
    p = np.stack([cn * cp - sn * sp * ci, sn * cp + cn * sp * ci, sp * si], -1)
    q = np.stack([-cn * sp - sn * cp * ci, -sn * sp + cn * cp * ci, cp * si], -1)
    states = [ecliptic_to_icrf(u[..., :1] * p + u[..., 1:] * q) for u in (x, v)]
    return np.concatenate(states, -1)
