"""HEALPix in the nested order, without the second that importing healpy takes.

Gorski et al. 2005, ApJ 622, 759; the arithmetic of a face follows section 4 of that paper. Angles are
ICRS radians; ``nside`` is a power of two up to 2^29.
"""

import numpy as np
import numpy.typing as npt

from gnomon.containers.sphere import directions

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

_FACE_ROW = np.array([2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4])
_FACE_COLUMN = np.array([1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7])
_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def n_pixels(nside: int) -> int:
    """Number of pixels of the whole sky.

    Raises
    ------
    ValueError
        ``nside`` is not a power of two in [1, 2^29].
    """
    if nside < 1 or nside > 1 << 29 or nside & (nside - 1):
        raise ValueError(f"nside is a power of two from 1 to 2^29, not {nside}")
    return 12 * nside * nside


def pixel_of(nside: int, ra: npt.ArrayLike, dec: npt.ArrayLike) -> I8:
    """Nested pixel index, int64, of positions in radians of any shape."""
    n_pixels(nside)
    ra, dec = np.broadcast_arrays(np.asarray(ra, np.float64), np.asarray(dec, np.float64))
    quarter = np.mod(ra, 2 * np.pi) * (2 / np.pi)
    quarter = np.where(quarter >= 4, 0.0, quarter)
    z = np.sin(dec)
    belt = _belt_cell(nside, quarter, z)
    cap = _cap_cell(nside, quarter, z, np.cos(dec))
    face, ix, iy = (np.where(np.abs(z) <= 2 / 3, b, c) for b, c in zip(belt, cap, strict=True))
    return face * (nside * nside) + _spread_bits(ix) + (_spread_bits(iy) << 1)


def centre_of(nside: int, pixel: npt.ArrayLike) -> tuple[F8, F8]:
    """``(ra, dec)`` in radians of the centres of nested pixels."""
    return position_in(nside, pixel, 0.5, 0.5)


def position_in(nside: int, pixel: npt.ArrayLike, u: npt.ArrayLike, v: npt.ArrayLike) -> tuple[F8, F8]:
    """``(ra, dec)`` in radians at fractions ``u, v`` in [0, 1] along the two sides of nested pixels.

    (0, 0) is the southern corner, (1, 0) the eastern, (1, 1) the northern, (0, 1) the western.
    """
    pixel = np.asarray(pixel, np.int64)
    face, inside = pixel // (nside * nside), pixel % (nside * nside)
    x = (_gather_bits(inside) + np.asarray(u)) / nside
    y = (_gather_bits(inside >> 1) + np.asarray(v)) / nside
    return _face_to_sky(face, x, y)


def outline(nside: int, pixel: npt.ArrayLike, per_side: int = 1) -> tuple[F8, F8]:
    """``(ra, dec)``, radians, (..., 4 per_side): points around nested pixels, from the south eastward."""
    t = np.arange(per_side) / per_side
    zero, one = np.zeros(per_side), np.ones(per_side)
    u, v = np.concatenate([t, one, 1 - t, zero]), np.concatenate([zero, t, one, 1 - t])
    return position_in(nside, np.asarray(pixel, np.int64)[..., None], u, v)


def pixel_radius(nside: int) -> float:
    """Largest distance of any point of a pixel from its centre, radians: where belt and caps meet."""
    n_pixels(nside)
    ra, z = np.array([0.0, np.pi / 4 / nside]), np.array([1 - (1 - 1 / nside) ** 2 / 3, 2 / 3])
    corner, centre = directions(ra, np.arcsin(z))
    return float(2 * np.arcsin(np.linalg.norm(corner - centre) / 2))


def pixels_near(nside: int, ra: float, dec: float, radius: float) -> I8:
    """Sorted nested pixels that may touch the circle of ``radius`` about ``(ra, dec)``, all radians.

    None that touches it is left out; a few that do not may be in. All pixels are tried: for nside up to 256.
    """
    pixels = np.arange(n_pixels(nside))
    pra, pdec = centre_of(nside, pixels)
    haversine = np.sin((pdec - dec) / 2) ** 2 + np.cos(pdec) * np.cos(dec) * np.sin((pra - ra) / 2) ** 2
    reach = min(radius + pixel_radius(nside), np.pi)
    near: npt.NDArray[np.bool_] = haversine <= np.sin(reach / 2) ** 2 * (1 + 1e-12)
    return pixels[near]


def _belt_cell(nside: int, quarter: F8, z: F8) -> tuple[I8, I8, I8]:
    """Face and cell of positions with |z| <= 2/3: rising and falling diagonals are straight in (phi, z)."""
    rising = np.floor(nside * (0.5 + quarter - 0.75 * z)).astype(np.int64)
    falling = np.floor(nside * (0.5 + quarter + 0.75 * z)).astype(np.int64)
    p, m = rising // nside, falling // nside
    face = np.where(p == m, p | 4, np.where(p < m, p, m + 8))
    return face, falling & (nside - 1), nside - 1 - (rising & (nside - 1))


def _cap_cell(nside: int, quarter: F8, z: F8, cos_dec: F8) -> tuple[I8, I8, I8]:
    """Face and cell of positions with |z| > 2/3."""
    sector = np.minimum(quarter.astype(np.int64), 3)
    t = quarter - sector
    sigma = nside * cos_dec / np.sqrt((1 + np.abs(z)) / 3)  # = nside sqrt(3 (1 - |z|)), exact near the pole
    p = np.clip((t * sigma).astype(np.int64), 0, nside - 1)
    m = np.clip(((1 - t) * sigma).astype(np.int64), 0, nside - 1)
    north = z >= 0
    return (
        sector + np.where(north, 0, 8),
        np.where(north, nside - 1 - m, p),
        np.where(north, nside - 1 - p, m),
    )


def _face_to_sky(face: I8, x: F8, y: F8) -> tuple[F8, F8]:
    """Sky of positions x (north-east side) and y (north-west side) in [0, 1] of a base face."""
    row = _FACE_ROW[face] - x - y
    nr = np.minimum(np.minimum(row, 4 - row), 1.0)
    third = nr**2 / 3
    z = np.where(row < 1, 1 - third, np.where(row > 3, third - 1, (2 - row) * 2 / 3))
    rho = np.where(nr < 1, np.sqrt(third * (2 - third)), np.sqrt(np.maximum(1 - z * z, 0)))
    column = _FACE_COLUMN[face] * nr + x - y
    ra = np.pi / 4 * column / np.where(nr < 1e-15, np.inf, nr)
    return np.mod(ra, 2 * np.pi), np.arctan2(z, rho)


def _spread_bits(value: I8) -> I8:
    """Put bit k of a 29-bit number at bit 2k."""
    v = np.asarray(value, np.int64)
    for shift, mask in _SPREAD:
        v = (v | (v << shift)) & mask
    return v


def _gather_bits(value: I8) -> I8:
    """Inverse of `_spread_bits`; the odd bits are ignored."""
    v = np.asarray(value, np.int64) & 0x5555555555555555
    for (shift, _), mask in zip(_SPREAD[::-1], [m for _, m in _SPREAD[-2::-1]] + [0xFFFFFFFF], strict=True):
        v = (v | (v >> shift)) & mask
    return v
