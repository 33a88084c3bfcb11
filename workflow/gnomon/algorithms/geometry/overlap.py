"""Which detectors touch which patches of a skymap.

The gnomonic projection draws great circles as straight lines, so on a tract's plane both a detector and a
patch are convex polygons and the test for overlap is exact: two convex polygons are apart if and only if an
edge of one of them separates them (separating axis theorem; Ericson 2005, Real-Time Collision Detection).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.containers.skymap import SkyMap
from gnomon.containers.sphere import directions, project

F8 = npt.NDArray[np.float64]
I4 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]

ARCSEC = np.pi / 180 / 3600
MARGIN_ARCSEC = 2.0
"""A detector counts as touching what is this near, arcsec: distortion bends its edges off great circles."""
MAX_RADIUS = np.radians(20.0)
"""Largest detector, corner to centre, radians: beyond, a tangent plane no longer holds it with a tract."""
_CHUNK = 20_000  # detectors at a time: about 60 MB of work arrays


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Pairs of a detector and a patch that touch, sorted by detector, tract, patch."""

    detector: I8
    """Row of the detector in the arrays given."""
    tract: I4
    """Tract id."""
    patch: I4
    """Patch id in its tract."""

    def __len__(self) -> int:
        return len(self.detector)


def patch_overlaps(
    skymap: SkyMap, ra: npt.ArrayLike, dec: npt.ArrayLike, margin_arcsec: float = MARGIN_ARCSEC
) -> Overlaps:
    """Every patch whose outer box a detector touches; none is missed.

    Parameters
    ----------
    skymap : SkyMap
        The tracts and patches.
    ra, dec : (n, 4) float, radians
        Corners of convex detectors in order around, either way; edges are great circles. A row with a
        NaN overlaps nothing.
    margin_arcsec : float
        Polygons nearer than this on the tract's plane count as touching; up to 1 / cos^3 of the distance to
        the tangent point more on the sky, and up to sqrt(2) times as far beyond a corner.

    Raises
    ------
    ValueError
        Not (n, 4) arrays, a detector wider than 40 degrees, or corners that do not go around once.
    """
    ra, dec = np.asarray(ra, np.float64), np.asarray(dec, np.float64)
    if ra.ndim != 2 or ra.shape[1] != 4 or ra.shape != dec.shape:
        raise ValueError(f"corners are two (n, 4) arrays, not {ra.shape} and {dec.shape}")
    tree = cKDTree(skymap.basis[:, 2])
    parts = [
        _chunk_overlaps(skymap, tree, directions(ra[rows], dec[rows]), rows.start, margin_arcsec * ARCSEC)
        for rows in _chunks(len(ra))
    ]
    columns = [np.concatenate(c) for c in zip(*parts, strict=True)] if parts else [np.empty(0, np.int64)] * 3
    return Overlaps(columns[0], columns[1].astype(np.int32), columns[2].astype(np.int32))


def _chunks(n: int) -> Iterator[slice]:
    yield from (slice(start, min(start + _CHUNK, n)) for start in range(0, n, _CHUNK))


def _chunk_overlaps(
    skymap: SkyMap, tree: cKDTree, corners: F8, first: int, margin: float
) -> tuple[I8, I8, I8]:
    """Sorted pairs of one chunk of detectors with corners (n, 4, 3)."""
    known = np.flatnonzero(np.isfinite(corners).all(axis=(1, 2)))
    centre, radius = bounding_circles(corners[known])
    row, tract = _near_tracts(skymap, tree, centre, radius + margin)
    row = known[row]
    x, y = _on_tract(skymap, tract, corners[row])
    pair, patch = _patches_touched(skymap, tract, x, y, margin / skymap.grid.pixel_scale)
    return row[pair] + first, tract[pair], patch


def bounding_circles(corners: F8) -> tuple[F8, F8]:
    """Centres (n, 3) and radii (n,), radians, of circles that hold convex polygons with corners (n, k, 3).

    Raises
    ------
    ValueError
        A polygon's corner is more than 20 degrees from its centre, or its corners do not go around once.
    """
    centre = corners.mean(axis=1)
    centre /= np.linalg.norm(centre, axis=-1, keepdims=True)
    chord = np.linalg.norm(corners - centre[:, None], axis=-1).max(axis=1, initial=0)
    radius = 2 * np.arcsin(np.minimum(chord / 2, 1.0))
    if (radius > MAX_RADIUS).any():
        row = int(np.argmax(radius))
        found = np.degrees(radius[row])
        raise ValueError(f"detector {row} has a corner {found:.1f} degrees from its centre; at most 20")
    turns = np.einsum("nki,nki->nk", np.cross(corners, np.roll(corners, -1, 1)), np.roll(corners, -2, 1))
    crossed = (turns.max(axis=1, initial=-1) > _FLAT) & (turns.min(axis=1, initial=1) < -_FLAT)
    if crossed.any():
        raise ValueError(
            f"the corners of detector {int(np.argmax(crossed))} do not go around a convex polygon"
        )
    return centre, radius


