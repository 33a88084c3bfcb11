"""Which detectors go into a coadd, and why the others do not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of coadd asks of its inputs."""

    max_seeing: float
    """Largest FWHM, arcsec."""
    share: float = 1.0
    """Part of the visits that is kept of those left, best seeing first, rounded up."""
    least: int = 1
    """Fewest visits that are kept of those left, where there are as many."""
    max_ellipticity: float = np.inf
    """Largest ellipticity of the PSF."""
    min_transparency: float = 0.0
    """Smallest transparency."""
    max_noise: float = np.inf
    """Largest noise of the sky over the median of the detectors on the patch."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Of n detectors, what they are chosen by; NaN where it is not known, which counts against nothing but seeing."""

    seeing: F8
    """(n,) FWHM of the PSF, arcsec."""
    ellipticity: F8
    """(n,) of the PSF, (a^2 - b^2) / (a^2 + b^2)."""
    transparency: F8
    """(n,) light over that of a clear night; where that is not known, electrons a second over the median of all n."""
    noise: F8
    """(n,) standard deviation of a pixel of sky over the median of all n."""


def quality(
    seeing: npt.ArrayLike,
    ellipticity: npt.ArrayLike,
    zero_point: npt.ArrayLike,
    exptime: npt.ArrayLike,
    sky_noise: npt.ArrayLike,
    transparency: npt.ArrayLike,
) -> Quality:
    """What n detectors in one band are chosen by.

    Parameters
    ----------
    seeing : (n,) FWHM, arcsec
    ellipticity : (n,) of the PSF
    zero_point : (n,) AB magnitude of one electron
    exptime : (n,) seconds
    sky_noise : (n,) standard deviation of a pixel of sky, nJy
    transparency : (n,) light over that of a clear night, NaN where the summary has none
    """
    zp, time, noise, light = (
        np.asarray(v, np.float64) for v in (zero_point, exptime, sky_noise, transparency)
    )
    rate = 10 ** (0.4 * zp) / time
    clear, quiet = (np.nanmedian(v) if np.isfinite(v).any() else 1.0 for v in (rate, noise))
    wide, flat = np.asarray(seeing, np.float64), np.asarray(ellipticity, np.float64)
    return Quality(wide, flat, np.where(np.isfinite(light), light, rate / clear), noise / quiet)


def reasons(visit: Sequence[int], found: Quality, rule: Rule) -> list[str]:
    """Why each detector is left out; empty text for those that are used.

    Parameters
    ----------
    visit : exposure of each detector
    """
    why = [_limit(found, k, rule) for k in range(len(visit))]
    good: dict[int, list[float]] = {}
    for v, s, said in zip(visit, found.seeing.tolist(), why, strict=True):
        if not said:
            good.setdefault(v, []).append(s)
    ranked = sorted(good, key=lambda v: (float(np.median(good[v])), v))
    kept = ranked[: max(rule.least, int(np.ceil(rule.share * len(ranked))))]
    why_not = f"not among the visits with the best seeing, {100 * rule.share:.0f} % of all"
    return [said or ("" if v in kept else why_not) for v, said in zip(visit, why, strict=True)]


def _limit(found: Quality, k: int, rule: Rule) -> str:
    """The first limit that a detector is beyond; empty text where it keeps all."""
    if not found.seeing[k] <= rule.max_seeing:
        return f"seeing above {rule.max_seeing:.2f} arcsec"
    if found.ellipticity[k] > rule.max_ellipticity:
        return f"ellipticity above {rule.max_ellipticity:.2f}"
    if found.transparency[k] < rule.min_transparency:
        return f"transparency below {rule.min_transparency:.2f}"
    if found.noise[k] > rule.max_noise:
        return f"sky noise above {rule.max_noise:.2f} of the median"
    return ""
