"""What is asked of the width of a PSF, wherever cosmic rays are told from stars."""

import numpy as np

SIGMA_PER_FWHM = 1 / np.sqrt(8 * np.log(2))
"""Standard deviation of a Gaussian over its full width at half maximum."""


def check_width(psf_fwhm_px: float) -> None:
    """Refuse what is no width.

    Raises
    ------
    ValueError
        The PSF is not a positive number of pixels.
    """
    if not psf_fwhm_px > 0:
        raise ValueError(f"psf_fwhm_px is {psf_fwhm_px}; a positive number of pixels is needed")
