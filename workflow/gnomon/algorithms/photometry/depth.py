"""How faint an exposure sees."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photometry.zero_point import AB_NJY
from gnomon.containers.instrument import Conditions

F8 = npt.NDArray[np.float64]


def noise_equivalent_area(psf: npt.ArrayLike) -> float:
    """``1 / sum(P^2)`` pixels of a PSF image of unit sum (King 1983, PASP 95, 163).

    Raises
    ------
    ValueError
        The image has no positive sum.
    """
    p = np.asarray(psf, np.float64)
    total = float(p.sum())
    if not total > 0:
        raise ValueError(f"a PSF has a positive sum, not {total}")
    return float(total**2 / np.sum(p**2))


def gaussian_noise_equivalent_area(fwhm_px: float) -> float:
    """``4 pi sigma^2`` pixels of a Gaussian of this width."""
    return float(4 * np.pi * (fwhm_px / (2 * np.sqrt(2 * np.log(2)))) ** 2)


def limiting_magnitude(area_px: float, sky_sigma_njy: float, snr: float = 5.0) -> float:
    """AB magnitude of a point source at this signal-to-noise over sky noise alone.

    The flux error of an ideal PSF fit is ``sqrt(area) sigma`` (LSE-40, eq. 12; SMTN-002).

    Parameters
    ----------
    area_px
        Noise-equivalent area, pixels.
    sky_sigma_njy
        Standard deviation of the sky per pixel, nJy.
    snr
        Wanted signal-to-noise ratio.
    """
    flux = snr * np.sqrt(area_px) * sky_sigma_njy
    return float(AB_NJY - 2.5 * np.log10(flux)) if flux > 0 else np.nan


def limiting_magnitude_with_photons(
    area_px: float, sky_sigma_njy: float, njy_per_electron: float, snr: float = 5.0
) -> float:
    """As `limiting_magnitude` with the source's own photons: ``F^2 = snr^2 (F g + area sigma^2)``."""
    half = 0.5 * snr**2 * njy_per_electron
    flux = half + np.sqrt(half**2 + snr**2 * area_px * sky_sigma_njy**2)
    return float(AB_NJY - 2.5 * np.log10(flux)) if flux > 0 else np.nan


def sky_surface_brightness(sky_njy: float, pixel_scale_arcsec: float) -> float:
    """AB magnitudes per square arcsecond of a sky level per pixel; NaN where it is not positive."""
    return float(AB_NJY - 2.5 * np.log10(sky_njy / pixel_scale_arcsec**2)) if sky_njy > 0 else np.nan


def transparency(rate: float, airmass: float, clear: Conditions) -> float:
    """Light that arrived over what a clear night leaves at that airmass; NaN where the airmass is.

    Parameters
    ----------
    rate : AB magnitude of a source that gave one electron a second
    """
    return float(10 ** (0.4 * (rate - clear.zero_point + clear.extinction * (airmass - 1))))


def effective_time(exptime: float, rate: float, seeing: float, sky_njy: float, clear: Conditions) -> float:
    """Seconds of a clear dark night at the zenith that give point sources on the sky the same signal to noise.

    ``t eta^2 (FWHM_0 / FWHM)^2 (b_0 / b)`` (Neilsen et al. 2016, FERMILAB-TM-2610), with ``eta`` the transmission
    by that of the zenith on a clear night, and b the sky in electrons. Photons of the sky alone: where read noise
    counts the exposure is worth less.

    Parameters
    ----------
    exptime : seconds
    rate : AB magnitude of a source that gave one electron a second
    seeing : FWHM, arcseconds
    sky_njy : sky per square arcsecond, nJy by the same zero point
    clear : the reference
    """
    if not (sky_njy > 0 and seeing > 0):
        return float("nan")
    eta = 10 ** (0.4 * (rate - clear.zero_point))
    darkness = 10 ** (0.4 * (AB_NJY - clear.sky)) / (sky_njy * eta)
    return float(exptime * eta**2 * (clear.seeing / seeing) ** 2 * darkness)
