"""Coadds made cell by cell."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.containers.box import Box
from gnomon.containers.cellpsf import CellPsf
from gnomon.containers.dataid import DataId
from gnomon.containers.image import F4, Image
from gnomon.containers.skymap import Cell
from gnomon.containers.wcs import Wcs
from gnomon.flags import MASK

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
U2 = npt.NDArray[np.uint16]


def no_plane() -> F4:
    """A plane without pixels."""
    return np.zeros((0, 0), np.float32)


def no_parts() -> F4:
    """Images of no parts of a band."""
    return np.zeros((0, 0, 0), np.float32)


@dataclass(frozen=True, slots=True)
class CellCoadd:
    """The weighted mean of the warps that cover one cell whole; all inputs share one PSF image each."""

    cell: Cell
    """Its boxes in pixels of the patch."""
    box: Box
    """Pixels of the patch that the planes show: those that the patch takes from this cell, or all of the outer box."""
    image: Image
    """Planes of the box, nJy; NO_DATA and variance 0 where nothing fell."""
    count: U2
    """(ny, nx) uint16, inputs used per pixel; 0 where all were masked and averaged all the same."""
    masked_fraction: F4
    """(ny, nx) float32, weight of inputs masked, filled or rejected over the weight of all."""
    psf: F4
    """(size, size) float32, weighted mean of the inputs' warped PSFs at the middle; 0 without inputs."""
    visit: I8
    """(n,) visits of the inputs, in the order summed."""
    detector: I8
    """(n,) their detectors."""
    weight: F8
    """(n,) their weights, nJy^-2."""
    noise: F4 = field(default_factory=no_plane)
    """Of the box, float32 nJy: the weighted mean of the inputs' noise realisations; no pixels where none was made."""

    parts: F4 = field(default_factory=no_parts)
    """(nsub, ny, nx) float32, nJy: parts of the band, bluest first; none where they were not told apart."""


class Rows:
    """Planes of some rows of a patch, on which its cells are put as they come."""

    def __init__(self, patch: tuple[int, int], first: int = 0, count: int | None = None) -> None:
        """Rows ``first`` to ``first + count`` of a patch of (ny, nx), or all; NO_DATA where no cell is put."""
        self.patch, self.first = patch, first
        self.shape = (patch[0] - first if count is None else count), patch[1]
        flux, variance = np.zeros(self.shape, np.float32), np.zeros(self.shape, np.float32)
        self.image = Image(flux, variance, np.full(self.shape, MASK["NO_DATA"], np.uint32))
        self.count, self.masked_fraction = np.zeros(self.shape, np.uint16), np.zeros(self.shape, np.float32)
        self.noise, self.parts = no_plane(), no_parts()

    def put(self, made: CellCoadd) -> None:
        """What the patch takes from a cell, all of whose rows are among these."""
        kept = made.cell.kept(self.patch)
        cut, to = kept.shifted(-made.box.x0, -made.box.y0).slices(), kept.shifted(0, -self.first).slices()
        self.image.flux[to], self.image.variance[to] = made.image.flux[cut], made.image.variance[cut]
        self.image.mask[to], self.count[to] = made.image.mask[cut], made.count[cut]
        self.masked_fraction[to] = made.masked_fraction[cut]
        if made.noise.size:
            self.noise = self.noise if self.noise.size else np.zeros(self.shape, np.float32)
            self.noise[to] = made.noise[cut]
        if made.parts.size:
            blank = np.zeros((len(made.parts), *self.shape), np.float32)
            self.parts = self.parts if self.parts.size else blank
            self.parts[:, *to] = made.parts[:, *cut]


@dataclass(frozen=True, slots=True)
class PatchCoadd:
    """One patch: its planes, and what its cells say beside them."""

    cells: tuple[CellCoadd, ...]
    """In order of their index, without planes."""
    rows: Rows
    """The planes: inner boxes from their own cells, the outermost border from the cells beside it."""

    @classmethod
    def of(cls, cells: Iterable[CellCoadd], shape: tuple[int, int]) -> "PatchCoadd":
        """A patch of (ny, nx) pixels from its cells, in any order; no more than one is held with its planes."""
        rows, light = Rows(shape), []
        for made in cells:
            rows.put(made)
            light.append(replace(made, **_NO_PLANES))
        return cls(tuple(sorted(light, key=lambda c: c.cell.index)), rows)

    def psf(self) -> CellPsf:
        """PSF images of all cells."""
        first = self.cells[0].cell.inner
        return CellPsf(np.stack([c.psf for c in self.cells]), first.x0, first.nx)

    def inputs(self) -> "CoaddInputs":
        """What went into which cell."""
        n = [len(c.visit) for c in self.cells]
        index = np.repeat(np.array([c.cell.index for c in self.cells], np.int64), n)
        lists = ([getattr(c, name) for c in self.cells] for name in ("visit", "detector", "weight"))
        return CoaddInputs(index, *(np.concatenate(some) for some in lists))


