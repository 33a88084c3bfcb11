"""From counts to nJy: aperture corrections, then the zero point."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photometry.zero_point import ZeroPoint, ZeroPointOptions, fit_zero_point
from gnomon.algorithms.visit.locate import Located
from gnomon.algorithms.visit.reference import flux_in
from gnomon.constants import MAD_TO_SIGMA
from gnomon.containers.calibrated import Smooth
from gnomon.containers.catalog import Catalog
from gnomon.errors import UnprocessableData
from gnomon.flags import SOURCE

F8 = npt.NDArray[np.float64]

TOTAL_APERTURE_PX = 17
"""Radius of the aperture that PSF fluxes are brought to before the extrapolation to all light."""
_WING_POWER = -5 / 3  # light beyond R of a profile that falls as r^(-11/3)
_KOLMOGOROV_WING = 0.075  # of the light is beyond R, times (R / FWHM)^(-5/3); 0.094 without optics and pixels
_STAMP_PRIOR = (
    0.003  # how well the PSF's stamp is normalised: the expectation counts as one star of this error
)
_STAR_SPREAD = 0.003  # of the ratio of two fluxes of one bright star: faint neighbours, the PSF's model
_ENOUGH_STARS = 5  # for a median, and for those with neighbours to be left out


def correct_apertures(
    sources: Catalog, psf_star: npt.NDArray[np.bool_], shape: tuple[int, int], fwhm_px: float
) -> tuple[Catalog, Smooth]:
    """Bring PSF and Gaussian fluxes of point sources to their total flux.

    The stars of the PSF give ``ap17Flux / psfFlux`` over the detector. What lies beyond 17 pixels is expected
    of the seeing (`light_beyond`). Other apertures stay what they are.

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
    stars = sources.take(_alone(sources, psf_star))
    name = f"ap{TOTAL_APERTURE_PX:02d}Flux"
    if not np.any((stars[name] > 0) & (stars["psfFlux"] > 0)):
        raise UnprocessableData(f"none of {len(stars)} stars has a positive flux within its aperture")
    # The PSF's stamp is as wide as the aperture: its flux is expected to lack just what lies beyond.
    spread = np.hypot(stars[f"{name}Err"] / stars["psfFlux"], _STAR_SPREAD)
    inside = shrunk_median(stars[name] / stars["psfFlux"], spread, 1.0, _STAMP_PRIOR)
    value = inside / (1 - light_beyond(fwhm_px))
    middle = ((shape[1] - 1) / 2, (shape[0] - 1) / 2)
    correction = Smooth(np.array([value]), 0, middle, (shape[1] / 2, shape[0] / 2))
    factor = correction.at(sources["x"], sources["y"])
    corrected = {n: sources[n] * factor for n in ("psfFlux", "psfFluxErr")}
    return sources.with_columns(**corrected), correction


def _alone(sources: Catalog, star: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The stars that share no footprint, where there are enough of them."""
    alone = star & ((sources["flags"] & np.uint32(SOURCE["deblended"] | SOURCE["apFlux"])) == 0)
    return alone if alone.sum() >= _ENOUGH_STARS else star


def light_beyond(fwhm_px: float) -> float:
    """Part of a star's light outside of 17 pixels: the wing of a long exposure through turbulence (Fried 1966)."""
    return float(_KOLMOGOROV_WING * (TOTAL_APERTURE_PX / fwhm_px) ** _WING_POWER)


def shrunk_median(values: F8, spread: F8, prior: float, prior_err: float) -> float:
    """Median weighted by 1 / spread^2, drawn to a prior as far as its own robust error asks for.

    The faint half of a detector's stars has ten times the error of the bright one, and a plain median counts heads.
    The error of a median of normal deviates is 1.25 / sqrt(sum of weights), times how much more they scatter than
    foretold, by their median absolute deviation: never less, as one bright star may be the median and its own scatter.

    Parameters
    ----------
    values : (n,) those that are not finite are left out
    spread : (n,) standard deviation foretold for each
    prior, prior_err : what is expected, and how well
    """
    good = np.isfinite(values) & np.isfinite(spread)
    if good.sum() < _ENOUGH_STARS:
        return prior
    values, spread = values[good], spread[good]
    middle = _weighted_median(values, spread**-2)
    excess = MAD_TO_SIGMA * _weighted_median(np.abs(values - middle) / spread, spread**-2)
    error = 1.25 * max(excess, 1.0) / np.sqrt(np.sum(spread**-2))
    weight = prior_err**2 / (prior_err**2 + error**2)
    return float(weight * middle + (1 - weight) * prior)


def _weighted_median(values: F8, weight: F8) -> float:
    """Where half of the weight lies below, between the values that stand next to it."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order]) - 0.5 * weight[order]
    return float(np.interp(0.5 * np.sum(weight), below, values[order]))


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


def in_njy(sources: Catalog, njy_per_count: npt.ArrayLike) -> Catalog:
    """All fluxes and their errors times a number, or one for each source."""
    fluxes = [n for n in sources.columns if n.endswith(("Flux", "FluxErr", "psfSky"))]
    return sources.with_columns(**{n: sources[n] * njy_per_count for n in fluxes})
