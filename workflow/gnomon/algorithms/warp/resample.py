"""Images and PSFs on another pixel grid."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.warp.grid import TILE_PX, Nodes, source_box
from gnomon.containers.image import F4, Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.wcs import Wcs
from gnomon.flags import MASK
from gnomon.kernels.warp import Interpolant, warp

F8 = npt.NDArray[np.float64]

MARGIN_PX = 24
"""Source pixels around the output that the prefilter and the interpolant see: 16 and 3, and some room."""

_PSF_MARGIN_PX = 6


def warp_image(image: Image, nodes: Nodes, interpolant: Interpolant = "quintic") -> Image:
    """An image resampled to the grid of ``nodes``, its flux conserved.

    A quintic B-spline through the pixels, or Lanczos-3; coordinates exact at the nodes and bilinear between
    them. Fill bad pixels first (`gnomon.algorithms.cosmicray.interpolate`): a spline rings around holes.
    White noise leaves with 0.84 of its variance (quintic) and correlates at neighbouring pixels; the
    variance plane states the true per-pixel variance.

    Parameters
    ----------
    image : source; pixels of variance 0 or plane NO_DATA give nothing
    nodes : from `coordinate_nodes`
    interpolant : "quintic" keeps size and shape of stars 20 times better than "lanczos3"

    Returns
    -------
    Image : of shape ``nodes.shape``; NO_DATA, flux 0 and variance 0 outside the source; SENSOR_EDGE within
        3 px of its border; other planes are the union over the 4 x 4 source pixels around
    """
    box = source_box(nodes, image.shape, MARGIN_PX)
    part = image.section(*box)
    if part.flux.size == 0:
        return _nothing(nodes.shape)
    planes = (np.ascontiguousarray(p) for p in (part.flux, part.variance, part.mask))
    bits, origin = (MASK["NO_DATA"], MASK["SENSOR_EDGE"]), (box[1].start, box[0].start)
    places = nodes.x, nodes.y, nodes.area
    return Image(*warp(*planes, places, nodes.tile, nodes.shape, interpolant, *bits, origin=origin))


def _nothing(shape: tuple[int, int]) -> Image:
    zero = np.zeros(shape, np.float32)
    return Image(zero, zero.copy(), np.full(shape, MASK["NO_DATA"], np.uint32))


def warp_psf(
    psf: PsfModel,
    source: Wcs,
    target: Wcs,
    x: float,
    y: float,
    size: int | None = None,
    interpolant: Interpolant = "quintic",
) -> F4:
    """The PSF of a warped image at one pixel of the target grid.

    The model is drawn where the source sees that pixel, at its sub-pixel place, and resampled with the
    interpolant that the pixels are resampled with, so that it has what the pixels have.

    Parameters
    ----------
    psf : PSF of the source
    source, target : maps between pixels and sky
    x, y : whole pixel of the target grid
    size : side of the result, odd; None takes the model's

    Returns
    -------
    (size, size) float32, star of unit flux centred on the middle pixel, not normalised to sum 1: what a
        finite stamp cuts off is missing
    """
    size = psf.size if size is None else size
    local = _affine_nodes(source, target, x, y, size)
    sx, sy = (
        float(v[0, 0] + (size // 2) * (v[0, 1] + v[1, 0] - 2 * v[0, 0]) / local.tile)
        for v in (local.x, local.y)
    )
    ix, iy = round(sx), round(sy)
    pad = _PSF_MARGIN_PX
    stamp = np.pad(psf.stamps(sx, sy, sx - ix, sy - iy)[0], pad)
    middle = psf.size // 2 + pad
    places = local.x + (middle - ix), local.y + (middle - iy), local.area
    zero = np.zeros(stamp.shape, np.uint32)
    ones = np.ones_like(stamp)
    return warp(stamp, ones, zero, places, local.tile, local.shape, interpolant, 0, 0)[0]


def _affine_nodes(source: Wcs, target: Wcs, x: float, y: float, size: int) -> Nodes:
    """The linear map around one point, as a grid of one tile: over a stamp the rest is below 1e-4 px."""
    half, step = size // 2, 8.0
    dx, dy = np.array([step, -step, 0, 0, 0]), np.array([0, 0, step, -step, 0])
    px, py = source.sky_to_pixel(*target.pixel_to_sky(x + dx, y + dy))
    by_x = np.array([px[0] - px[1], py[0] - py[1]]) / (2 * step)
    by_y = np.array([px[2] - px[3], py[2] - py[3]]) / (2 * step)
    tile = max(TILE_PX, size)
    v, u = np.mgrid[:2, :2] * float(tile) - half
    area = np.full((2, 2), abs(by_x[0] * by_y[1] - by_x[1] * by_y[0]))
    places = [p[4] + by_x[k] * u + by_y[k] * v for k, p in enumerate((px, py))]
    return Nodes(places[0], places[1], area, tile, (size, size))
