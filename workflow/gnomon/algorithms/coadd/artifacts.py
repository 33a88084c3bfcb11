"""What is in too few epochs to be sky: satellites, cosmic rays, ghosts, asteroids."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.coadd.lines import faint_trails
from gnomon.algorithms.coadd.stack import EXCLUDED, WarpStack
from gnomon.algorithms.coadd.trails import continued_trails
from gnomon.kernels.coadd import (
    MeanBits,
    MeanPlanes,
    candidates,
    highest_around,
    keep_rare_regions,
    round_widths,
    smooth_filled,
    smooth_gaussian,
    static_sky,
    typical_variance,
    weighted_mean,
)

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
U1 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

_GROUPS = 15  # group means whose median is the static sky: memory independent of the number of epochs
_FEW = 20  # epochs below which the static sky is the median over epochs
_CORRELATED = 1.09  # noise of a smoothed warp over that of independent pixels: .84 of their variance is left
_EXTRA_SIGMA_PX = 0.8  # all epochs are smoothed at least this much: trails gain, noise falls
_LOW = 2.5  # sigma down to which a candidate is followed ...
_FOLLOW_PX = 3  # ... within this distance of its bright part
_GROW_PX = 1  # and then grown
_SAMPLE_PX = 4  # pixels between those that the typical variance is told from
_BORDER_NOISE = (
    0.45  # more noise at the border of a smoothed plane, along either axis; measured, sigma 1 to 2 px
)
_RARE_SHARE = 0.5  # of a connected region that must be in few epochs: trails may cross each other


@dataclass(frozen=True, slots=True)
class ArtifactSettings:
    """How different from the static sky an epoch must be, and in how many epochs it may be so."""

    sigma: float = 5.5
    """Threshold of the smoothed difference, standard deviations."""
    tolerance: float = 0.10
    """Difference forgiven, relative to the static sky around: PSF mismatch and variable stars."""
    few_constant: float = 2.0
    """A difference seen in more than ``few_constant + few_share * n`` epochs is sky ..."""
    few_share: float = 0.03
    """... per epoch."""
    few_most: float = 0.4
    """... and never more than this share of the epochs."""


def find_artifacts(
    stack: WarpStack, settings: ArtifactSettings | None = None, mean: MeanPlanes | None = None
) -> U1:
    """Pixels of each warp that show what too few others show.

    Every warp is smoothed by a Gaussian to one common width, and compared with a robust static sky: the
    median over epochs, or from 20 epochs on the median of 15 means of every 15th epoch. What deviates
    either way beyond the noise and the tolerance is a candidate; a connected region of candidates is an
    artifact if few epochs have candidates in more than half of it, else it is sky (a variable star). Trails
    too faint for any pixel are found as lines. Long straight artifacts are continued through the stars that
    they cross.

    Parameters
    ----------
    stack : warps of one cell
    settings : None takes the defaults
    mean : of the stack with nothing rejected; None makes it

    Returns
    -------
    (n, ny, nx) uint8, 1 for an artifact; all 0 with fewer than 3 epochs, which cannot outvote each other.
    """
    settings = settings or ArtifactSettings()
    n, ny, nx = stack.flux.shape
    found = np.zeros((n, ny, nx), np.uint8)
    most = min(settings.few_most * n, settings.few_constant + settings.few_share * n)
    if most < 1:
        return found
    smooth, noise_shape, least = _matched(stack, mean or _plain_mean(stack))
    sky = static_sky(smooth, _GROUPS if n >= _FEW else 0)
    allowed = highest_around(sky, settings.tolerance)
    seen, times = (sky, allowed, noise_shape), np.zeros((ny, nx), np.uint16)
    spoiled = []
    for k in range(n):
        sigmas = settings.sigma, _LOW, float(least[k])
        if candidates(smooth[k], seen, sigmas, (_FOLLOW_PX, _GROW_PX), found[k]):
            spoiled.append(k)
            times += found[k]
    for k, trail in faint_trails(found, smooth, sky, allowed, noise_shape, least).items():
        times += trail & (found[k] == 0)
        found[k] |= trail
    rare = times <= most
    for k in spoiled:
        found[k] = continued_trails(keep_rare_regions(found[k].view(bool), rare, _RARE_SHARE))
    return found


def _plain_mean(stack: WarpStack) -> MeanPlanes:
    none = np.zeros(stack.flux.shape, np.uint8)
    return weighted_mean(stack.flux, stack.variance, stack.mask, none, stack.weight, MeanBits(EXCLUDED, 0))


def _matched(stack: WarpStack, mean: MeanPlanes) -> tuple[F4, F4, F8]:
    """All warps smoothed to one width, holes filled from the mean; how the noise varies; the least it can be.

    A few epochs are their own median and seem quiet: their noise is no less than their variances say.
    """
    variance = round_widths(stack.psf) ** 2
    target = variance.max() + _EXTRA_SIGMA_PX**2
    smooth, width = np.empty_like(stack.flux), np.sqrt(target - variance)
    least = _CORRELATED * _noise_left(width) / np.sqrt(stack.weight)
    for k in range(len(stack)):
        if mean.gaps[k]:
            given = stack.variance[k], stack.mask[k], EXCLUDED, mean.flux
            smooth_filled(stack.flux[k], *given, float(width[k]), smooth[k])
        else:
            smooth_gaussian(stack.flux[k], float(width[k]), smooth[k])
    return smooth, _noise_shape(mean.variance), least


def _noise_shape(variance: F4) -> F4:
    """Standard deviation by pixel over the typical one, and more at the border."""
    level, _ = typical_variance(variance, np.zeros(variance.shape, np.uint32), 0, _SAMPLE_PX)
    border = _border_noise(*variance.shape)
    if level == 0:
        return border
    shape: F4 = np.maximum(variance * np.float32(1 / level), np.float32(0.25))
    np.sqrt(shape, shape)
    shape *= border
    return shape


def _noise_left(sigma_px: F8) -> F8:
    """Standard deviations of white noise of unit variance that Gaussians have smoothed."""
    line = np.exp(-0.5 * (np.arange(-40, 41) / sigma_px[:, None]) ** 2)
    return np.asarray((line**2).sum(1) / line.sum(1) ** 2)


@lru_cache(4)
def _border_noise(*shape: int) -> F4:
    """Noise of a smoothed plane over that far from its border: repeated pixels average less."""
    rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in shape)
    by_row, by_column = (1 + _BORDER_NOISE * np.exp(-0.5 * (d / 2.0) ** 2) for d in (rows, columns))
    return np.outer(by_row, by_column).astype(np.float32)
