"""A patch in one band from the detectors that lie on it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.coadd.artifacts import ArtifactSettings
from gnomon.algorithms.coadd.cell import coadd_cell
from gnomon.algorithms.coadd.stack import CellWarp, warp_to_cell
from gnomon.containers.box import Box
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.coadd import CellCoadd
from gnomon.containers.skymap import Cell
from gnomon.containers.wcs import Wcs

F8 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CoaddInput:
    """One detector of one visit that lies on a patch, its pixels still unread."""

    visit: int
    """Exposure."""
    detector: int
    """Sensor."""
    seeing: float
    """FWHM, arcsec."""
    bounds: tuple[float, float, float, float]
    """x0, y0, x1, y1 of its corners on the patch, pixels."""
    load: Callable[[], CalibratedImage]
    """Reads it."""

    def may_cover(self, box: Box) -> bool:
        """Whether a box lies inside the bounds: those it covers whole do, a turned detector's corners too."""
        x0, y0, x1, y1 = self.bounds
        return x0 <= box.x0 and y0 <= box.y0 and box.x1 - 1 <= x1 and box.y1 - 1 <= y1


@dataclass(frozen=True, slots=True)
class PatchOptions:
    """How a patch is summed."""

    psf_size: int
    """Side of the PSF images, odd."""
    artifacts: ArtifactSettings
    """How artifacts are told."""
    rows_at_once: int
    """Rows of cells whose warps are in memory together; detectors are read once for each such group."""


def coadd_patch(
    cells: Sequence[Cell], wcs: Wcs, inputs: Sequence[CoaddInput], options: PatchOptions
) -> Iterator[CellCoadd]:
    """All cells of a patch in their order, each from the detectors that cover it whole, in order of inputs.

    The PSF images of the inputs are divided by the aperture correction of their detector at that place: a
    cell's PSF is the image of a star of unit total flux.

    Parameters
    ----------
    cells : of the patch, row by row
    wcs : pixels of the patch to sky
    inputs : in the order of the sum

    Limits: cells are made one after the other; a group of rows holds 12 bytes a pixel and warp.
    """
    rows = sorted({c.inner.y0 for c in cells})
    for k in range(0, len(rows), options.rows_at_once):
        group = [c for c in cells if c.inner.y0 in rows[k : k + options.rows_at_once]]
        warps = _warps(group, wcs, inputs, options.psf_size)
        for cell in group:
            mine = warps.pop(cell.index)
            yield coadd_cell(cell, mine, len(mine), options.psf_size, artifacts=options.artifacts)


def _warps(
    group: Sequence[Cell], wcs: Wcs, inputs: Sequence[CoaddInput], psf_size: int
) -> dict[int, list[CellWarp]]:
    """Warps by cell; each detector is read once."""
    warps: dict[int, list[CellWarp]] = {c.index: [] for c in group}
    for one in inputs:
        mine = [c for c in group if one.may_cover(c.outer)]
        if not mine:
            continue
        part = one.load()
        for cell in mine:
            warp = warp_to_cell(
                part.image, part.wcs, part.psf, wcs, cell.outer, one.visit, one.detector, psf_size=psf_size
            )
            if warp is not None:
                warps[cell.index].append(_of_unit_flux(warp, part, wcs, cell.outer))
    return warps


def _of_unit_flux(warp: CellWarp, part: CalibratedImage, wcs: Wcs, box: Box) -> CellWarp:
    """The warp with the PSF of a star whose total flux is 1."""
    middle = wcs.pixel_to_sky(np.array([box.x0 + box.nx // 2.0]), np.array([box.y0 + box.ny // 2.0]))
    correction = part.aperture_correction.at(*part.wcs.sky_to_pixel(*middle))[0]
    return replace(warp, psf=(warp.psf / np.float32(correction)).astype(np.float32))


def best_seeing(inputs: Sequence[CoaddInput], share: float, least: int) -> list[CoaddInput]:
    """Inputs of the visits with the best seeing, in the order given.

    Parameters
    ----------
    share : part of the visits that is kept, rounded up
    least : fewest visits that are kept, where there are as many
    """
    seeing: dict[int, list[float]] = {}
    for one in inputs:
        seeing.setdefault(one.visit, []).append(one.seeing)
    ranked = sorted(seeing, key=lambda v: (float(np.median(seeing[v])), v))
    kept = set(ranked[: max(least, int(np.ceil(share * len(ranked))))])
    return [one for one in inputs if one.visit in kept]