_FLAT = 1e-14  # triple product of three corners that stand for a straight angle: rounding of unit vectors


def _near_tracts(skymap: SkyMap, tree: cKDTree, centre: F8, radius: F8) -> tuple[I8, I8]:
    """Sorted pairs (row, tract) whose bounding circles touch."""
    if not len(centre):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    reach = skymap.tract_radii()
    widest = 2 * np.sin(min(float(radius.max() + reach.max()), np.pi) / 2) * (1 + 1e-9)
    many = min(8, len(skymap))
    while True:
        distance, tract = tree.query(centre, k=many, distance_upper_bound=widest)
        distance, tract = distance.reshape(len(centre), many), tract.reshape(len(centre), many)
        if many == len(skymap) or np.isinf(distance[:, -1]).all():
            break
        many = min(2 * many, len(skymap))
    order = np.argsort(tract, axis=1, kind="stable")
    distance, tract = (np.take_along_axis(v, order, axis=1) for v in (distance, tract))
    row, column = np.nonzero(np.isfinite(distance))
    tract, angle = (
        tract[row, column].astype(np.int64),
        2 * np.arcsin(np.minimum(distance[row, column] / 2, 1)),
    )
    touch = angle <= radius[row] + reach[tract] + 1e-9
    return row[touch], tract[touch]


def _on_tract(skymap: SkyMap, tract: I8, corners: F8) -> tuple[F8, F8]:
    """Tract pixels (n, 4) of corners (n, 4, 3), each row on its own tract."""
    xi, eta = project(corners, skymap.basis[tract][:, None])
    side, scale = skymap.grid.patch_inner, skymap.grid.pixel_scale
    cx, cy = ((n[tract] * side - 1)[:, None] / 2 for n in (skymap.nx, skymap.ny))
    return cx - xi / scale, cy + eta / scale


def _patches_touched(skymap: SkyMap, tract: I8, x: F8, y: F8, margin: float) -> tuple[I8, I8]:
    """Sorted pairs (row, patch) of polygons (n, 4) in tract pixels and the patches they touch."""
    x0, x1 = _index_range(skymap, x, skymap.nx[tract], margin)
    y0, y1 = _index_range(skymap, y, skymap.ny[tract], margin)
    width, height = np.maximum(x1 - x0, 0), np.maximum(y1 - y0, 0)
    row = np.repeat(np.arange(len(x)), width * height)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(width * height) - width * height, width * height)
    ix, iy = x0[row] + rank % width[row], y0[row] + rank // width[row]
    side, half = skymap.grid.patch_inner, skymap.grid.patch_outer / 2 + margin
    touch = ~_separated(x, y, row, (ix + 0.5) * side - 0.5, (iy + 0.5) * side - 0.5, half)
    return row[touch], iy[touch] * skymap.nx[tract][row[touch]] + ix[touch]


def _index_range(skymap: SkyMap, x: F8, n: I8, margin: float) -> tuple[I8, I8]:
    """First patch and the one after the last along an axis whose outer boxes the interval of x touches."""
    side, reach = skymap.grid.patch_inner, skymap.grid.patch_border + margin
    first = np.floor((x.min(axis=1) + 0.5 - reach) / side).astype(np.int64)
    last = np.floor((x.max(axis=1) + 0.5 + reach) / side).astype(np.int64)
    return np.clip(first, 0, n), np.clip(last + 1, 0, n)


def _separated(x: F8, y: F8, row: I8, cx: F8, cy: F8, half: float) -> Truth:
    """Whether an edge of polygon ``row`` separates it from the square about (cx, cy)."""
    area = (np.roll(x, -1, 1) - x) * (np.roll(y, -1, 1) + y)
    turn = np.sign(-area.sum(axis=1))  # +1 counter-clockwise
    apart = np.zeros(len(row), np.bool_)
    for k in range(4):
        nx, ny = turn * (y[:, (k + 1) % 4] - y[:, k]), turn * (x[:, k] - x[:, (k + 1) % 4])
        edge = nx * x[:, k] + ny * y[:, k]
        reach = half * (np.abs(nx) + np.abs(ny)) + edge
        apart |= nx[row] * cx + ny[row] * cy > reach[row]
    return apart
