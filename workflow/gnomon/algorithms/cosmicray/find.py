"""Which pixels a cosmic ray has hit."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.cosmicray.dilate import dilated
from gnomon.algorithms.cosmicray.width import SIGMA_PER_FWHM, check_width
from gnomon.containers.image import F4, Image, strips
from gnomon.flags import MASK
from gnomon.kernels.cosmicray import SharpnessTest, flag_cosmic_rays

BLOCK_PX = 64  # side of a block of the sky maps
UNUSABLE = MASK["BAD"] | MASK["NO_DATA"]
_STRIDE_PX = 4  # every fourth pixel of every fourth row stands for the block
_SKY_QUANTILE = 0.3  # half a sigma below the median: the test wants a level not above the true sky
_SATURATION_REACH_PX = 2  # a bleed trail is sharper than the PSF; so are its shoulders
_CORE_MARGIN = 0.9  # PSFs are taken as 10 % narrower than stated: they vary over the detector
_WIDEST_PX = 1.2  # standard deviation; a tighter bound finds no more events and lets noise flag wide stars
_SEED_MARGIN, _SHARP_SEED_MARGIN = 2.5, 3.0  # with 2.5, noise takes one star in 10^4 at 0.5 arcsec


def find_cosmic_rays(
    image: Image,
    psf_fwhm_px: float,
    *,
    seed_snr: float = 5.0,
    near_snr: float = 4.4,
    grow_snr: float = 3.5,
    seed_margin: float | None = None,
    grow_margin: float = 0.25,
    rounds: int = 5,
    unusable: int = UNUSABLE,
) -> npt.NDArray[np.bool_]:
    """Pixels sharper than the PSF allows, and those of the same events.

    A seed has a positive Laplacian of ``seed_snr`` (van Dokkum 2001, PASP 113, 1420) and, in at least one
    of four directions, two opposite neighbours whose mean is lower than any positive sum of PSFs over the
    sky can have. For a Gaussian core of width s the bound is exp(-d^2 / 2 s^2), reached by a star centred
    on the pixel; any other place, and any blend, is smoother. So star cores are kept by construction, as
    long as the PSF is not narrower than 0.9 times ``psf_fwhm_px``.

    Parameters
    ----------
    image : sky included or not; variance in the unit of flux squared
    psf_fwhm_px : full width at half maximum of the sharpest stars as sampled, pixels
    seed_snr : threshold of the Laplacian over twice the noise, for a new event
    near_snr : the same within 8 pixels of an event, for a fainter piece of its track
    grow_snr : height over the sky, in sigma, for a pixel that touches an event
    seed_margin, grow_margin : noise margin of the test against the PSF, in sigma, for either; None for 2.5, and 3
        where the stars are so sharp (FWHM below 3.1 px) that the bound is their own
    rounds : how often events grow, at most this many pixels from a seed
    unusable : mask planes whose values mean nothing; they are neither used nor flagged

    Returns
    -------
    (ny, nx) bool

    Raises
    ------
    ValueError
        The PSF is not a positive number of pixels.
    """
    check_width(psf_fwhm_px)
    if image.flux.size == 0:
        return np.zeros(image.shape, bool)
    skip = skip_plane(image, unusable)
    sky, sky_variance = sky_mesh(image, skip)
    axis, diagonal = least_ratios(psf_fwhm_px)
    if seed_margin is None:
        seed_margin = _SEED_MARGIN if _core_sigma(psf_fwhm_px) > _WIDEST_PX else _SHARP_SEED_MARGIN
    test = SharpnessTest(axis, diagonal, seed_snr, near_snr, grow_snr, seed_margin, grow_margin)
    flux, variance = np.ascontiguousarray(image.flux), np.ascontiguousarray(image.variance)
    return flag_cosmic_rays(flux, variance, skip, sky, sky_variance, BLOCK_PX, test, rounds).view(bool)


def least_ratios(psf_fwhm_px: float, widest_px: float = _WIDEST_PX) -> tuple[float, float]:
    """Least mean of two opposite neighbours over the pixel between them, along an axis and a diagonal."""
    sigma = min(widest_px, _core_sigma(psf_fwhm_px))
    return float(np.exp(-0.5 / sigma**2)), float(np.exp(-1.0 / sigma**2))


def _core_sigma(psf_fwhm_px: float) -> float:
    return float(_CORE_MARGIN * psf_fwhm_px * SIGMA_PER_FWHM)


def skip_plane(image: Image, unusable: int) -> npt.NDArray[np.uint8]:
    """Bit 1 where a value has no meaning, bit 2 where no cosmic ray may be claimed."""
    skip, saturated = np.empty(image.shape, bool), np.empty(image.shape, bool)
    for rows in strips(image.shape):
        np.not_equal(image.mask[rows] & np.uint32(unusable), 0, out=skip[rows])
        skip[rows] |= image.variance[rows] <= 0
        np.not_equal(image.mask[rows] & np.uint32(MASK["SAT"]), 0, out=saturated[rows])
    plane: npt.NDArray[np.uint8] = skip.view(np.uint8)
    if saturated.any():
        plane |= dilated(saturated, _SATURATION_REACH_PX).view(np.uint8) << 1
    return plane


def sky_mesh(image: Image, skip: npt.NDArray[np.uint8]) -> tuple[F4, F4]:
    """Low level of the sky and its variance per block; blocks without a pixel take the image's."""
    good = skip[::_STRIDE_PX, ::_STRIDE_PX] & 1 == 0
    level = _block_quantile(image.flux[::_STRIDE_PX, ::_STRIDE_PX], good)
    variance = _block_quantile(image.variance[::_STRIDE_PX, ::_STRIDE_PX], good)
    return _lowest_around(level), variance


def _block_quantile(values: F4, good: npt.NDArray[np.bool_]) -> F4:
    """(by, bx) float32 quantile of the good values of each block."""
    side = BLOCK_PX // _STRIDE_PX
    ny, nx = -(-values.shape[0] // side), -(-values.shape[1] // side)
    padded = np.full((ny * side, nx * side), np.inf, np.float32)
    padded[: values.shape[0], : values.shape[1]] = np.where(good, values, np.float32(np.inf))
    blocks = np.sort(padded.reshape(ny, side, nx, side).swapaxes(1, 2).reshape(ny, nx, -1), axis=-1)
    count = np.isfinite(blocks).sum(-1)
    rank = np.maximum(0, (_SKY_QUANTILE * count).astype(np.intp))
    found = np.take_along_axis(blocks, rank[..., None], -1)[..., 0]
    fallback = np.median(found[count > 0]) if (count > 0).any() else np.float32(1)
    return np.where(count > 0, found, np.float32(fallback)).astype(np.float32)


def _lowest_around(level: F4) -> F4:
    """Minimum over the 3 x 3 blocks around each."""
    padded = np.pad(level, 1, mode="edge")
    rows = np.minimum(np.minimum(padded[:-2], padded[1:-1]), padded[2:])
    return np.ascontiguousarray(np.minimum(np.minimum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:]))
