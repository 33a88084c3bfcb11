"""Where one detector lies on a block of cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.coadd.stack import EDGE_PX
from gnomon.algorithms.warp.grid import TILE_PX, Nodes, node_sky, nodes_on
from gnomon.containers.box import Box
from gnomon.containers.calibrated import DetectorView
from gnomon.containers.skymap import Cell
from gnomon.containers.wcs import Wcs

F8 = npt.NDArray[np.float64]

_STEP_PX = 8.0  # between the positions that the local map at a cell's middle is told from


@dataclass(frozen=True, slots=True)
class LocalMap:
    """The linear map from the patch to the detector around the middles of cells."""

    x: F8
    """(m,) source pixel of the middle."""
    y: F8
    """(m,)"""
    slopes: F8
    """(m, 2, 2) derivatives by the patch's x, then by its y, of source (x, y)."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """One detector on one block of cells. Made for the whole block, so that its numbers do not depend on which
    of the cells are asked for."""

    view: DetectorView
    """The detector."""
    nodes: Nodes
    """Its pixels under those of the block."""
    box: Box
    """What the nodes cover, in pixels of the patch."""
    covers: npt.NDArray[np.bool_]
    """(m,) whether it covers each cell's outer box whole."""
    middle: LocalMap
    """The map at the cells' middles."""
    correction: F8
    """(m,) aperture correction there."""


@dataclass(frozen=True, slots=True)
class BlockSky:
    """Where a block of cells lies on the sky."""

    box: Box
    """What the nodes cover, in pixels of the patch."""
    nodes: tuple[F8, F8]
    """(my, mx) right ascension and declination, radians, of every TILE_PX-th of its pixels."""
    places: tuple[F8, F8]
    """(m, 9) those of the cells' corners, of their middles, and of two steps from these along each axis."""


def block_sky(wcs: Wcs, block: Sequence[Cell], box: Box) -> BlockSky:
    """A block of cells on the sky.

    Parameters
    ----------
    wcs : pixels of the patch to sky
    block : cells side by side
    box : pixels of the patch that will be asked for
    """
    x0, y0 = (v // TILE_PX * TILE_PX for v in (box.x0, box.y0))
    aligned = Box(x0, y0, box.x1 - x0, box.y1 - y0)
    nodes = node_sky(wcs, aligned.shape, (x0, y0))
    return BlockSky(aligned, nodes, wcs.pixel_to_sky(*_positions(block)))


def footprint(view: DetectorView, sky: BlockSky) -> Footprint:
    """A detector on a block of cells."""
    nodes = nodes_on(view.wcs, sky.nodes, sky.box.shape)
    x, y = view.wcs.sky_to_pixel(*sky.places)
    inside = _inside(x[:, :4], y[:, :4], view.shape)
    slopes = np.stack([_slope(x, y, 5, 6), _slope(x, y, 7, 8)], 1)
    middle = LocalMap(x[:, 4], y[:, 4], slopes)
    correction = view.aperture_correction.at(x[:, 4], y[:, 4])
    return Footprint(view, nodes, sky.box, inside, middle, correction)


def _positions(block: Sequence[Cell]) -> tuple[F8, F8]:
    """(m, 9) pixels (x, y) of the patch: four corners, the middle, and two steps from it along each axis."""
    places = []
    for cell in block:
        o = cell.outer
        mx, my = float(o.x0 + o.nx // 2), float(o.y0 + o.ny // 2)
        corners = [(o.x0, o.y0), (o.x1 - 1, o.y0), (o.x0, o.y1 - 1), (o.x1 - 1, o.y1 - 1)]
        steps = [(mx + _STEP_PX, my), (mx - _STEP_PX, my), (mx, my + _STEP_PX), (mx, my - _STEP_PX)]
        places.append([*corners, (mx, my), *steps])
    table = np.array(places, np.float64)
    return table[..., 0], table[..., 1]


def _inside(x: F8, y: F8, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """(m,) whether all of (m, 4) source pixels lie inside, the interpolant's reach from the border or more."""
    ny, nx = shape
    with np.errstate(invalid="ignore"):
        good = (x >= EDGE_PX) & (x <= nx - 1 - EDGE_PX) & (y >= EDGE_PX) & (y <= ny - 1 - EDGE_PX)
    return np.asarray(good.all(axis=1))


def _slope(x: F8, y: F8, after: int, before: int) -> F8:
    """(m, 2) central differences of the source's (x, y)."""
    return np.stack([x[:, after] - x[:, before], y[:, after] - y[:, before]], 1) / (2 * _STEP_PX)
