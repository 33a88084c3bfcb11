"""A patch in one band from the detectors that lie on it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.coadd.artifacts import ArtifactSettings
from gnomon.algorithms.coadd.cell import coadd_stack
from gnomon.algorithms.coadd.chromatic import Refraction
from gnomon.algorithms.coadd.footprint import BlockSky, Footprint, block_sky, footprint
from gnomon.algorithms.coadd.stack import CellWarp, Pool, Stacker, weight_and_masked
from gnomon.algorithms.warp.resample import PsfSpline, warp_windows
from gnomon.containers.box import Box
from gnomon.containers.calibrated import DetectorView
from gnomon.containers.coadd import CellCoadd
from gnomon.containers.image import F4, Image
from gnomon.containers.skymap import Cell
from gnomon.containers.wcs import Wcs

F8 = npt.NDArray[np.float64]
T = TypeVar("T")
R = TypeVar("R")

_CONTEXT_PX = (
    12  # around what a cell keeps: what artifacts are told from, smoothed by up to 2 px and grown by 4
)
_BLOCK = 4  # cells along a side: what one detector shows of them is warped together
_HELD_BYTES = 12  # of a pixel and epoch of every cell in work: flux, variance, mask
_SUM_BYTES = 5  # of the one that is summed: smoothed flux, rejection


class Over(Protocol):
    """Work on parts, one after the other or side by side; see `gnomon.parallel`."""

    def __call__(self, parts: Sequence[T], work: Callable[[T], R], /) -> Iterator[R]:
        """Results in the order of the parts."""


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
    view: Callable[[], DetectorView]
    """Opens it."""

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
    memory_mb: float
    """Memory for the warps that are held at a time, 10^6 bytes; one cell is always made."""
    matched_sigma: float = 0.0
    """Standard deviation of the Gaussian PSF that warps are convolved to, pixels; 0 leaves them as they are."""
    noise: int | None = None
    """What a realisation of the noise is drawn under; None: none is made."""
    refraction: Refraction | None = None
    """What tells parts of the band apart; None: they are not."""


@dataclass(frozen=True, slots=True)
class Run:
    """Cells side by side that are made together, out of a block of cells."""

    block: tuple[Cell, ...]
    """All cells of the block, row by row."""
    first: int
    """Of the block, the first that is made."""
    count: int
    """How many are made."""


def coadd_patch(
    cells: Sequence[Cell],
    side: int,
    wcs: Wcs,
    inputs: Sequence[CoaddInput],
    options: PatchOptions,
    over: Over | None = None,
) -> Iterator[CellCoadd]:
    """All cells of a patch, block by block, each from the detectors that cover it whole, in order of inputs.

    The PSF images of the inputs are divided by the aperture correction of their detector at that place: a
    cell's PSF is the image of a star of unit total flux. A cell's planes show what the patch takes from it:
    its inner box, at the border of the patch its border too. Its numbers depend on nothing but the cell
    and the inputs: not on which cells are made together, nor where.

    Parameters
    ----------
    cells : of the patch, row by row
    side : of the patch, pixels
    wcs : pixels of the patch to sky
    inputs : in the order of the sum
    over : who works on which cells; None takes one after the other
    """
    work, runs = _Work(side, wcs, inputs, options), runs_of(cells, side, inputs, options)
    for made in over(runs, work) if over is not None else map(work, runs):
        yield from made


def runs_of(
    cells: Sequence[Cell], side: int, inputs: Sequence[CoaddInput], options: PatchOptions
) -> list[Run]:
    """A patch's cells in blocks of up to 4 x 4, and these in pieces whose warps fit into the memory."""
    runs = []
    for block in _blocks(cells):
        shown = max(_shown(c, side).nx * _shown(c, side).ny for c in block)
        depth = max(sum(i.may_cover(c.outer) for i in inputs) for c in block)
        pixels = shown * max(1, depth)
        fit = max(1, int(1e6 * options.memory_mb - _SUM_BYTES * pixels) // (_HELD_BYTES * pixels))
        pieces = -(-len(block) // fit)
        ends = [k * len(block) // pieces for k in range(pieces + 1)]
        runs += [Run(block, a, b - a) for a, b in pairwise(ends)]
    return runs


def _blocks(cells: Sequence[Cell]) -> list[tuple[Cell, ...]]:
    """Cells in squares, in order of the squares."""
    across = {x: k // _BLOCK for k, x in enumerate(sorted({c.inner.x0 for c in cells}))}
    up = {y: k // _BLOCK for k, y in enumerate(sorted({c.inner.y0 for c in cells}))}
    blocks: dict[tuple[int, int], list[Cell]] = {}
    for cell in cells:
        blocks.setdefault((up[cell.inner.y0], across[cell.inner.x0]), []).append(cell)
    return [tuple(blocks[k]) for k in sorted(blocks)]


def _shown(cell: Cell, side: int) -> Box:
    """Pixels of a cell that are warped: those kept, and what artifacts are told from around them."""
    return cell.kept((side, side)).grown(_CONTEXT_PX).within(cell.outer)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One input on a block of cells."""

    footprint: Footprint
    factors: F8
    """(m, nterm) of the basis of its PSF at the cells' middles."""
    shift: F8
    """(m, 2) ways of these from pixel centres."""


@dataclass(frozen=True, slots=True)
class _Work:
    """Makes the cells of a run."""

    side: int
    wcs: Wcs
    inputs: Sequence[CoaddInput]
    options: PatchOptions

    pool: Pool = field(default_factory=Pool)
    splines: dict[int, PsfSpline] = field(default_factory=dict)
    seen: dict[tuple[int, int], _Seen] = field(default_factory=dict)
    blocks: dict[int, BlockSky] = field(default_factory=dict)

    def __call__(self, run: Run) -> list[CellCoadd]:
        numbers = range(run.first, run.first + run.count)
        cells = [run.block[k] for k in numbers]
        mine = [k for k, i in enumerate(self.inputs) if any(i.may_cover(c.outer) for c in cells)]
        shown = {c.index: _shown(c, self.side) for c in run.block}
        depth = max(sum(self.inputs[k].may_cover(c.outer) for k in mine) for c in cells)
        stacks = {c.index: Stacker(depth, shown[c.index].shape, self.pool) for c in cells}
        for k in mine:
            found = self._look(k, run.block, shown)
            covered = [n for n in numbers if found.footprint.covers[n]]
            names = [run.block[n].index for n in covered]
            slots = [stacks[name].slot() for name in names]
            _warp(found.footprint, [shown[name] for name in names], slots)
            for number, name, image in zip(covered, names, slots, strict=True):
                self._keep(k, found, number, image, stacks[name])
        return [self._sum(c, shown[c.index], stacks.pop(c.index)) for c in cells]

    def _keep(self, k: int, found: _Seen, number: int, image: Image, stacker: Stacker) -> None:
        """One input on one cell, if it says anything there."""
        weight, masked = weight_and_masked(image)
        if weight is not None:
            psf, slopes = self._psf(k, found, number), found.footprint.middle.slopes[number]
            one = self.inputs[k]
            stacker.keep(CellWarp(one.visit, one.detector, image, psf, weight, slopes, masked))

    def _look(self, k: int, block: tuple[Cell, ...], shown: dict[int, Box]) -> _Seen:
        """An input on a block; kept as long as pieces of this block are made."""
        for old in [key for key in self.seen if key[0] != block[0].index]:
            del self.seen[old]
        name = block[0].index, k
        if name not in self.seen:
            view = self.inputs[k].view()
            found = footprint(view, self._sky(block, shown))
            if k not in self.splines:
                self.splines[k] = PsfSpline.of(view.psf)
            self.seen[name] = _Seen(found, *self.splines[k].factors(found.middle.x, found.middle.y))
        return self.seen[name]

    def _sky(self, block: tuple[Cell, ...], shown: dict[int, Box]) -> BlockSky:
        """Where a block lies: the same for all inputs."""
        if block[0].index not in self.blocks:
            self.blocks.clear()
            self.blocks[block[0].index] = block_sky(self.wcs, block, reduce(Box.around, shown.values()))
        return self.blocks[block[0].index]

    def _psf(self, k: int, seen: _Seen, number: int) -> F4:
        """The image on a cell of a star whose total flux is 1."""
        m, scale = seen.footprint.middle, 1 / float(seen.footprint.correction[number])
        star = seen.factors[number], seen.shift[number], m.slopes[number, 0], m.slopes[number, 1]
        return self.splines[k].drawn(*star, self.options.psf_size, scale)

    def _sum(self, cell: Cell, shown: Box, stacker: Stacker) -> CellCoadd:
        options, kept, sigma = self.options, cell.kept((self.side, self.side)), self.options.matched_sigma
        given = stacker.stack(), options.psf_size, options.artifacts, sigma
        made = coadd_stack(cell, shown, kept, *given, refraction=options.refraction, noise_key=options.noise)
        stacker.release()
        return made


def _warp(found: Footprint, boxes: Sequence[Box], slots: Sequence[Image]) -> None:
    """What a detector shows of boxes side by side."""
    if not boxes:
        return
    box = reduce(Box.around, boxes)
    nodes = found.nodes.part(box.y0 - found.box.y0, box.x0 - found.box.x0, box.shape)
    first = [(b.y0 - box.y0, b.x0 - box.x0) for b in boxes]
    warp_windows(found.view.section, found.view.shape, nodes, first, slots)
