"""Warps of many visits onto one cell."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.warp import coordinate_nodes, warp_image, warp_psf
from gnomon.algorithms.warp.grid import covered
from gnomon.containers.box import Box
from gnomon.containers.image import F4, Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.wcs import Wcs
from gnomon.flags import MASK, mask_value
from gnomon.kernels.warp import Interpolant

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
U4 = npt.NDArray[np.uint32]

EXCLUDED = mask_value("SAT", "NO_DATA", "STREAK", "VIGNETTED")
"""Planes whose pixels are left out of a coadd."""
TOUCHED = mask_value("BAD", "CR", "INTRP", "SUSPECT")
"""Planes whose pixels are filled or doubtful: used, and counted as masked."""

_EDGE_PX = 3  # the interpolant's reach
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
    interpolant: Interpolant = "quintic",
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
    if not covered(nodes, image.shape, _EDGE_PX):
        return None
    warped = warp_image(image, nodes, interpolant)
    sample = warped.variance[::_STRIDE_PX, ::_STRIDE_PX]
    known = sample[sample > 0]
    if not len(known):
        return None
    middle = box.x0 + box.nx // 2, box.y0 + box.ny // 2
    stamp = warp_psf(psf, wcs, target, *middle, psf_size, interpolant)
    return CellWarp(visit, detector, warped, stamp, 1 / float(np.median(known)))


def stack_warps(warps: Iterable[CellWarp], capacity: int, *, max_masked: float = 0.5) -> WarpStack | None:
    """The warps in one block of memory, in the order they come; None if there is none.

    Parameters
    ----------
    warps : taken one at a time
    capacity : most warps there can be; memory is 12 bytes per pixel and warp
    max_masked : a warp whose share of masked pixels is larger is dropped, unless no other is left

    Raises
    ------
    ValueError
        More warps than ``capacity``.
    """
    store: _Store | None = None
    fallback: CellWarp | None = None
    for warp in warps:
        if _masked_share(warp.image) > max_masked:
            fallback = fallback or warp
            continue
        store = store or _Store(warp, capacity)
        store.add(warp)
    if store is None and fallback is not None:
        store = _Store(fallback, 1)
        store.add(fallback)
    return store.stack() if store is not None else None


def _masked_share(image: Image) -> float:
    """Share of pixels without information or excluded."""
    if image.variance.all() and not image.mask.any():
        return 0.0
    return float(np.mean((image.variance <= 0) | ((image.mask & np.uint32(EXCLUDED | MASK["BAD"])) != 0)))


class _Store:
    """Memory for a stack, filled plane by plane."""

    def __init__(self, like: CellWarp, capacity: int) -> None:
        shape = (capacity, *like.image.shape)
        self.flux, self.variance = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self.mask = np.empty(shape, np.uint32)
        self.psf = np.empty((capacity, *like.psf.shape), np.float32)
        self.facts: list[tuple[int, int, float]] = []

    def add(self, warp: CellWarp) -> None:
        k = len(self.facts)
        if k == len(self.flux):
            raise ValueError(f"more than the {k} warps that there is room for")
        self.flux[k], self.variance[k] = warp.image.flux, warp.image.variance
        self.mask[k], self.psf[k] = warp.image.mask, warp.psf
        self.facts.append((warp.visit, warp.detector, warp.weight))

    def stack(self) -> WarpStack:
        n = len(self.facts)
        visit, detector, weight = (list(column) for column in zip(*self.facts, strict=True))
        names = np.array(visit, np.int64), np.array(detector, np.int64)
        weights = np.array(weight, np.float64)
        return WarpStack(*names, self.flux[:n], self.variance[:n], self.mask[:n], self.psf[:n], weights)
