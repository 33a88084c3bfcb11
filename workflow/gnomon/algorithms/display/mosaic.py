"""Detectors of a visit in their places on the sky."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.wcs import Wcs, plane_to_sky, sky_to_plane

F8 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tile:
    """One image and its place."""

    flux: npt.NDArray[np.float32]
    """(ny, nx) float32."""
    wcs: Wcs
    """Pixels to sky."""


def mosaic(tiles: Sequence[Tile], size: int) -> F8:
    """Draw tiles on one tangent plane, north up and east left, by block means and nearest pixels.

    Parameters
    ----------
    tiles : sequence of Tile
        At least one.
    size : int
        Longer side of the result, pixels.

    Returns
    -------
    (ny, nx) float64
        First row is north; NaN outside all tiles.

    Raises
    ------
    ValueError
        No tiles.
    """
    if not tiles:
        raise ValueError("a mosaic wants at least one tile")
    crval = tiles[0].wcs.crval
    corners = [_corners(t, crval) for t in tiles]
    low, high = np.min(corners, axis=(0, 1)), np.max(corners, axis=(0, 1))
    step = float((high - low).max()) / size
    nx, ny = (np.maximum(1, np.ceil((high - low) / step))).astype(int)
    xi = high[0] - (np.arange(nx) + 0.5) * step
    eta = high[1] - (np.arange(ny) + 0.5) * step
    plane_xi, plane_eta = np.meshgrid(xi, eta)
    ra, dec = plane_to_sky(plane_xi, plane_eta, crval)
    canvas = np.full((ny, nx), np.nan)
    for tile in tiles:
        _draw(canvas, tile, ra, dec, step)
    return canvas


def _corners(tile: Tile, crval: tuple[float, float]) -> F8:
    ny, nx = tile.flux.shape
    x, y = np.array([-0.5, nx - 0.5, nx - 0.5, -0.5]), np.array([-0.5, -0.5, ny - 0.5, ny - 0.5])
    return np.stack(sky_to_plane(*tile.wcs.pixel_to_sky(x, y), crval), axis=-1)


def _draw(canvas: F8, tile: Tile, ra: F8, dec: F8, step: float) -> None:
    block = max(1, int(step / tile.wcs.pixel_scale()))
    ny, nx = (n // block for n in tile.flux.shape)
    small = tile.flux[: ny * block, : nx * block].reshape(ny, block, nx, block).mean((1, 3), dtype=np.float64)
    x, y = tile.wcs.sky_to_pixel(ra, dec)
    with np.errstate(invalid="ignore"):
        column, row = np.floor((x + 0.5) / block), np.floor((y + 0.5) / block)
        inside = (column >= 0) & (column < nx) & (row >= 0) & (row < ny)
    canvas[inside] = small[row[inside].astype(int), column[inside].astype(int)]
