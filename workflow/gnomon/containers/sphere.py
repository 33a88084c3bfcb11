"""Directions on the sky as unit vectors and as offsets in a tangent plane."""

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]


def unit_vectors(ra: F8, dec: F8) -> tuple[F8, F8, F8]:
    """Direction, and unit vectors to the east and north of it, each (n, 3)."""
    sa, ca, sd, cd = np.sin(ra), np.cos(ra), np.sin(dec), np.cos(dec)
    r = np.stack([cd * ca, cd * sa, sd], axis=-1)
    east = np.stack([-sa, ca, np.zeros_like(sa)], axis=-1)
    return r, east, np.stack([-sd * ca, -sd * sa, cd], axis=-1)


def directions(ra: F8, dec: F8) -> F8:
    """(n, 3) unit vectors of positions in radians."""
    return unit_vectors(np.asarray(ra, np.float64), np.asarray(dec, np.float64))[0]


def angles(r: F8) -> tuple[F8, F8]:
    """Right ascension in [0, 2 pi) and declination of vectors (n, 3) of any length."""
    return np.arctan2(r[..., 1], r[..., 0]) % (2 * np.pi), np.arctan2(
        r[..., 2], np.hypot(r[..., 0], r[..., 1])
    )


def chord(angle: float) -> float:
    """Straight-line distance of two unit vectors ``angle`` radians apart."""
    return float(2 * np.sin(0.5 * min(angle, np.pi)))


def tangent_offsets(ra: F8, dec: F8, ra0: F8, dec0: F8) -> tuple[F8, F8]:
    """Gnomonic offsets east and north of (ra0, dec0), radians; safe at poles and at ra = 0."""
    r, _, _ = unit_vectors(ra, dec)
    r0, east, north = unit_vectors(ra0, dec0)
    depth = np.sum(r * r0, axis=-1)
    return np.sum(r * east, axis=-1) / depth, np.sum(r * north, axis=-1) / depth


def from_tangent(xi: F8, eta: F8, ra0: F8, dec0: F8) -> tuple[F8, F8]:
    """Inverse of ``tangent_offsets``; right ascension in [0, 2 pi)."""
    r0, east, north = unit_vectors(ra0, dec0)
    return angles(r0 + xi[..., None] * east + eta[..., None] * north)


def tangent_basis(ra: npt.ArrayLike, dec: npt.ArrayLike) -> F8:
    """(..., 3, 3) unit vectors east, north and outward at tangent points in radians, one in each row."""
    r, east, north = unit_vectors(np.asarray(ra, np.float64), np.asarray(dec, np.float64))
    return np.stack([east, north, r], axis=-2)


def project(vectors: F8, basis: F8) -> tuple[F8, F8]:
    """Gnomonic ``(xi, eta)``, radians, of unit vectors (..., 3) on tangent planes (..., 3, 3) that broadcast.

    NaN for points 90 degrees or more from the tangent point.
    """
    local = np.einsum("...ij,...j->...i", basis, vectors)
    depth = np.where(local[..., 2] > 0, local[..., 2], np.nan)
    return local[..., 0] / depth, local[..., 1] / depth
