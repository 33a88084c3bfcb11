"""The map between pixels and sky: a gnomonic projection with SIP distortion."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

_INVERSE_STEPS = 40  # fixed-point steps at most; a distortion of 1 % per pixel gains two digits a step
_INVERSE_TOLERANCE_PX = 1e-9
_INVERSE_ACCEPTED_PX = 1e-4  # steps that still move more than this have left the field of the polynomial
_BLOCK = 1 << 13  # positions at a time: a dozen float64 temporaries of this length fit the L2 cache


@dataclass(frozen=True, slots=True)
class Wcs:
    """TAN-SIP world coordinates (Calabretta & Greisen 2002; Shupe et al. 2005), pixel origin 0.

    A plain TAN is a TAN-SIP whose polynomials are empty. Any other projection is refitted to one of
    these when it is read, so that the rest of the code knows a single map.
    """

    crval: tuple[float, float]
    """ICRS right ascension and declination of the tangent point, radians."""
    crpix: tuple[float, float]
    """Pixel ``(x, y)`` of the tangent point, first pixel centre is 0."""
    cd: F8
    """(2, 2) float64: pixels to standard coordinates ``(xi, eta)``, radians per pixel."""
    a: F8
    """(n+1, n+1) float64: SIP A[p, q] of ``u^p v^q`` added to x; shape (1, 1) zero where there is none."""
    b: F8
    """(n+1, n+1) float64: SIP B, likewise, added to y."""

    def pixel_to_sky(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[F8, F8]:
        """ICRS ``(ra, dec)`` in radians, ra in [0, 2 pi), of pixel positions of any shape."""
        return _in_blocks(lambda p, q: plane_to_sky(*self.pixel_to_plane(p, q), self.crval), x, y)

    def pixel_to_plane(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[F8, F8]:
        """Standard coordinates ``(xi, eta)`` in radians about the tangent point."""
        u = np.asarray(x, np.float64) - self.crpix[0]
        v = np.asarray(y, np.float64) - self.crpix[1]
        f, g = u + _polynomial(self.a, u, v), v + _polynomial(self.b, u, v)
        return self.cd[0, 0] * f + self.cd[0, 1] * g, self.cd[1, 0] * f + self.cd[1, 1] * g

    def sky_to_pixel(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> tuple[F8, F8]:
        """Pixel ``(x, y)`` of ICRS positions in radians.

        NaN behind the tangent point, and where the distortion has no inverse (far outside the image).
        """
        return _in_blocks(self._sky_to_pixel, ra, dec)

    def _sky_to_pixel(self, ra: F8, dec: F8) -> tuple[F8, F8]:
        xi, eta = sky_to_plane(ra, dec, self.crval)
        inverse = np.linalg.inv(self.cd)
        u, v = inverse[0, 0] * xi + inverse[0, 1] * eta, inverse[1, 0] * xi + inverse[1, 1] * eta
        if self.a.any() or self.b.any():
            u, v = _undistort(self.a, self.b, u, v)
        return u + self.crpix[0], v + self.crpix[1]

    def jacobian(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """(..., 2, 2) derivative of ``(xi, eta)`` by ``(x, y)``, radians per pixel; central differences."""
        step = 0.5
        right, left = self.pixel_to_plane(np.add(x, step), y), self.pixel_to_plane(np.subtract(x, step), y)
        up, down = self.pixel_to_plane(x, np.add(y, step)), self.pixel_to_plane(x, np.subtract(y, step))
        by_x = np.stack([right[0] - left[0], right[1] - left[1]], -1)
        by_y = np.stack([up[0] - down[0], up[1] - down[1]], -1)
        return np.stack([by_x, by_y], -1)

    def pixel_scale(self) -> float:
        """Square root of the pixel area at the tangent point, radians."""
        return float(np.sqrt(abs(np.linalg.det(self.cd))))


def tangent_wcs(crval: tuple[float, float], crpix: tuple[float, float], cd: npt.ArrayLike) -> Wcs:
    """A TAN projection without distortion; arguments as the fields of `Wcs`."""
    none = np.zeros((1, 1))
    return Wcs(crval, crpix, np.asarray(cd, np.float64), none, none)


def wcs_to_text(wcs: Wcs) -> str:
    """The map as JSON of its fields, radians and pixels, exact to the last bit: for a column of a table."""
    fields = {
        "crval": wcs.crval,
        "crpix": wcs.crpix,
        "cd": wcs.cd.tolist(),
        "a": wcs.a.tolist(),
        "b": wcs.b.tolist(),
    }
    return json.dumps(fields)


def wcs_from_text(text: str) -> Wcs:
    """Inverse of `wcs_to_text`."""
    f = json.loads(text)
    cd, a, b = (np.array(f[n], np.float64) for n in ("cd", "a", "b"))
    return Wcs((f["crval"][0], f["crval"][1]), (f["crpix"][0], f["crpix"][1]), cd, a, b)


def sky_to_plane(ra: npt.ArrayLike, dec: npt.ArrayLike, crval: tuple[float, float]) -> tuple[F8, F8]:
    """Gnomonic projection about ``crval``; all radians; NaN 90 degrees or more away."""
    dra = np.asarray(ra, np.float64) - crval[0]
    sin_d, cos_d = np.sin(np.asarray(dec, np.float64)), np.cos(np.asarray(dec, np.float64))
    sin_0, cos_0 = np.sin(crval[1]), np.cos(crval[1])
    depth = sin_0 * sin_d + cos_0 * cos_d * np.cos(dra)
    with np.errstate(invalid="ignore", divide="ignore"):
        depth = np.where(depth > 0, depth, np.nan)
        xi = cos_d * np.sin(dra) / depth
        eta = (cos_0 * sin_d - sin_0 * cos_d * np.cos(dra)) / depth
    return xi, eta


def plane_to_sky(xi: npt.ArrayLike, eta: npt.ArrayLike, crval: tuple[float, float]) -> tuple[F8, F8]:
    """Inverse of `sky_to_plane`; ra in [0, 2 pi)."""
    xi, eta = np.asarray(xi, np.float64), np.asarray(eta, np.float64)
    sin_0, cos_0 = np.sin(crval[1]), np.cos(crval[1])
    ra = crval[0] + np.arctan2(xi, cos_0 - eta * sin_0)
    dec = np.arctan2(sin_0 + eta * cos_0, np.hypot(xi, cos_0 - eta * sin_0))
    return np.mod(ra, 2 * np.pi), dec


def _in_blocks(
    function: Callable[[F8, F8], tuple[F8, F8]], first: npt.ArrayLike, second: npt.ArrayLike
) -> tuple[F8, F8]:
    """The function over pieces that stay in the cache; any shapes that broadcast."""
    p, q = np.broadcast_arrays(np.asarray(first, np.float64), np.asarray(second, np.float64))
    if p.size <= _BLOCK:
        return function(p, q)
    flat_p, flat_q, out = p.reshape(-1), q.reshape(-1), np.empty((2, p.size))
    for start in range(0, p.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        out[0, part], out[1, part] = function(flat_p[part], flat_q[part])
    return out[0].reshape(p.shape), out[1].reshape(p.shape)


def _polynomial(c: F8, u: F8, v: F8) -> F8:
    """Sum of ``c[p, q] u^p v^q``, Horner in both variables."""
    total = np.zeros(np.broadcast(u, v).shape)
    for row in c[::-1]:
        total = total * u
        used = np.flatnonzero(row)
        if used.size:
            inner = np.full_like(total, row[used[-1]])
            for value in row[: used[-1]][::-1]:
                inner = inner * v + value
            total = total + inner
    return total


def _undistort(a: F8, b: F8, f: F8, g: F8) -> tuple[F8, F8]:
    """Solve ``u + A(u, v) = f``, ``v + B(u, v) = g`` by fixed-point steps; NaN where they do not settle."""
    u, v = f, g
    change = np.zeros_like(u)
    with np.errstate(invalid="ignore", over="ignore"):
        for _ in range(_INVERSE_STEPS):
            next_u, next_v = f - _polynomial(a, u, v), g - _polynomial(b, u, v)
            change = np.maximum(np.abs(next_u - u), np.abs(next_v - v))
            u, v = next_u, next_v
            if not np.any(change > _INVERSE_TOLERANCE_PX):
                break
        settled = change < _INVERSE_ACCEPTED_PX
    return np.where(settled, u, np.nan), np.where(settled, v, np.nan)
