"""Spectra: simple, smooth, honest in what decides colours (temperature, breaks, lines, dust, redshift)."""

from functools import cache

import numpy as np
import numpy.typing as npt

from gnomon.sim.bands import BAND, band_flux, fluxes, wavelengths

F8 = npt.NDArray[np.float64]

_HC_OVER_K_NM = 1.438777e7
"""Second radiation constant, nm K."""
_REST_NM = np.arange(25.0, 1100.0, 1.0)
_LINES = ((372.7, 4.0), (486.1, 1.5), (500.7, 3.5), (656.3, 6.0))
"""Emission lines of a wholly young population: rest nm, equivalent width nm."""
_LINE_WIDTH_NM = 3.0  # broader than nature, so that a 2 nm grid integrates it
_OLD_KELVIN = 4800.0


def planck(wavelength_nm: F8, kelvin: F8) -> F8:
    """f_lambda of a black body, arbitrary unit; arguments broadcast."""
    with np.errstate(over="ignore"):
        return np.asarray((wavelength_nm / 500.0) ** -5 / np.expm1(_HC_OVER_K_NM / (wavelength_nm * kelvin)))


def stellar_spectra(kelvin: F8) -> F8:
    """(n, nlam) f_lambda of stars on `bands.wavelengths`.

    A black body, blanketed by metals below 400 nm (more in cool stars), with the Balmer jump in hot stars
    and broad molecular bands below 4000 K.
    """
    lam, t = wavelengths()[None, :], np.asarray(kelvin, np.float64)[:, None]
    metals = np.clip(0.30 + 0.45 * (t - 3800) / 3000, 0.25, 0.85)
    blue = 1 / (1 + np.exp((lam - 398.0) / 6.0))
    jump = np.clip((t - 6200) / 6000, 0, 0.4) / (1 + np.exp((lam - 366.0) / 4.0))
    cool = np.clip((4000 - t) / 1200, 0, 0.7)
    dips = sum(
        depth * np.exp(-0.5 * ((lam - c) / 22.0) ** 2)
        for c, depth in ((620.0, 0.4), (710.0, 0.5), (770.0, 0.5))
    )
    return np.asarray(planck(lam, t) * (1 - blue * (1 - metals)) * (1 - jump) * (1 - cool * dips))


def galaxy_spectra(young: F8, dust: F8, redshift: F8) -> F8:
    """(n, nlam) observed f_lambda of galaxies on `bands.wavelengths`, arbitrary scale per galaxy.

    young : (n,) part of the light at 550 nm that comes from young stars.
    dust : (n,) E(B - V) in magnitudes on the young stars.
    redshift : (n,).
    """
    rest = wavelengths()[None, :] / (1 + redshift[:, None])
    old, new, law = (np.interp(rest, _REST_NM, t) for t in _templates())
    extinction = 10 ** (-0.4 * dust[:, None] * (law - np.interp(550.0, _REST_NM, _templates()[2])))
    light = (1 - young[:, None]) * old + young[:, None] * new * extinction
    return np.asarray(light * _forest(rest, redshift[:, None]))


def fireball_spectra(kelvin: F8, redshift: F8) -> F8:
    """(n, nlam) observed f_lambda of a supernova: a black body, absorbed by metals below 370 nm."""
    rest = wavelengths()[None, :] / (1 + redshift[:, None])
    return planck(rest, kelvin[:, None]) * (1 - 0.83 / (1 + np.exp((rest - 370.0) / 15.0)))


def band_ratios(spectra: F8, reference: str) -> dict[str, F8]:
    """Band -> (n,) flux (per unit frequency) relative to that in the ``reference`` band."""
    norm = band_flux(spectra, reference)
    return {band: band_flux(spectra, band) / norm for band in BAND}


def scaled_fluxes(spectra: F8, reference: str, magnitude: F8) -> dict[str, F8]:
    """Band -> (n,) nJy of sources with this AB magnitude in the reference band."""
    scale = fluxes(magnitude)
    return {band: ratio * scale for band, ratio in band_ratios(spectra, reference).items()}


@cache
def _templates() -> tuple[F8, F8, F8]:
    """On the rest grid, normalised at 550 nm: old population, young population, k(lambda) of dust."""
    lam = _REST_NM
    old = planck(lam, np.array(_OLD_KELVIN)) * (1 - 0.55 / (1 + np.exp((lam - 398.0) / 5.0)))
    old *= 1 - 0.5 / (1 + np.exp((lam - 275.0) / 8.0))
    young = (lam / 550.0) ** -1.9 * (1 - 0.35 / (1 + np.exp((lam - 366.0) / 3.0)))
    young[lam < 91.2] = 0
    for centre, width in _LINES:
        profile = np.exp(-0.5 * ((lam - centre) / _LINE_WIDTH_NM) ** 2) / (
            _LINE_WIDTH_NM * np.sqrt(2 * np.pi)
        )
        young += (centre / 550.0) ** -1.9 * width * profile
    at = int(np.searchsorted(lam, 550.0))
    return old / old[at], young / young[at], _calzetti(lam)


def _calzetti(nm: F8) -> F8:
    """k(lambda) of starburst dust (Calzetti et al. 2000, eq. 4), held constant below 120 nm."""
    um = np.maximum(nm, 120.0) / 1e3
    blue = 2.659 * (-2.156 + 1.509 / um - 0.198 / um**2 + 0.011 / um**3) + 4.05
    return np.asarray(np.where(um < 0.63, blue, 2.659 * (-1.857 + 1.040 / um) + 4.05))


def _forest(rest: F8, redshift: F8) -> F8:
    """Mean transmission of the Lyman-alpha forest (Madau 1995, eq. 15, first term) and of the Lyman limit."""
    tau = 0.0036 * (rest * (1 + redshift) / 121.567) ** 3.46
    return np.where(rest < 91.2, 0.0, np.where(rest < 121.567, np.exp(-tau), 1.0))
