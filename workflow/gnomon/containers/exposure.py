"""One detector of one exposure, with what its header says."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.image import Image
from gnomon.containers.raw import RawDetector
from gnomon.containers.wcs import Wcs

F4 = npt.NDArray[np.float32]
U4 = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What is known of an exposure before its pixels are looked at."""

    visit: int
    """Number of the exposure."""
    night: str
    """Local noon to local noon, YYYYMMDD."""
    obstype: str
    """science, bias, dark or flat."""
    band: str
    """Passband; empty for bias and dark."""
    physical_filter: str
    """Filter as the header names it."""
    exptime: float
    """Open shutter, seconds."""
    darktime: float
    """Time over which dark current gathered, seconds."""
    mjd_tai: float
    """Middle of the exposure, TAI MJD, days."""
    ra: float
    """ICRS right ascension of the boresight, radians; NaN where unknown."""
    dec: float
    """ICRS declination of the boresight, radians; NaN where unknown."""
    rotation: float
    """Position angle of the focal plane's +Y, east of north, radians."""
    airmass: float
    """NaN where unknown."""


@dataclass(frozen=True, slots=True)
class CalibratedPixels:
    """Pixels of a detector that an earlier pipeline has detrended."""

    flux: F4
    """(ny, nx) float32 ADU; NaN where that pipeline says so."""
    variance: F4
    """(ny, nx) float32 ADU squared; 0 where its weight is 0."""
    mask: U4
    """(ny, nx) uint32, bits of `gnomon.flags.MASK`."""
    gain: float
    """Electrons per ADU."""
    saturation: float
    """ADU at and above which a pixel is saturated; infinite where the mask says."""


@dataclass(frozen=True, slots=True)
class RawExposure:
    """One detector as it came from the camera or from an earlier pipeline."""

    facts: VisitFacts
    """Of the exposure."""
    wcs: Wcs | None
    """First guess of the astrometry; None for calibration exposures."""
    pixels: RawDetector | CalibratedPixels
    """Amplifiers, or detrended pixels."""
    zero_point: float = float("nan")
    """AB magnitude of one electron in the exposure by an earlier calibration; NaN where there is none."""


@dataclass(frozen=True, slots=True)
class DetrendedImage:
    """One detector without the signature of the instrument."""

    image: Image
    """Electrons, sky included where the camera saw it."""
    wcs: Wcs
    """First guess of the astrometry."""
    facts: VisitFacts
    """Of the exposure."""
    zero_point: float = float("nan")
    """AB magnitude of one electron in the exposure by an earlier calibration; NaN where there is none."""
    detrended_by: str = "gnomon"
    """``gnomon``, or ``observatory`` where the pixels came detrended and were only converted."""
