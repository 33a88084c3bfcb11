"""Pixels without information, filled so that convolutions can run over them."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.cosmicray.width import SIGMA_PER_FWHM, check_width
from gnomon.containers.image import F4, Image, strips
from gnomon.flags import MASK, mask_value
from gnomon.kernels.infill import fill_bad

FILLED_PLANES = mask_value("BAD", "SAT", "CR", "NO_DATA")
"""Planes filled by default: their values mean nothing."""

_REACH_PX = 10
_STRIDE_PX = 8
_NUGGET = 0.02  # of the signal; pixels worth filling well have S/N of some 7 or more


def interpolate(
    image: Image, psf_fwhm_px: float, bits: int = FILLED_PLANES, *, in_place: bool = False
) -> Image:
    """The image with pixels of the given planes filled from their neighbours, and INTRP set there.

    The values are the best linear prediction for a sky made of Gaussian PSFs: the correlation of two
    pixels is a Gaussian sqrt(2) times as wide as the PSF. Unknown mean, so a flat sky is kept exactly.
    Deep inside large holes (more than 10 px from a good pixel) the median of the good pixels stands.

    Parameters
    ----------
    image : any unit
    psf_fwhm_px : full width at half maximum of stars, pixels
    bits : mask planes to fill; pixels of variance 0 are filled too, and keep the variance 0
    in_place : write into the image's own planes, which nobody else needs as they were

    Returns
    -------
    Image : flux and variance filled, INTRP set where a value was made up. Variance of a filled pixel is
        that of its neighbours: exclude it by the mask, not by the variance.

    Raises
    ------
    ValueError
        The PSF is not a positive number of pixels.
    """
    check_width(psf_fwhm_px)
    bad = _marked_or_unknown(image, bits)
    if not bad.any():
        return image
    length = np.sqrt(2) * psf_fwhm_px * SIGMA_PER_FWHM
    if not in_place:
        image = Image(image.flux.copy("C"), image.variance.copy("C"), image.mask.copy("C"))
    flux, variance, mask = image.flux, image.variance, image.mask
    places = np.flatnonzero(bad)
    unknown = places[variance.reshape(-1)[places] <= 0]
    fill_bad(flux, variance, bad.view(np.uint8), float(length), _NUGGET, _REACH_PX, _typical(flux, bad))
    variance.reshape(-1)[unknown] = 0
    mask.reshape(-1)[places] |= np.uint32(MASK["INTRP"])
    return image


def _marked_or_unknown(image: Image, bits: int) -> npt.NDArray[np.bool_]:
    """(ny, nx) bool: any of the bits is set, or the variance is 0."""
    bad = np.empty(image.shape, bool)
    for rows in strips(image.shape):
        np.not_equal(image.mask[rows] & np.uint32(bits), 0, out=bad[rows])
        bad[rows] |= image.variance[rows] <= 0
    return bad


def _typical(flux: F4, bad: npt.NDArray[np.bool_]) -> float:
    """Median of good pixels, every eighth of every eighth row if those do."""
    for step in (_STRIDE_PX, 1):
        good = flux[::step, ::step][~bad[::step, ::step]]
        if len(good):
            return float(np.median(good))
    return 0.0
