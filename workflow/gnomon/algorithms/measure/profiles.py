"""Galaxy profiles as transforms: elliptical, of unit flux, in units of the half-light radius."""

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.fft import fht, fhtoffset
from scipy.special import gammainc

F8 = npt.NDArray[np.float64]
EXPONENTIAL_B = 1.67834699  # half-light radius of exp(-r)
DEV_B = 7.66924944  # of exp(-b (r^(1/4) - 1))
_LOG_R = np.linspace(np.log(1e-9), np.log(1e5), 2048)
_TABLE_STEP = 0.05  # of ln q: linear interpolation is good to 1e-4


def exponential(q: F8) -> tuple[F8, F8]:
    """Disc, surface brightness exp(-r / h): transform (1 + (k h)^2)^-1.5 and its derivative by ln q.

    q : (k r)^2, r the half-light radius.
    """
    u = q / EXPONENTIAL_B**2
    one = 1 / (1 + u)
    value = one * np.sqrt(one)
    return value, -1.5 * u * one * value


def de_vaucouleurs(q: F8) -> tuple[F8, F8]:
    """Bulge, surface brightness exp(-7.67 r^(1/4)) (de Vaucouleurs 1948): from a table in ln q."""
    low, table = _dev_table()
    at = (np.log(np.maximum(q, np.exp(low))) - low) / _TABLE_STEP
    k = np.minimum(at.astype(np.int64), len(table) - 2)
    slope = table[k + 1] - table[k]
    return table[k] + slope * (at - k), slope / _TABLE_STEP


@cache
def _dev_table() -> tuple[float, F8]:
    """First ln q, and the transform at steps of `_TABLE_STEP`: Hankel transform on a logarithmic grid."""
    r = np.exp(_LOG_R)
    step = float(_LOG_R[1] - _LOG_R[0])
    brightness = np.exp(-DEV_B * (r**0.25 - 1))
    offset = fhtoffset(step, 0.0, bias=0.5)
    transform = fht(brightness * r, step, 0.0, offset, bias=0.5)
    log_k = np.log(np.exp(offset) / r[::-1])
    norm = np.sum(brightness * r * r) * step
    value = transform / np.exp(log_k) / norm
    log_q = np.arange(-12.0, 16.0, _TABLE_STEP)
    return float(log_q[0]), np.interp(0.5 * log_q, log_k, value)


def exponential_within(x: F8) -> F8:
    """Part of the light of a disc within x half-light radii."""
    return np.asarray(gammainc(2, EXPONENTIAL_B * x))


def de_vaucouleurs_within(x: F8) -> F8:
    """Part of the light of a bulge within x half-light radii."""
    return np.asarray(gammainc(8, DEV_B * x**0.25))


def quadratic_form(parameters: F8, kx: F8, ky: F8) -> tuple[F8, F8]:
    """q = k C k of ellipses, and its derivatives by their parameters.

    Parameters
    ----------
    parameters : (n, 3) ln of the half-light radius (pixels, geometric mean of the axes), and the ellipticity
        (eta1, eta2) whose modulus is the logarithm of the axis ratio, so that any number is allowed.
    kx, ky : (m,) radians per pixel.

    Returns
    -------
    (n, m) and (3, n, m) float64.
    """
    r2, e1, e2 = np.exp(2 * parameters[:, :1]), parameters[:, 1:2], parameters[:, 2:]
    s = np.maximum(np.hypot(e1, e2), 1e-6)
    ch, f = np.cosh(s), np.sinh(s) / s
    k2, plus, cross = kx**2 + ky**2, kx**2 - ky**2, 2 * kx * ky
    slant = e1 * plus + e2 * cross
    bend = (ch - f) / s**2
    q = r2 * (ch * k2 + f * slant)
    by_e1, by_e2 = (r2 * (f * e * k2 + bend * e * slant + f * d) for e, d in ((e1, plus), (e2, cross)))
    return q, np.stack([2 * q, by_e1, by_e2])
