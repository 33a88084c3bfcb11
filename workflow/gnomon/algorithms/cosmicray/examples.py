"""Pixels of a field whose cosmic rays are known, for a network to learn from."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.cosmicray.classify import BESIDE_SNR, look, patches_of
from gnomon.algorithms.cosmicray.dilate import dilated
from gnomon.algorithms.cosmicray.features import MIDDLE, features
from gnomon.containers.image import F4, Image

F8 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HIT_SIGMA = 4.0
"""Charge of a hit, in sigma; a pixel of less, but some, teaches nothing."""
_BESIDE_SIGMA, _BESIDE_PX = 3.0, 2


def examples(image: Image, psf_fwhm_px: float, charge: F8, sigma: F8) -> tuple[F4, Bools]:
    """Features (n, N_FEATURES) of candidates and of pixels beside hits, and whether they are hit, (n,).

    Parameters
    ----------
    image, psf_fwhm_px : as for `classify_cosmic_rays`
    charge : (ny, nx) of cosmic rays
    sigma : (ny, nx) noise without them
    """
    field = look(image, psf_fwhm_px)
    chosen = dilated(charge > _BESIDE_SIGMA * sigma, _BESIDE_PX) & (field.skip == 0)
    chosen.ravel()[field.candidates] = True
    chosen &= (charge > HIT_SIGMA * sigma) | (charge == 0)
    pixels = np.flatnonzero(chosen)
    patches, sigma_there = patches_of(field, pixels)
    high = patches[:, MIDDLE] > BESIDE_SNR * sigma_there
    x = features(patches[high], sigma_there[high], psf_fwhm_px)
    return x, (charge > 0).ravel()[pixels[high]]
