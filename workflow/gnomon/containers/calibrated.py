"""A detector image with everything that turns its pixels into sky and flux."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.background import BackgroundModel
from gnomon.containers.image import Image
from gnomon.containers.parts import Parts
from gnomon.containers.psf import PsfModel, polynomial_terms
from gnomon.containers.wcs import Wcs

F8 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Smooth:
    """A number that varies over a detector as a polynomial, with the conventions of `PsfModel`."""

    coefficients: F8
    """(nterm,) float64."""
    degree: int
    """Degree of the polynomial."""
    centre: tuple[float, float]
    """Pixel (x, y) of the origin."""
    scale: tuple[float, float]
    """Pixels per unit."""

    def at(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """(n,) float64 values at pixel positions."""
        xs = (np.atleast_1d(np.asarray(x, np.float64)) - self.centre[0]) / self.scale[0]
        ys = (np.atleast_1d(np.asarray(y, np.float64)) - self.centre[1]) / self.scale[1]
        return np.asarray(polynomial_terms((xs, ys), self.degree) @ self.coefficients)


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
    aperture_correction: Smooth
    """Total flux of a star over its PSF flux."""


@dataclass(frozen=True, slots=True)
class DetectorView:
    """A calibrated detector whose pixels are read section by section."""

    shape: tuple[int, int]
    """Rows and columns of the whole detector."""
    wcs: Wcs
    """Pixels to sky."""
    psf: PsfModel
    """Point-spread function."""
    aperture_correction: Smooth
    """Total flux of a star over its PSF flux."""
    section: Callable[[slice, slice], Image]
    """Reads the planes of some rows and columns, nJy."""


def view_of(parts: Parts[CalibratedImage], number: int) -> DetectorView:
    """A detector of a visit, its pixels unread where the file allows that."""
    if parts.view is not None:
        view: DetectorView = parts.view(number)
        return view
    whole = parts[number]
    return DetectorView(
        whole.image.shape, whole.wcs, whole.psf, whole.aperture_correction, whole.image.section
    )
