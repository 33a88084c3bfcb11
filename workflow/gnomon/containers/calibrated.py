"""A detector image with everything that turns its pixels into sky and flux."""

from dataclasses import dataclass

from gnomon.containers.background import BackgroundModel
from gnomon.containers.image import Image
from gnomon.containers.psf import PositionPolynomial, PsfModel
from gnomon.containers.wcs import Wcs


@dataclass(frozen=True, slots=True)
class PhotoCalib:
    """How the pixels came to be in nJy."""

    njy_per_count: float
    """What the counts of the detrended image were multiplied by."""
    zero_point: float
    """AB magnitude of one count in the exposure."""
    zero_point_err: float
    """Standard error, magnitudes; NaN where the nominal zero point was kept."""
    n_star: int
    """Reference stars used; 0 where the nominal zero point was kept."""


@dataclass(frozen=True, slots=True)
class CalibratedImage:
    """Pixels in nJy, background subtracted, with PSF, WCS and calibration."""

    image: Image
    """Flux in nJy."""
    wcs: Wcs
    """Pixels to sky."""
    psf: PsfModel
    """Point-spread function."""
    photo: PhotoCalib
    """Photometric calibration that was applied."""
    background: BackgroundModel
    """Background that was subtracted, nJy."""
    aperture_correction: PositionPolynomial
    """Total flux of a star over its PSF flux."""