_NO_PLANES: dict[str, Any] = {
    "image": Image(no_plane(), no_plane(), np.zeros((0, 0), np.uint32)),
    "count": np.zeros((0, 0), np.uint16),
    "masked_fraction": no_plane(),
    "noise": no_plane(),
    "parts": no_parts(),
}


@dataclass(frozen=True, slots=True)
class CoaddInputs:
    """Detectors that went into cells, cell by cell in the order summed."""

    cell: I8
    """(n,) index of the cell."""
    visit: I8
    """(n,)"""
    detector: I8
    """(n,)"""
    weight: F8
    """(n,) nJy^-2."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The detectors that lie on a patch, what they were judged by, and why some were left out."""

    visit: tuple[int, ...]
    detector: tuple[int, ...]
    seeing: tuple[float, ...]
    """FWHM, arcsec."""
    ellipticity: tuple[float, ...]
    """Of the PSF."""
    transparency: tuple[float, ...]
    """Light over that of a clear night; where that is not known, rate over the median of these detectors."""
    noise: tuple[float, ...]
    """Standard deviation of a pixel of sky over the median of these detectors."""
    cells: tuple[int, ...]
    """Cells that the detector went into."""
    weight: tuple[float, ...]
    """Mean weight in these cells, nJy^-2; 0 where there are none."""
    reason: tuple[str, ...]
    """Empty text for those that were used."""


def no_selection() -> Selection:
    """Of no detectors."""
    return Selection((), (), (), (), (), (), (), (), ())


def no_inputs() -> CoaddInputs:
    """A list of inputs without rows."""
    none = np.zeros(0, np.int64)
    return CoaddInputs(none, none, none, np.zeros(0))


@dataclass(frozen=True, slots=True)
class Coadd:
    """A patch in one band as it lies in its file."""

    image: Image
    """nJy; NO_DATA and variance 0 where no visit covers a cell whole; (0, 0) pixels in an empty product."""
    count: U2
    """(ny, nx) uint16, inputs used per pixel."""
    wcs: Wcs | None
    """Pixels to sky; None in an empty product."""
    psf: CellPsf
    """PSF by cell."""
    band: str
    """Passband."""
    inputs: CoaddInputs = field(default_factory=no_inputs)
    """What went into which cell."""
    masked_fraction: F4 = field(default_factory=no_plane)
    """(ny, nx) float32, weight of inputs masked, filled or rejected over the weight of all."""
    selection: Selection = field(default_factory=no_selection)
    """What was considered."""
    empty_reason: str = ""
    """Why there is nothing; empty text where there is something."""
    noise: F4 = field(default_factory=no_plane)
    """(ny, nx) float32, nJy: a realisation of the noise, correlated as the image's is; no pixels: none was made."""
    parts: F4 = field(default_factory=no_parts)
    """(nsub, ny, nx) float32, nJy: images of equal parts of the band, bluest first; none in most kinds."""
    refractivity: tuple[float, ...] = ()
    """Of these parts, less that of the band; times tan(zenith distance): displacement to the zenith, radians."""
    data_id: DataId = field(default_factory=DataId)
    """Tract, patch, band and kind."""
    site: tuple[float, float] = (np.nan, np.nan)
    """Longitude and latitude of the telescope, radians, where there are parts: whose air bends them."""
    cell_masked: F8 = field(default_factory=lambda: np.zeros(0))
    """(ncell,) mean of the masked fraction over a cell's inner box."""
    cell_covered: F8 = field(default_factory=lambda: np.zeros(0))
    """(ncell,) share of the pixels of a cell's inner box that have information."""


def cell_means(plane: npt.NDArray[Any], psf: CellPsf) -> F8:
    """(ncell,) mean of a (ny, nx) plane over the inner box of each cell."""
    n = round(len(psf.images) ** 0.5)
    inner = slice(psf.origin, psf.origin + n * psf.side)
    return np.asarray(
        plane[inner, inner].reshape(n, psf.side, n, psf.side).mean((1, 3), dtype=np.float64).ravel()
    )


def empty_coadd(reason: str) -> Coadd:
    """A coadd of nothing."""
    zero, none = np.zeros((0, 0), np.float32), np.zeros((0, 0), np.uint32)
    psf = CellPsf(np.zeros((0, 1, 1), np.float32), 0, 1)
    return Coadd(Image(zero, zero, none), np.zeros((0, 0), np.uint16), None, psf, "", empty_reason=reason)
