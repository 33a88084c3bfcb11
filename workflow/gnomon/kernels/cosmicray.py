"""Pixels sharper than the point-spread function."""

from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from gnomon.kernels import _cosmicray

F4 = npt.NDArray[np.float32]
U1 = npt.NDArray[np.uint8]
I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SharpnessTest:
    """What a pixel must do to be called a cosmic ray."""

    axis_ratio: float
    """Least (P(+1) + P(-1)) / 2 P(0) of the PSF along an axis."""
    diagonal_ratio: float
    """The same along a diagonal."""
    seed_snr: float
    """Laplacian over twice the noise (van Dokkum 2001, eq. 11) that starts an event."""
    near_snr: float
    """The same within 8 pixels of an event: a fainter piece of its track."""
    grow_snr: float
    """Height over the sky, in sigma, that joins an event."""
    seed_margin: float
    """Noise margin of the test against the PSF, in sigma, for a new event."""
    grow_margin: float
    """The same to join an event."""


def flag_cosmic_rays(
    flux: F4,
    variance: F4,
    skip: U1,
    sky: F4,
    sky_variance: F4,
    block: int,
    test: SharpnessTest,
    rounds: int,
) -> U1:
    """Pixels that no positive sum of PSFs over the sky can make.

    Seeds are pixels whose positive Laplacian exceeds ``test.seed_snr`` and that are sharper than the PSF
    along at least one of four directions. Flagged pixels are replaced by the median of their neighbours,
    and the pixels that touch them are tested again, ``rounds`` times; then seeds of ``test.near_snr`` are sought
    within 8 pixels of what was found, and grow in the same way.

    Parameters
    ----------
    flux, variance : (ny, nx) float32, C order
    skip : (ny, nx) uint8
        Bit 1: the value has no meaning; bit 2: the pixel may not be flagged.
    sky, sky_variance : (ceil(ny / block), ceil(nx / block)) float32
        A level at or below the true sky, and the variance of the sky, positive.
    block : side of a block of the sky maps, pixels
    test : the thresholds
    rounds : times the events grow

    Returns
    -------
    (ny, nx) uint8, 1 for a cosmic ray.

    Raises
    ------
    ValueError
        Shapes do not fit each other.
    """
    flags = np.empty(flux.shape, np.uint8)
    _cosmicray.flag(flux.copy(), variance, skip, sky, sky_variance, block, astuple(test), rounds, flags)
    return flags


@dataclass(frozen=True, slots=True)
class CandidateTest:
    """What a pixel must do to be looked at closely."""

    axis_ratio: float
    """As in `SharpnessTest`."""
    diagonal_ratio: float
    """As in `SharpnessTest`."""
    snr: float
    """Height over the sky, in sigma."""
    margin: float
    """Noise margin of the tests against the PSF, in sigma."""


def sharp_candidates(
    work: F4, variance: F4, skip: U1, sky: F4, sky_variance: F4, block: int, test: CandidateTest, flags: U1
) -> I8:
    """Pixels above the sky that are sharper than the PSF, alone or with one neighbour.

    Alone: as in `flag_cosmic_rays`. With a neighbour: the mean of the two pixels beyond the pair lies below the
    square of the same ratio times the pair's mean, which no sum of Gaussian PSFs does.

    Parameters
    ----------
    work : (ny, nx) float32, C order: the image; its meaningless pixels are filled in place
    variance, skip, sky, sky_variance, block : as for `flag_cosmic_rays`
    test : the thresholds
    flags : (ny, nx) uint8, set to 0

    Returns
    -------
    (n,) int64, ``y * nx + x``, rising.

    Raises
    ------
    ValueError
        Shapes do not fit each other.
    """
    found: I8 = _cosmicray.candidates(work, variance, skip, sky, sky_variance, block, astuple(test), flags)
    return found


def cut_patches(
    work: F4, variance: F4, sky: F4, sky_variance: F4, block: int, pixels: I8, reach: int
) -> tuple[F4, F4]:
    """Heights above the sky around pixels, (n, (2 reach + 1)^2) rows first, and the typical noise there, (n,).

    Noise is the root of the median variance of 5 x 5 pixels, at least the sky's. Beyond the border stands the nearest
    pixel within.

    Raises
    ------
    ValueError
        Shapes do not fit each other, or a pixel lies outside.
    """
    patches = np.empty((len(pixels), (2 * reach + 1) ** 2), np.float32)
    sigma = np.empty(len(pixels), np.float32)
    _cosmicray.patches(work, variance, sky, sky_variance, block, pixels, reach, patches, sigma)
    return patches, sigma
