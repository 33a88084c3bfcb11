"""Sums over a stack of warped images."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gnomon.kernels import _coadd

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
U4 = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class MeanPlanes:
    """What `weighted_mean` makes of a stack."""

    flux: F4
    """(ny, nx) float32, weighted mean; 0 where no input has information."""
    variance: F4
    """(ny, nx) float32, of that mean for independent inputs; 0 where no input has information."""
    mask: U4
    """(ny, nx) uint32, union of the bits of the inputs used, and bits of the mean."""
    count: npt.NDArray[np.uint16]
    """(ny, nx) uint16, inputs used; 0 where all were left out and averaged all the same."""
    masked_fraction: F4
    """(ny, nx) float32, weight of inputs left out or touched over that of all with information."""
    gaps: npt.NDArray[np.uint8]
    """(n,) uint8, 1 for an input that has a pixel without information or with an excluded bit."""


class MeanBits(NamedTuple):
    """Mask bits that tell `weighted_mean` of its inputs, and those by which it tells of the mean."""

    excluded: int
    """A pixel with one of them is left out."""
    touched: int
    """A pixel with one of them counts as masked though it is used."""
    kept: int = 2**32 - 1
    """Of the inputs' bits, those that the mean keeps."""
    clipped: int = 0
    """Of a mean that an input was rejected from."""
    lost: int = 0
    """Of a mean that lacks an input for another reason."""
    inexact: int = 0
    """Of a mean that lacks any input."""
    no_data: int = 0
    """Of a mean without information."""


def weighted_mean(
    flux: F4,
    variance: F4,
    mask: U4,
    reject: npt.NDArray[np.uint8],
    weight: F8,
    bits: MeanBits,
    plain: MeanPlanes | None = None,
) -> MeanPlanes:
    """Mean of a stack with one weight per plane, summed in stack order.

    Parameters
    ----------
    flux, variance : (n, ny, nx) float32, C order; a variance of 0 leaves the pixel out
    mask : (n, ny, nx) uint32
    reject : (n, ny, nx) uint8; 1 leaves the pixel out
    weight : (n,) float64, positive
    bits : what those of the mask mean
    plain : the mean that leaves nothing rejected out; it is used up, and made anew only where something is

    Returns
    -------
    MeanPlanes

    Raises
    ------
    ValueError
        Shapes differ.
    """
    out = _planes(*flux.shape) if plain is None else plain
    arrays = out.flux, out.variance, out.mask, out.count, out.masked_fraction, out.gaps
    _coadd.mean(flux, variance, mask, reject, weight, bits, plain is not None, *arrays)
    return out


def _planes(n: int, *shape: int) -> MeanPlanes:
    flux, variance, fraction = (np.empty(shape, np.float32) for _ in range(3))
    bits, count = np.empty(shape, np.uint32), np.empty(shape, np.uint16)
    return MeanPlanes(flux, variance, bits, count, fraction, np.zeros(n, np.uint8))


def smooth_gaussian(plane: F4, sigma_px: float, out: F4 | None = None) -> F4:
    """A (ny, nx) float32 plane convolved with a Gaussian of ``sigma_px``, its border pixels repeated outward.

    Parameters
    ----------
    out : where it is written; None makes a plane

    Raises
    ------
    ValueError
        A negative width, or shapes that differ.
    """
    smooth = np.empty_like(plane) if out is None else out
    _coadd.smooth(plane, sigma_px, smooth)
    return smooth


def smooth_filled(
    plane: F4, variance: F4, mask: U4, excluded: int, fill: F4, sigma_px: float, out: F4
) -> None:
    """As `smooth_gaussian` into ``out``, with ``fill`` where the variance is 0 or the mask has an excluded bit.

    Raises
    ------
    ValueError
        A negative width, or shapes that differ.
    """
    _coadd.smooth_filled(plane, variance, mask, excluded, fill, sigma_px, out)


def typical_variance(variance: F4, mask: U4, bad: int, step: int) -> tuple[float, float]:
    """Median of the variances above 0 (0 if there is none), and share of the pixels that have none or a bad bit.

    Parameters
    ----------
    variance, mask : (ny, nx) float32 and uint32
    bad : bits
    step : of the pixels along both axes every ``step``-th is looked at

    Raises
    ------
    ValueError
        Shapes differ.
    """
    found: tuple[float, float] = _coadd.typical(variance, mask, bad, step)
    return found


def round_widths(images: F4) -> F8:
    """Standard deviation of the circular Gaussian that weights each image as the image weights itself.

    Adaptive moments (Bernstein & Jarvis 2002, AJ 123, 583, section 3.1) with a circular weight about the
    middle pixel: at the solution the weight's variance is twice the weighted variance.

    Parameters
    ----------
    images : (n, size, size) float32, stars centred on the middle pixel

    Returns
    -------
    (n,) float64, pixels, to 3e-3 of itself; between 0.5 and 8 for images that are no stars

    Raises
    ------
    ValueError
        The images are not square.
    """
    out = np.empty(len(images))
    _coadd.round_widths(images, out)
    return out


def highest_around(plane: F4, scale: float) -> F4:
    """``scale`` times the highest absolute value among the 5 x 5 pixels around each of a (ny, nx) float32 plane."""
    out = np.empty_like(plane)
    _coadd.highest_around(plane, scale, out)
    return out


def static_sky(planes: F4, groups: int = 0) -> F4:
    """Median of (n, ny, nx) float32 planes or, with groups, of the means of every ``groups``-th plane.

    Raises
    ------
    ValueError
        No planes, or fewer than groups; a median of more than 24.
    """
    out = np.empty(planes.shape[1:], np.float32)
    _coadd.static_sky(planes, groups, out)
    return out


def candidates(
    plane: F4,
    sky: tuple[F4, F4, F4],
    sigmas: tuple[float, float, float],
    reach: tuple[int, int],
    found: npt.NDArray[np.uint8],
) -> bool:
    """Where a plane differs from the sky, either way, by more than is allowed and the noise explains.

    Parameters
    ----------
    plane : (ny, nx) float32
    sky : its level, the difference forgiven, and how the noise varies (its scale is told from the median
        difference); each (ny, nx) float32
    sigmas : standard deviations beyond which a pixel is a candidate, and down to which it is followed; the
        least that a standard deviation can be
    reach : pixels along both axes over which it is followed, and then grown
    found : (ny, nx) uint8, set to 1 for candidates, else 0; not written where nothing is beyond the first

    Returns
    -------
    Whether there are any.

    Raises
    ------
    ValueError
        Shapes differ.
    """
    return bool(_coadd.candidates(plane, *sky, sigmas, reach, found))


def keep_rare_regions(
    mask: npt.NDArray[np.bool_], rare: npt.NDArray[np.bool_], share: float
) -> npt.NDArray[np.bool_]:
    """Of the 8-connected regions of a (ny, nx) mask, those of which more than ``share`` of the pixels are rare.

    Raises
    ------
    ValueError
        Shapes differ.
    """
    kept = mask.copy()
    _coadd.rare_regions(kept.view(np.uint8), rare.view(np.uint8), share)
    return kept
