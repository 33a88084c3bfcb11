"""The six bands: wavelengths, throughput, sky and zero points of an LSST-like survey."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

AB_ZERO_NJY = 31.4
"""AB magnitude of 1 nJy."""


@dataclass(frozen=True, slots=True)
class Band:
    """One filter with telescope, detector and a standard atmosphere."""

    blue_nm: float
    """Half-transmission wavelength on the blue side."""
    red_nm: float
    """Likewise on the red side."""
    zero_point: float
    """AB magnitude of one electron per second at airmass 1 (LSST SMTN-002, rounded)."""
    sky: float
    """Dark sky at zenith, AB magnitude per square arcsec (SMTN-002)."""
    extinction: float
    """Magnitudes per unit airmass."""

    @property
    def centre_nm(self) -> float:
        """Middle of the band."""
        return 0.5 * (self.blue_nm + self.red_nm)


BAND = {
    "u": Band(324.0, 395.0, 26.52, 23.05, 0.47),
    "g": Band(405.0, 552.0, 28.51, 22.25, 0.21),
    "r": Band(552.0, 691.0, 28.36, 21.20, 0.13),
    "i": Band(691.0, 818.0, 28.17, 20.46, 0.10),
    "z": Band(818.0, 922.0, 27.78, 19.61, 0.07),
    "y": Band(922.0, 1060.0, 26.82, 18.60, 0.17),
}
"""By name, in order of wavelength."""

_EDGE_NM = 5.0  # width of the edges of the near top-hat transmission


BANDS_IN_ORDER = tuple(BAND)
"""Names in order of wavelength."""


def wavelengths() -> F8:
    """(n,) nm: the grid on which every spectrum is integrated; 2 nm is finer than any edge or line here."""
    return np.arange(310.0, 1080.0, 2.0)


def transmission(band: str) -> F8:
    """(n,) transmission on `wavelengths`: a top hat with logistic edges."""
    b, lam = BAND[band], wavelengths()
    blue = 1 / (1 + np.exp(-(lam - b.blue_nm) / _EDGE_NM))
    return np.asarray(blue / (1 + np.exp((lam - b.red_nm) / _EDGE_NM)))


def band_flux(f_lambda: F8, band: str) -> F8:
    """(...) photon-weighted mean flux density per unit frequency, arbitrary unit.

    ``f_lambda`` is (..., n) on `wavelengths`; the result is proportional to nJy with one constant for
    all bands: integral of f_lambda T lambda over integral of T / lambda (Bessell & Murphy 2012, eq. A12).
    """
    lam, t = wavelengths(), transmission(band)
    return np.asarray(f_lambda @ (t * lam)) / np.sum(t / lam)


def photon_moments(f_lambda: F8, band: str, quantity: F8) -> tuple[F8, F8]:
    """Photon-weighted mean and variance over the band of a ``quantity`` (n,) on `wavelengths`."""
    weight = transmission(band) * wavelengths()
    offset = quantity - quantity @ weight / weight.sum()
    total, first, second = (f_lambda @ (weight * offset**power) for power in range(3))
    return first / total + (quantity - offset)[0], second / total - (first / total) ** 2


def magnitudes(flux_njy: npt.ArrayLike) -> F8:
    """AB magnitudes of fluxes in nJy; NaN where not positive."""
    flux = np.asarray(flux_njy, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(flux > 0, AB_ZERO_NJY - 2.5 * np.log10(flux), np.nan)


def fluxes(magnitude: npt.ArrayLike) -> F8:
    """Fluxes in nJy of AB magnitudes."""
    return np.asarray(10 ** (0.4 * (AB_ZERO_NJY - np.asarray(magnitude, np.float64))))
