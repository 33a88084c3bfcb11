"""From counts to nJy: aperture corrections, then the zero point."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photometry.zero_point import AB_NJY, ZeroPoint, ZeroPointOptions, fit_zero_point
from gnomon.algorithms.psf import fit_aperture_correction
from gnomon.algorithms.visit.locate import Located
from gnomon.algorithms.visit.reference import flux_in
from gnomon.containers.calibrated import Smooth
from gnomon.containers.catalog import Catalog
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]

TOTAL_APERTURE_PX = 17
"""Radius of the aperture that PSF fluxes are brought to before the extrapolation to all light."""
_KOLMOGOROV_WING = (
    0.0939  # part of the light beyond R: this times (R / FWHM)^(-5/3), from the profile for R > 3 FWHM
)


def correct_apertures(
    sources: Catalog, psf_star: npt.NDArray[np.bool_], shape: tuple[int, int], fwhm_px: float
) -> tuple[Catalog, Smooth]:
    """Bring PSF and Gaussian fluxes of point sources to their total flux.

    The stars of the PSF give ``ap17Flux / psfFlux`` over the detector; what a Kolmogorov profile has beyond
    17 pixels (Fried 1966: wings as r^(-11/3)) is added to that. Other apertures stay what they are.

    Parameters
    ----------
    sources : table of `measure_sources`, counts
    psf_star : (n,) bool, sources that are known to be isolated stars
    shape : rows and columns of the detector
    fwhm_px : seeing

    Returns
    -------
    Catalog
        With psfFlux and psfFluxErr corrected.
    Smooth
        The correction over the detector.

    Raises
    ------
    UnprocessableData
        No star has a positive flux.
    """
    stars = sources.take(psf_star)
    name = f"ap{TOTAL_APERTURE_PX:02d}Flux"
    beyond = _KOLMOGOROV_WING * (TOTAL_APERTURE_PX / fwhm_px) ** (-5 / 3)
    total, error = stars[name] / (1 - beyond), stars[f"{name}Err"]
    correction = fit_aperture_correction(stars["x"], stars["y"], stars["psfFlux"], total, error, shape, 1)
    factor = correction.at(sources["x"], sources["y"])
    corrected = {n: sources[n] * factor for n in ("psfFlux", "psfFluxErr")}
    return sources.with_columns(**corrected), correction


def calibrate_photometry(
    sources: Catalog, stars: Catalog, located: Located, band: str, nominal: float, options: ZeroPointOptions
) -> tuple[ZeroPoint, npt.NDArray[np.bool_]]:
    """Zero point from the reference stars of the astrometric fit.

    Parameters
    ----------
    sources : table with aperture-corrected fluxes, counts
    stars : table of `reference_stars`
    located : which sources are which stars
    band : passband of the exposure
    nominal : zero point to fall back on, AB magnitude of one count; NaN where there is none

    Returns
    -------
    ZeroPoint
    (n,) bool
        Sources in the fit.

    Raises
    ------
    UnprocessableData
        Too few reference stars, and no nominal zero point.
    """
    mine, known = sources.take(located.source), stars.take(located.star) if len(stars) else stars
    flux, error = flux_in(known, band) if len(stars) else (np.empty(0), np.empty(0))
    colour = np.zeros(len(mine))
    zero_point = fit_zero_point(
        mine["psfFlux"], mine["psfFluxErr"], flux, error, colour, nominal=nominal, options=options
    )
    if not np.isfinite(zero_point.value):
        why = "; ".join(t for t in (located.note, zero_point.reason) if t)
        raise UnprocessableData(f"no zero point: {why}, and the header has none")
    used = np.zeros(len(sources), bool)
    used[located.source[zero_point.used]] = True
    return zero_point, used


def in_njy(sources: Catalog, njy_per_count: float) -> Catalog:
    """All fluxes and their errors in nJy."""
    fluxes = [n for n in sources.columns if n.endswith(("Flux", "FluxErr", "psfSky"))]
    return sources.with_columns(**{n: sources[n] * njy_per_count for n in fluxes})


def zero_point_of(njy_per_count: float) -> float:
    """AB magnitude of one count."""
    return float(AB_NJY - 2.5 * np.log10(njy_per_count))
