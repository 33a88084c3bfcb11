"""Which pixels a cosmic ray has hit, as a network says that has learned from simulated fields."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.cosmicray.features import MIDDLE, REACH_PX, SIDE_PX, features
from gnomon.algorithms.cosmicray.find import BLOCK_PX, UNUSABLE, least_ratios, skip_plane, sky_mesh
from gnomon.algorithms.cosmicray.network import Network, from_text, log_odds
from gnomon.algorithms.cosmicray.weights import SIZES, WEIGHTS
from gnomon.algorithms.cosmicray.width import check_width
from gnomon.containers.image import F4, Image
from gnomon.kernels.cosmicray import CandidateTest, cut_patches, sharp_candidates

Bools = npt.NDArray[np.bool_]
I8 = npt.NDArray[np.int64]

LEAST_SNR, LEAST_MARGIN = 4.0, 1.5
"""Of a candidate: height over the sky, and sharper than the PSF by, in sigma."""
BESIDE_SNR = 2.5
"""Height of a pixel that may belong to the event beside it, in sigma."""
_SEED_ODDS, _SHARP_SEED_ODDS = 4.0, 6.0  # with 4, noise takes two stars in 10^4 at 0.5 arcsec
_SHARP_FWHM_PX = 3.1
_ROUNDS = 8  # pixels that an event grows by at most
_AT_ONCE = 1 << 12  # candidates, so that their features stay in the cache
_DOUBT_RATIO, _DOUBT_SIGMA = 0.5, 10.0  # half of the bound, by so much noise


@dataclass(frozen=True, slots=True)
class Field:
    """An image made ready for looking at single pixels."""

    work: F4
    """(ny, nx), meaningless pixels filled."""
    variance: F4
    """(ny, nx)."""
    skip: npt.NDArray[np.uint8]
    """(ny, nx), 0 where a cosmic ray may be claimed."""
    sky: F4
    """Level at or below the sky, by block of `BLOCK_PX`."""
    sky_variance: F4
    """Its variance."""
    candidates: I8
    """(n,) pixels ``y * nx + x`` that are sharp and high enough for a look."""
    flags: Bools
    """(ny, nx) False; for the answer."""


@cache
def trained() -> Network:
    """The network of `weights`, made by ``python -m gnomon.train``."""
    return from_text(WEIGHTS, SIZES)


def classify_cosmic_rays(
    image: Image,
    psf_fwhm_px: float,
    *,
    seed_odds: float | None = None,
    grow_odds: float = -0.5,
    network: Network | None = None,
    unusable: int = UNUSABLE,
) -> Bools:
    """Pixels that a network takes for cosmic rays, by the 7 x 7 pixels around each.

    Candidates stand 4 sigma above the sky and are sharper than the PSF by 1.5, alone or as one of a pair;
    those of log odds above ``seed_odds`` begin an event. Pixels that touch an event join it above ``grow_odds``,
    again and again. A pixel whose opposite neighbours lie below half of what a PSF has needs no network.

    Parameters
    ----------
    image : sky included or not; variance in the unit of flux squared
    psf_fwhm_px : full width at half maximum of the sharpest stars as sampled, pixels; trained from 2 to 7
    seed_odds, grow_odds : log odds, for the mix of cosmic rays and stars that the network was trained with; None for 4,
        and 6 where stars are so sharp (FWHM below 3.1 px) that noise makes cosmic rays of them
    network : None for the one that the package holds
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
    if seed_odds is None:
        seed_odds = _SEED_ODDS if psf_fwhm_px > _SHARP_FWHM_PX else _SHARP_SEED_ODDS
    field = look(image, psf_fwhm_px, unusable)
    judged = partial(judge, field, psf_fwhm_px=psf_fwhm_px, network=network or trained())
    odds = judged(field.candidates)
    _grow(field, field.candidates[odds > seed_odds], field.candidates[odds > grow_odds], grow_odds, judged)
    return field.flags


def _grow(field: Field, fresh: I8, likely: I8, grow_odds: float, judged: Callable[[I8], F4]) -> None:
    """Flags pixels, then the likely ones that touch them, of which some have yet to be judged, again and again."""
    flags, skip, known = field.flags.ravel(), field.skip.ravel(), field.candidates
    for _ in range(_ROUNDS):
        if not len(fresh):
            return
        flags[fresh] = True
        border = _around(fresh, field.flags.shape)
        border = border[~flags[border] & (skip[border] == 0)]
        new = np.setdiff1d(border, known, assume_unique=True)
        known = np.concatenate([known, new])
        likely = np.concatenate([likely, new[judged(new) > grow_odds]])
        fresh = border[np.isin(border, likely)]


def look(image: Image, psf_fwhm_px: float, unusable: int = UNUSABLE) -> Field:
    """The image made ready, and its candidates."""
    skip = skip_plane(image, unusable)
    sky, sky_variance = sky_mesh(image, skip)
    work, variance = image.flux.copy(order="C"), np.ascontiguousarray(image.variance)
    flags = np.empty(image.shape, np.uint8)
    test = CandidateTest(*least_ratios(psf_fwhm_px, np.inf), LEAST_SNR, LEAST_MARGIN)
    found = sharp_candidates(work, variance, skip, sky, sky_variance, BLOCK_PX, test, flags)
    return Field(work, variance, skip, sky, sky_variance, found, flags.view(bool))


def patches_of(field: Field, pixels: I8) -> tuple[F4, F4]:
    """Heights above the sky around pixels (n, SIDE_PX^2), and their noise (n,)."""
    return cut_patches(field.work, field.variance, field.sky, field.sky_variance, BLOCK_PX, pixels, REACH_PX)


def judge(field: Field, pixels: I8, psf_fwhm_px: float, network: Network) -> F4:
    """Log odds (n,) of pixels; minus infinity for those of less than `BESIDE_SNR`, infinity beyond doubt."""
    odds = np.empty(len(pixels), np.float32)
    for start in range(0, len(pixels), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        patches, sigma = patches_of(field, pixels[part])
        odds[part] = log_odds(network, features(patches, sigma, psf_fwhm_px))
        odds[part][patches[:, MIDDLE] <= BESIDE_SNR * sigma] = -np.inf
        odds[part][_beyond_doubt(patches, sigma, psf_fwhm_px)] = np.inf
    return odds


def _beyond_doubt(patches: F4, sigma: F4, psf_fwhm_px: float) -> Bools:
    """Pixels far sharper than any PSF, (n,): lone hot ones, of a sharpness that the simulated tracks do not have."""
    axis, diagonal = least_ratios(psf_fwhm_px)
    sharp = np.zeros(len(patches), bool)
    for step, ratio in ((1, axis), (SIDE_PX, axis), (SIDE_PX - 1, diagonal), (SIDE_PX + 1, diagonal)):
        pair = 0.5 * (patches[:, MIDDLE - step] + patches[:, MIDDLE + step])
        sharp |= pair < _DOUBT_RATIO * ratio * patches[:, MIDDLE] - _DOUBT_SIGMA * sigma
    return sharp


def _around(pixels: I8, shape: tuple[int, int]) -> I8:
    """The pixels and those that touch them, each once, rising."""
    y, x = np.divmod(pixels, shape[1])
    steps = np.arange(-1, 2)
    v = np.clip(y[:, None, None] + steps[:, None], 0, shape[0] - 1)
    u = np.clip(x[:, None, None] + steps, 0, shape[1] - 1)
    return np.unique(v * shape[1] + u)
