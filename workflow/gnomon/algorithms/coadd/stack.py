"""Warps of many visits onto one cell."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.warp import coordinate_nodes, warp_image, warp_psf
from gnomon.algorithms.warp.grid import covered
from gnomon.containers.box import Box
from gnomon.containers.image import F4, Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.wcs import Wcs
from gnomon.flags import MASK, mask_value
from gnomon.kernels.coadd import typical_variance

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
U4 = npt.NDArray[np.uint32]

EXCLUDED = mask_value("SAT", "NO_DATA", "STREAK", "VIGNETTED")
"""Planes whose pixels are left out of a coadd."""
TOUCHED = mask_value("BAD", "CR", "INTRP", "SUSPECT")
"""Planes whose pixels are filled or doubtful: used, and counted as masked."""

EDGE_PX = 3
"""Reach of the interpolant, pixels."""

_STRIDE_PX = 4  # pixels between those whose median variance gives the weight


@dataclass(frozen=True, slots=True)
class CellWarp:
    """One detector of one visit on the pixels of a cell's outer box."""

    visit: int
    detector: int
    image: Image
    """nJy; bad pixels filled before the warp."""
    psf: F4
    """(size, size) float32 PSF at the cell's middle pixel."""
    weight: float
    """Inverse of the typical variance, nJy^-2."""
    slopes: F8 = field(default_factory=lambda: np.eye(2))
    """(2, 2) derivative by the cell's x, then by its y, of the detector's (x, y)."""
    masked: float | None = None
    """Share of its pixels that give nothing; None: to be told from the image."""


@dataclass(frozen=True, slots=True)
class WarpStack:
    """All warps of a cell in the order they came."""

    visit: I8
    """(n,)"""
    detector: I8
    """(n,)"""
    flux: F4
    """(n, ny, nx) float32, nJy."""
    variance: F4
    """(n, ny, nx) float32; 0 without information."""
    mask: U4
    """(n, ny, nx) uint32."""
    psf: F4
    """(n, size, size) float32."""
    weight: F8
    """(n,) float64, nJy^-2."""
    slopes: F8
    """(n, 2, 2) those of the warps."""

    def __len__(self) -> int:
        return len(self.visit)


def warp_to_cell(
    image: Image,
    wcs: Wcs,
    psf: PsfModel,
    target: Wcs,
    box: Box,
    visit: int,
    detector: int,
    *,
    psf_size: int | None = None,
) -> CellWarp | None:
    """A detector image on the pixels of a cell, or None if it does not cover the cell whole.

    Parameters
    ----------
    image : nJy, bad pixels filled; the whole detector
    wcs, psf : of the image
    target : pixels of the patch to sky
    box : outer box of the cell, in pixels of the patch
    visit, detector : kept as the name of the input
    psf_size : side of the PSF image, odd; None takes the model's

    Returns
    -------
    CellWarp : weight is the inverse of the median variance; None too where no pixel has information
    """
    nodes = coordinate_nodes(wcs, target, box.shape, (box.x0, box.y0))
    if not covered(nodes, image.shape, EDGE_PX):
        return None
    warped = warp_image(image, nodes)
    weight, masked = weight_and_masked(warped)
    if weight is None:
        return None
    middle = box.x0 + box.nx // 2, box.y0 + box.ny // 2
    stamp = warp_psf(psf, wcs, target, *middle, psf_size)
    return CellWarp(visit, detector, warped, stamp, weight, masked=masked)


def weight_and_masked(warp: Image) -> tuple[float | None, float]:
    """Inverse of the median variance (None where none is known), and masked share, by every fourth pixel."""
    median, masked = typical_variance(warp.variance, warp.mask, EXCLUDED | MASK["BAD"], _STRIDE_PX)
    return 1 / median if median > 0 else None, masked


