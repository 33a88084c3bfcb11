"""Many exposures of the same stars."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.wcs import Wcs

F8 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class JointExposure:
    """One detector of one visit."""

    visit: int
    """Which visit, 0 to nvisit - 1."""
    detector: int
    """Which detector, 0 to ndetector - 1."""
    wcs: Wcs
    """Map of the visit fitted by itself: right to a fraction of an arcsecond."""
    shape: tuple[int, int]
    """Rows and columns."""
    mjd_tai: float
    """Mid-exposure."""


@dataclass(frozen=True, slots=True)
class JointSources:
    """Every detection of every star."""

    exposure: Index
    """(n,) rows of the exposures."""
    star: Index
    """(n,) rows of the stars."""
    x: F8
    """(n,) pixel column."""
    y: F8
    """(n,) pixel row."""
    error: F8
    """(n,) standard error of x and of y, pixels."""

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, slots=True)
class JointStars:
    """What is known of the stars; those that no catalogue has are placed by their detections."""

    ra: F8
    """(nstar,) ICRS at ``epoch``, radians."""
    dec: F8
    """(nstar,) ICRS at ``epoch``, radians."""
    error: F8
    """(nstar,) standard error per axis of the catalogue, radians; infinite where it lacks the star."""
    pm_ra: F8
    """(nstar,) mas / yr, cos dec included; 0 where unknown."""
    pm_dec: F8
    """(nstar,) mas / yr; 0 where unknown."""
    pm_error: F8
    """(nstar,) mas / yr: of the catalogue, or the spread of stars like it where it is unknown."""
    parallax: F8
    """(nstar,) mas; 0 where unknown."""
    epoch: F8
    """(nstar,) TAI MJD."""
    colour: F8
    """(nstar,) colour less the one for which maps hold, magnitudes; 0 where unknown."""

    def __len__(self) -> int:
        return len(self.ra)


def counts(exposures: Sequence[JointExposure]) -> tuple[int, int]:
    """Visits and detectors among the exposures."""
    return max(e.visit for e in exposures) + 1, max(e.detector for e in exposures) + 1
