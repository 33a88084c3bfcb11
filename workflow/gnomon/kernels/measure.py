"""Positions, shapes and fluxes of sources, one pass over each."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gnomon.kernels import _measure

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
I1 = npt.NDArray[np.int8]
I4 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int64]
U4 = npt.NDArray[np.uint32]

COLUMNS: tuple[str, ...] = tuple(_measure.COLUMNS)
"""Names of the rows of ``Measured.table``."""


class Pixels(NamedTuple):
    """Planes of one shape and the bits of unusable pixels."""

    flux: F4
    variance: F4
    mask: U4
    ignore: int


class Ownership(NamedTuple):
    """Which light belongs to whom: fields as in ``containers.footprints.Sources``."""

    labels: I4
    footprint: I4
    box: I4
    first: I8
    weight: F4


class Targets(NamedTuple):
    """What to measure where."""

    source: I4
    """(n,) index into the ownership tables, -1 for a place that belongs to no source."""
    x: F8
    """(n,) first guess of the place, pixels."""
    y: F8
    sign: I1
    """(n,) -1 measures the image with the other sign."""


class Measured(NamedTuple):
    """Results for n targets."""

    table: F8
    """(len(COLUMNS), n)."""
    aperture_flux: F8
    """(nradii, n)."""
    aperture_err: F8
    flags: U4
    """(n,) bits of ``gnomon.flags.SOURCE``."""


NOBODY = Ownership(
    np.empty((0, 0), np.int32),
    np.empty(0, np.int32),
    np.empty((0, 4), np.int32),
    np.zeros(1, np.int64),
    np.empty(0, np.float32),
)
"""For images in which no light is shared: every target's source must be -1."""


def measure(
    pixels: Pixels,
    ownership: Ownership,
    basis: F4,
    terms: F8,
    targets: Targets,
    radii_px: F8,
    rules: U4,
    fixed: bool,
    fit_sky: bool,
) -> Measured:
    """Measure every target on its own stamp, from which the light of other sources is taken away.

    Parameters
    ----------
    basis : (nterm, side, side) float32, terms : (n, nterm) float64
        PSF of target i is ``sum_k terms[i, k] basis[k]``, normalised here.
    radii_px : (nradii,) float64, ascending
        Circular apertures.
    rules : (nrule, 3) uint32
        Mask bits, and the flags they raise anywhere in the source and in its middle 3 x 3 pixels.
    fixed
        Keep the given positions.
    fit_sky
        Fit a constant with the PSF flux.

    Raises
    ------
    ValueError
        Arrays that do not belong together.
    """
    n = len(targets.x)
    result = Measured(
        np.empty((len(COLUMNS), n)),
        np.empty((len(radii_px), n)),
        np.empty((len(radii_px), n)),
        np.zeros(n, np.uint32),
    )
    arguments = (*pixels, *ownership, basis, terms, *targets, radii_px, rules, fixed, fit_sky, *result)
    _measure.measure(*arguments)
    return result


def stamps(pixels: Pixels, ownership: Ownership, source: I4, x: I4, y: I4, half: int) -> tuple[F4, F4]:
    """Squares about pixels (x, y), each with its own source's share of the light.

    What other footprints hold is set to the sky; unusable pixels take the value of their mirror image through
    the middle where that is usable, else what was observed; off the image everything is 0.

    Parameters
    ----------
    source : (n,) int32 index into the ownership tables, -1 for all light that is there.
    x, y : (n,) int32 middle pixel.
    half : stamps have 2 half + 1 rows and columns.

    Returns
    -------
    (n, side, side) float32 flux, and its variance: 0 where a pixel was unusable or off the image.
    """
    side = 2 * half + 1
    flux, variance = (np.empty((len(x), side, side), np.float32) for _ in range(2))
    arguments = (*pixels, *ownership, source, x, y, flux, variance)
    _measure.stamps(*arguments)
    return flux, variance


def circle_pixel_overlap(x: float, y: float, radius: float) -> float:
    """Area common to the unit pixel centred on (x, y) and the disc of a radius about the origin, exact."""
    return float(_measure.circle_pixel_overlap(x, y, radius))
