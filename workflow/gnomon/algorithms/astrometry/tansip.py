"""Least-squares TAN-SIP maps from pairs of pixel and sky positions."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.wcs import Wcs, plane_to_sky, sky_to_plane

F8 = npt.NDArray[np.float64]

_TANGENT_STEPS = 6
_TANGENT_TOLERANCE_RAD = 1e-15  # 0.2 nano-arcseconds: the rounding of an angle of a few radians


@dataclass(frozen=True, slots=True)
class PlaneFit:
    """A TAN-SIP map with the normal matrix it came from."""

    wcs: Wcs
    """The map; its tangent point is the sky position of ``crpix``."""
    inverse_normal: F8
    """(nterm, nterm) inverse of ``T^t W T`` of the terms at ``(x - crpix) / scale``; covariance of the
    coefficients of each axis where the weights are inverse variances, radians squared."""


def fit_tan_sip(
    x: F8,
    y: F8,
    ra: F8,
    dec: F8,
    weight: F8,
    *,
    degree: int,
    crpix: tuple[float, float],
    scale: float,
) -> PlaneFit:
    """The TAN-SIP map of given degree that best takes pixels to the sky.

    Parameters
    ----------
    x, y
        (n,) float64 pixel positions.
    ra, dec
        (n,) float64 ICRS, radians.
    weight
        (n,) float64 inverse variance per axis, radians^-2 (any constant where only the map is wanted).
    degree
        Total degree of the polynomial, at least 1; 1 gives a plain TAN.
    crpix
        Reference pixel ``(x, y)``; the tangent point follows from it.
    scale
        Half the size of the field in pixels: keeps the terms near unity.

    Raises
    ------
    ValueError
        Fewer points than coefficients, or points that do not determine them.
    """
    terms = monomials((x - crpix[0]) / scale, (y - crpix[1]) / scale, degree)
    if len(terms) < terms.shape[1]:
        raise ValueError(f"{len(terms)} points cannot fix the {terms.shape[1]} terms of degree {degree}")
    root = np.sqrt(weight)[:, None]
    q, r = np.linalg.qr(terms * root)
    if np.min(np.abs(np.diag(r))) <= 1e-12 * np.max(np.abs(np.diag(r))):
        raise ValueError(f"the points do not fix a polynomial of degree {degree}")
    solve = np.linalg.inv(r)
    crval = mean_position(ra, dec)
    coefficients = np.zeros((terms.shape[1], 2))
    for _ in range(_TANGENT_STEPS):
        plane = np.stack(sky_to_plane(ra, dec, crval), -1)
        coefficients = solve @ (q.T @ (plane * root))
        if np.max(np.abs(coefficients[0])) <= _TANGENT_TOLERANCE_RAD:
            break
        moved = plane_to_sky(coefficients[0, 0], coefficients[0, 1], crval)
        crval = float(moved[0]), float(moved[1])
    return PlaneFit(_to_wcs(coefficients, degree, crval, crpix, scale), solve @ solve.T)


def monomials(u: F8, v: F8, degree: int) -> F8:
    """(n, nterm) matrix of ``u^p v^q`` in the order of `powers`."""
    pu, pv = [np.ones_like(u)], [np.ones_like(v)]
    for _ in range(degree):
        pu.append(pu[-1] * u)
        pv.append(pv[-1] * v)
    return np.stack([pu[p] * pv[q] for p, q in powers(degree)], -1)


def powers(degree: int) -> list[tuple[int, int]]:
    """Pairs ``(p, q)`` by total degree, then by rising power of the second coordinate."""
    return [(d - q, q) for d in range(degree + 1) for q in range(d + 1)]


def mean_position(ra: F8, dec: F8) -> tuple[float, float]:
    """Direction of the mean unit vector, radians, safe at poles and across ra = 0."""
    cos_d = np.cos(dec)
    x, y, z = np.mean(cos_d * np.cos(ra)), np.mean(cos_d * np.sin(ra)), np.mean(np.sin(dec))
    return float(np.arctan2(y, x) % (2 * np.pi)), float(np.arctan2(z, np.hypot(x, y)))


def _to_wcs(
    coefficients: F8, degree: int, crval: tuple[float, float], crpix: tuple[float, float], scale: float
) -> Wcs:
    """Linear terms become CD; the others, taken back through it, SIP."""
    cd = coefficients[1:3].T / scale
    a, b = np.zeros((1, 1)), np.zeros((1, 1))
    if degree > 1:
        a, b = np.zeros((degree + 1, degree + 1)), np.zeros((degree + 1, degree + 1))
        pixels = np.linalg.solve(cd, coefficients.T)
        for k, (p, q) in enumerate(powers(degree)):
            if p + q > 1:
                a[p, q], b[p, q] = pixels[:, k] / scale ** (p + q)
    return Wcs(crval, crpix, cd, a, b)
