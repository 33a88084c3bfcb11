"""Where the pixels of one grid lie on another."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.wcs import Wcs

F8 = npt.NDArray[np.float64]

TILE_PX = 32
"""Output pixels between exact coordinates: second derivatives of 1e-6 per px leave 1.3e-4 px between."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """Exact source coordinates at every ``tile``-th pixel of an output grid."""

    x: F8
    """(my, mx) float64, source pixel; NaN where the grids do not meet."""
    y: F8
    """(my, mx) float64"""
    area: F8
    """(my, mx) float64, source pixels per output pixel."""
    tile: int
    """Output pixels between nodes."""
    shape: tuple[int, int]
    """(ny, nx) of the output."""
    skip: tuple[int, int] = (0, 0)
    """Pixels (y, x) between the first node and the output's first pixel."""

    def part(self, y0: int, x0: int, shape: tuple[int, int]) -> "Nodes":
        """The nodes of a part of the output that begins (y0, x0) pixels after its first."""
        first = tuple((k + o) // self.tile for k, o in zip(self.skip, (y0, x0), strict=True))
        skip = tuple((k + o) % self.tile for k, o in zip(self.skip, (y0, x0), strict=True))
        count = [-(-(k + n) // self.tile) + 1 for k, n in zip(skip, shape, strict=True)]
        box = tuple(slice(f, f + c) for f, c in zip(first, count, strict=True))
        x, y, area = (np.ascontiguousarray(v[box]) for v in (self.x, self.y, self.area))
        return Nodes(x, y, area, self.tile, shape, (skip[0], skip[1]))


def coordinate_nodes(
    source: Wcs, target: Wcs, shape: tuple[int, int], origin: tuple[int, int] = (0, 0), tile: int = TILE_PX
) -> Nodes:
    """Source coordinates of the pixels of a target grid.

    Parameters
    ----------
    source, target : maps between pixels and sky of either grid
    shape : (ny, nx) of the output
    origin : pixel (x, y) of the target grid that is the output's first
    tile : output pixels between exact coordinates

    Returns
    -------
    Nodes : the area ratio is |d(source x, y) / d(target x, y)|
    """
    return nodes_on(source, node_sky(target, shape, origin, tile), shape, tile)


def node_sky(
    target: Wcs, shape: tuple[int, int], origin: tuple[int, int] = (0, 0), tile: int = TILE_PX
) -> tuple[F8, F8]:
    """Right ascension and declination, radians, (my, mx) each, of every ``tile``-th pixel of a target grid."""
    ny, nx = (-(-n // tile) + 1 for n in shape)
    ty, tx = np.mgrid[:ny, :nx].astype(np.float64) * tile
    return target.pixel_to_sky(tx + origin[0], ty + origin[1])


def nodes_on(source: Wcs, sky: tuple[F8, F8], shape: tuple[int, int], tile: int = TILE_PX) -> Nodes:
    """As `coordinate_nodes`, from what `node_sky` says of the target."""
    x, y = source.sky_to_pixel(*sky)
    return Nodes(x, y, _area_ratio(x, y, tile), tile, shape)


def _area_ratio(x: F8, y: F8, tile: int) -> F8:
    """|d(source) / d(target)| by differences between the nodes, of second order at the border as well."""
    x_by_row, x_by_column = _slopes(x, tile)
    y_by_row, y_by_column = _slopes(y, tile)
    return np.asarray(np.abs(x_by_column * y_by_row - x_by_row * y_by_column), np.float64)


def _slopes(values: F8, tile: int) -> tuple[F8, F8]:
    """Derivatives along rows' number and along columns', per pixel."""
    by_column = _slope(values.T, tile).T
    return _slope(values, tile), by_column


def _slope(values: F8, tile: int) -> F8:
    """Central differences along the first axis, at its ends those of the parabola through three points."""
    if len(values) < 3:
        return np.gradient(values, tile, axis=0)
    slope = np.empty_like(values)
    slope[1:-1] = values[2:] - values[:-2]
    slope[0] = 4 * values[1] - 3 * values[0] - values[2]
    slope[-1] = 3 * values[-1] - 4 * values[-2] + values[-3]
    slope /= 2 * tile
    return slope


def overlaps(nodes: Nodes, source_shape: tuple[int, int]) -> bool:
    """Whether any output pixel may fall on the source."""
    return bool(_near(nodes, source_shape, 0.5).any())


def covered(nodes: Nodes, source_shape: tuple[int, int], margin: int = 0) -> bool:
    """Whether every output pixel falls inside the source, ``margin`` pixels from its border or more."""
    x, y = _border(nodes)
    ny, nx = source_shape
    with np.errstate(invalid="ignore"):
        inside = (x >= margin) & (x <= nx - 1 - margin) & (y >= margin) & (y <= ny - 1 - margin)
    return bool(inside.all())


def _border(nodes: Nodes) -> tuple[F8, F8]:
    """Source coordinates of the four corners of the output, bilinear as the pixels between."""
    ends = [np.array([k, k + n - 1]) / nodes.tile for k, n in zip(nodes.skip, nodes.shape, strict=True)]
    low = [np.minimum(e.astype(np.intp), n - 2) for e, n in zip(ends, nodes.x.shape, strict=True)]
    fy, fx = (ends[0] - low[0])[:, None], ends[1] - low[1]
    j, i = low[0][:, None], low[1]
    x, y = (
        (v[j, i] * (1 - fx) + v[j, i + 1] * fx) * (1 - fy)
        + (v[j + 1, i] * (1 - fx) + v[j + 1, i + 1] * fx) * fy
        for v in (nodes.x, nodes.y)
    )
    return x, y


def _near(nodes: Nodes, source_shape: tuple[int, int], margin: float) -> npt.NDArray[np.bool_]:
    """Nodes whose tile may touch the source: within a tile's diagonal of it."""
    ny, nx = source_shape
    reach = margin + nodes.tile * np.sqrt(2 * np.nanmax(nodes.area)) if np.isfinite(nodes.area).any() else 0.0
    with np.errstate(invalid="ignore"):
        near = (nodes.x > -reach) & (nodes.x < nx + reach) & (nodes.y > -reach) & (nodes.y < ny + reach)
    return np.asarray(near)


def source_box(nodes: Nodes, source_shape: tuple[int, int], margin: int) -> tuple[slice, slice]:
    """Rows and columns of the source that the output needs, with a margin, cut at the border or empty."""
    ny, nx = source_shape
    if not np.isfinite(nodes.x).any():
        return slice(0, 0), slice(0, 0)
    bounds = []
    for values, n in ((nodes.y, ny), (nodes.x, nx)):
        low, high = int(np.floor(np.nanmin(values))) - margin, int(np.ceil(np.nanmax(values))) + margin + 1
        bounds.append(slice(min(max(low, 0), n), max(0, min(high, n))))
    return bounds[0], bounds[1]
