"""One cell of a coadd from its warps."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.coadd.artifacts import ArtifactSettings, find_artifacts
from gnomon.algorithms.coadd.chromatic import Refraction, band_parts
from gnomon.algorithms.coadd.stack import EXCLUDED, TOUCHED, CellWarp, WarpStack, stack_warps
from gnomon.containers.box import Box
from gnomon.containers.coadd import CellCoadd, no_parts, no_plane
from gnomon.containers.image import F4, Image
from gnomon.containers.skymap import Cell
from gnomon.flags import MASK, mask_value
from gnomon.kernels.coadd import MeanBits, MeanPlanes, weighted_mean

U1 = npt.NDArray[np.uint8]

_BITS = MeanBits(
    EXCLUDED,
    TOUCHED,
    kept=2**32
    - 1
    - mask_value("DETECTED", "DETECTED_NEGATIVE", "EDGE"),  # of one visit, they say nothing here
    clipped=MASK["CLIPPED"],
    lost=MASK["REJECTED"],
    inexact=MASK["INEXACT_PSF"],
    no_data=MASK["NO_DATA"],
)


def coadd_cell(
    cell: Cell,
    warps: Iterable[CellWarp],
    capacity: int,
    psf_size: int,
    *,
    artifacts: ArtifactSettings | None = None,
    reject: bool = True,
) -> CellCoadd:
    """Weighted mean of the warps of one cell, artifacts left out.

    Inputs are summed in the order given, in double precision, within this cell alone: the result does not
    depend on which process makes which cell.

    Parameters
    ----------
    cell : its boxes
    warps : in the order of the sum (visit, then detector), each of the shape of the outer box
    capacity : most warps there can be
    psf_size : side of the PSF image of a cell without inputs
    artifacts : how to tell them; None takes the defaults
    reject : False sums without looking for artifacts

    Returns
    -------
    CellCoadd : valid and empty (NO_DATA, no inputs) if there are no warps
    """
    return coadd_stack(
        cell, cell.outer, cell.outer, stack_warps(warps, capacity), psf_size, artifacts, reject=reject
    )


def coadd_stack(
    cell: Cell,
    seen: Box,
    kept: Box,
    stack: WarpStack | None,
    psf_size: int,
    artifacts: ArtifactSettings | None = None,
    matched_sigma: float = 0.0,
    *,
    reject: bool = True,
    refraction: Refraction | None = None,
    noise_key: int | None = None,
) -> CellCoadd:
    """As `coadd_cell`, from a stack of what the warps show of one box, kept within another one in it.

    With ``matched_sigma`` (pixels) the warps are convolved to that Gaussian PSF before they are summed. With
    ``refraction`` parts of the band are told apart, and the image is their sum: the sky at the zenith. With
    ``noise_key`` a realisation of the noise is drawn (`correlated_noise`).
    """
    if stack is None:
        return empty_cell(cell, psf_size, kept)
    rejected = np.zeros(stack.flux.shape, np.uint8)
    planes = _mean(stack, rejected)
    if reject:
        rejected = find_artifacts(stack, artifacts, planes)
        planes = _mean(stack, rejected, planes)
    if matched_sigma > 0:
        from gnomon.algorithms.coadd.match import matched_stack  # as below

        stack = matched_stack(stack, planes.flux, matched_sigma)
        planes = _mean(stack, rejected)
    parts = no_parts() if refraction is None else band_parts(stack, rejected, refraction)
    flux = parts.sum(0, dtype=np.float32) if refraction is not None else planes.flux
    image = Image(flux, planes.variance, planes.mask)
    cut = kept.shifted(-seen.x0, -seen.y0).slices()
    planes_kept = image.section(*cut), planes.count[cut], planes.masked_fraction[cut]
    noise = no_plane() if noise_key is None else _noise(stack, image.variance[cut], noise_key, kept)
    psf = np.tensordot(stack.weight / stack.weight.sum(), stack.psf.astype(np.float64), axes=(0, 0))
    names = stack.visit, stack.detector, stack.weight
    return CellCoadd(cell, kept, *planes_kept, psf.astype(np.float32), *names, noise, parts[:, *cut])


def _mean(stack: WarpStack, rejected: U1, plain: MeanPlanes | None = None) -> MeanPlanes:
    """The weighted mean of what is not rejected."""
    return weighted_mean(stack.flux, stack.variance, stack.mask, rejected, stack.weight, _BITS, plain)


def _noise(stack: WarpStack, variance: F4, key: int, box: Box) -> F4:
    """What noise of this variance looks like after the resampling of these inputs."""
    from gnomon.algorithms.coadd.noise import (  # brings scipy: half of a coadd's imports
        correlated_noise,
        resampling_correlation,
    )

    return correlated_noise(variance, resampling_correlation(stack.slopes, stack.weight), key, box)


def empty_cell(cell: Cell, psf_size: int, kept: Box) -> CellCoadd:
    """A cell that no visit covers."""
    shape = kept.shape
    image = Image(
        np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.full(shape, MASK["NO_DATA"], np.uint32)
    )
    none, blank = np.zeros(0, np.int64), np.zeros((psf_size, psf_size), np.float32)
    counts = np.zeros(shape, np.uint16), np.zeros(shape, np.float32)
    return CellCoadd(cell, kept, image, *counts, blank, none, none.copy(), np.zeros(0))