def stack_warps(warps: Iterable[CellWarp], capacity: int) -> WarpStack | None:
    """The warps in one block of memory, in the order they come; None if there is none.

    Parameters
    ----------
    warps : taken one at a time
    capacity : most warps there can be; memory is 12 bytes per pixel and warp

    Raises
    ------
    ValueError
        More warps than ``capacity``.
    """
    stacker: Stacker | None = None
    for warp in warps:
        stacker = stacker or Stacker(capacity, warp.image.shape, Pool())
        stacker.add(warp)
    return stacker.stack() if stacker is not None else None


class Pool:
    """Memory that was used and may be used again: fresh memory costs as much as the arithmetic on it.

    It holds as many sets of planes as were in use together, each no larger than the largest asked for.
    """

    def __init__(self) -> None:
        self._free: list[_Planes] = []

    def take(self, pixels: int) -> "_Planes":
        """Flux, variance and mask of at least so many pixels in a row, with anything in them."""
        for k, planes in enumerate(self._free):
            if planes[0].size >= pixels:
                return self._free.pop(k)
        if self._free:
            self._free.pop()  # too small for what comes now: it makes room
        return np.empty(pixels, np.float32), np.empty(pixels, np.float32), np.empty(pixels, np.uint32)

    def give(self, planes: "_Planes") -> None:
        """Take back what nobody looks at any more."""
        self._free.append(planes)


_Planes = tuple[F4, F4, U4]


class Stacker:
    """Gathers the warps of one cell in one block of memory, in the order they come.

    A warp of which more than half is masked is left out, unless no other comes.
    """

    _MAX_MASKED = 0.5

    def __init__(self, capacity: int, shape: tuple[int, int], pool: Pool) -> None:
        pixels = capacity * prod(shape)
        self._pool, self._planes = pool, pool.take(pixels)
        flux, variance, mask = self._planes
        self._flux, self._variance = (p[:pixels].reshape(capacity, *shape) for p in (flux, variance))
        self._mask = mask[:pixels].reshape(capacity, *shape)
        self._kept: list[CellWarp] = []
        self._spoiled: CellWarp | None = None

    def slot(self) -> Image:
        """The planes where the next warp is written.

        Raises
        ------
        ValueError
            More warps than the capacity.
        """
        k = len(self._kept)
        if k == len(self._flux):
            raise ValueError(f"more than the {k} warps that there is room for")
        return Image(self._flux[k], self._variance[k], self._mask[k])

    def keep(self, warp: CellWarp) -> None:
        """The next warp, whose image was written to its slot."""
        masked = weight_and_masked(warp.image)[1] if warp.masked is None else warp.masked
        if masked <= self._MAX_MASKED:
            self._kept.append(warp)
        elif self._spoiled is None:
            self._spoiled = replace(warp, image=_copy(warp.image))

    def add(self, warp: CellWarp) -> None:
        """Copy one warp."""
        slot = self.slot()
        slot.flux[:], slot.variance[:], slot.mask[:] = warp.image.flux, warp.image.variance, warp.image.mask
        self.keep(replace(warp, image=slot))

    def stack(self) -> WarpStack | None:
        """What was gathered; None if nothing was."""
        if not self._kept and self._spoiled is not None:
            self.add(replace(self._spoiled, masked=0.0))
        if not self._kept:
            return None
        n, kept = len(self._kept), self._kept
        names = np.array([w.visit for w in kept], np.int64), np.array([w.detector for w in kept], np.int64)
        flux, variance, mask = self._flux[:n], self._variance[:n], self._mask[:n]
        psf, slopes = np.stack([w.psf for w in kept]), np.stack([w.slopes for w in kept])
        weight = np.array([w.weight for w in kept], np.float64)
        return WarpStack(*names, flux, variance, mask, psf, weight, slopes)

    def release(self) -> None:
        """Hand the memory back: the stack is not looked at any more."""
        self._pool.give(self._planes)


def _copy(image: Image) -> Image:
    return Image(image.flux.copy(), image.variance.copy(), image.mask.copy())
