"""Which detectors go into a coadd, and why the others do not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of coadd asks of its inputs."""

    max_seeing: float
    """Largest FWHM, arcsec."""
    share: float = 1.0
    """Part of the visits that is kept of those left, best seeing first, rounded up."""
    least: int = 1
    """Fewest visits that are kept of those left, where there are as many."""


def reasons(visit: Sequence[int], seeing: Sequence[float], rule: Rule) -> list[str]:
    """Why each detector is left out; empty text for those that are used.

    Parameters
    ----------
    visit : exposure of each detector
    seeing : FWHM of each detector, arcsec
    """
    found = [
        "" if s <= rule.max_seeing else f"seeing {s:.2f} arcsec, limit {rule.max_seeing:.2f}" for s in seeing
    ]
    good: dict[int, list[float]] = {}
    for v, s, why in zip(visit, seeing, found, strict=True):
        if not why:
            good.setdefault(v, []).append(s)
    ranked = sorted(good, key=lambda v: (float(np.median(good[v])), v))
    kept = ranked[: max(rule.least, int(np.ceil(rule.share * len(ranked))))]
    why_not = f"not among the {len(kept)} of {len(ranked)} visits with the best seeing"
    return [why or ("" if v in kept else why_not) for v, why in zip(visit, found, strict=True)]
