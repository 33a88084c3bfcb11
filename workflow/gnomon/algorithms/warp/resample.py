"""Images and PSFs on another pixel grid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.warp.grid import Nodes, source_box
from gnomon.containers.image import F4, Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.wcs import Wcs
from gnomon.flags import MASK
from gnomon.kernels.warp import Interpolant, quintic_coefficients, warp
from gnomon.kernels.warp import warp_psf as draw_psf

F8 = npt.NDArray[np.float64]

MARGIN_PX = 24
"""Source pixels around the output that the prefilter and the interpolant see: 19 and 3, and some room."""

_PSF_MARGIN_PX = 8
_STEP_PX = 8.0  # between the positions that the local map is told from


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
    return warp_section(image.section, image.shape, nodes, interpolant)


def warp_section(
    section: Callable[[slice, slice], Image],
    shape: tuple[int, int],
    nodes: Nodes,
    interpolant: Interpolant = "quintic",
) -> Image:
    """As `warp_image`, from what ``section(rows, columns)`` gives of a source of (ny, nx) = ``shape`` pixels.

    What a pixel gets does not depend on which part of the output is asked for: same nodes, same bits.
    """
    flux, variance = np.empty(nodes.shape, np.float32), np.empty(nodes.shape, np.float32)
    made = Image(flux, variance, np.empty(nodes.shape, np.uint32))
    warp_windows(section, shape, nodes, [(0, 0)], [made], interpolant)
    return made


def warp_windows(
    section: Callable[[slice, slice], Image],
    shape: tuple[int, int],
    nodes: Nodes,
    first: Sequence[tuple[int, int]],
    out: Sequence[Image],
    interpolant: Interpolant = "quintic",
) -> None:
    """As `warp_section`, into the planes ``out`` of windows that begin at pixels ``first`` (y, x) of the output."""
    rows, columns = source_box(nodes, shape, MARGIN_PX)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        for image in out:
            image.flux[:], image.variance[:], image.mask[:] = 0, 0, MASK["NO_DATA"]
        return
    part, bits = section(rows, columns), (MASK["NO_DATA"], MASK["SENSOR_EDGE"])
    flux, variance = np.ascontiguousarray(part.flux), np.ascontiguousarray(part.variance)
    windows = [(y + nodes.skip[0], x + nodes.skip[1]) for y, x in first]
    planes, places = [(o.flux, o.variance, o.mask) for o in out], (nodes.x, nodes.y, nodes.area)
    origin = columns.start, rows.start
    mask, how = np.ascontiguousarray(part.mask), (nodes.tile, interpolant, bits)
    warp(flux, variance, mask, places, *how, windows, planes, origin=origin)


def warp_psf(psf: PsfModel, source: Wcs, target: Wcs, x: float, y: float, size: int | None = None) -> F4:
    """The PSF of a warped image at one pixel of the target grid.

    The model is drawn where the source sees that pixel, at its sub-pixel place, and resampled with the
    quintic spline that the pixels are resampled with, so that it has what the pixels have.

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
    dx, dy = np.array([0, _STEP_PX, -_STEP_PX, 0, 0]), np.array([0, 0, 0, _STEP_PX, -_STEP_PX])
    px, py = source.sky_to_pixel(*target.pixel_to_sky(x + dx, y + dy))
    by_x = np.array([px[1] - px[2], py[1] - py[2]]) / (2 * _STEP_PX)
    by_y = np.array([px[3] - px[4], py[3] - py[4]]) / (2 * _STEP_PX)
    place = float(px[0]), float(py[0])
    return PsfSpline.of(psf).warped(place, by_x, by_y, psf.size if size is None else size)


@dataclass(frozen=True, slots=True)
class PsfSpline:
    """A PSF model prepared to be drawn on other grids."""

    psf: PsfModel
    """The model."""
    coefficients: F4
    """(nterm, side, side) float32: those of its basis for a spline through a spline, zeros around."""
    sums: F8
    """(nterm,) sums of its basis."""

    @classmethod
    def of(cls, psf: PsfModel) -> "PsfSpline":
        """Prepare a model: as long as some hundred draws."""
        padded = np.pad(psf.basis, [(0, 0), (_PSF_MARGIN_PX,) * 2, (_PSF_MARGIN_PX,) * 2])
        images = [quintic_coefficients(quintic_coefficients(image)) for image in padded]
        return cls(psf, np.stack(images), psf.basis.sum(axis=(1, 2), dtype=np.float64))

    def warped(self, place: tuple[float, float], by_x: F8, by_y: F8, size: int, scale: float = 1.0) -> F4:
        """The star on a grid of which the local map is known: over a stamp it is linear to 1e-4 px.

        Parameters
        ----------
        place : source pixel (x, y) of the middle of the result
        by_x, by_y : (2,) derivatives of source (x, y) by the target's x and y
        size : side of the result, odd
        scale : flux of the star
        """
        factors, shift = self.factors(np.array([place[0]]), np.array([place[1]]))
        return self.drawn(factors[0], shift[0], by_x, by_y, size, scale)

    def factors(self, x: F8, y: F8) -> tuple[F8, F8]:
        """(n, nterm) factors of the basis at source pixels, of unit sum; (n, 2) ways (x, y) from pixel centres."""
        terms = self.psf.terms(x, y)
        total = (terms * self.sums).sum(axis=1, keepdims=True)
        return terms / total, np.stack([x - np.rint(x), y - np.rint(y)], 1)

    def drawn(self, factors: F8, shift: F8, by_x: F8, by_y: F8, size: int, scale: float = 1.0) -> F4:
        """As `warped`, for one row of `factors`."""
        return draw_psf(
            self.coefficients, factors, (float(shift[0]), float(shift[1])), by_x, by_y, scale, size
        )
