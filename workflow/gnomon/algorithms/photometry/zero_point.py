"""The zero point of an exposure from catalogue stars: robust, with colour term, errors and excess scatter."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.joint.scatter import MEDIAN_OF_ONE, excess_from_chi2, excess_from_median

F8 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

AB_NJY = 31.4
"""AB magnitude of 1 nJy: 8.90 for 1 Jy (Oke & Gunn 1983) and 9 decades of flux."""
MAG_PER_LN = 2.5 / np.log(10)
"""Magnitudes of a relative flux change of one."""

_STEPS = 30
_FEW = 5  # below, a median says nothing of the scatter
_OUT_OF_SCALE = 1e-4  # no photometry is better than this, magnitudes: keeps weights finite


@dataclass(frozen=True, slots=True)
class ZeroPointOptions:
    """How a zero point is fitted."""

    min_snr: float = 20.0
    """Stars fainter than this are not used."""
    min_stars: int = 3
    """Below this many stars the nominal zero point is kept."""
    min_stars_colour: int = 15
    """Below this many stars the colour term is kept as given, not fitted."""
    clip: float = 3.5
    """Stars further than this many standard deviations are left out."""
    fit_colour: bool = False
    """Whether the colour term is fitted; otherwise the one given is applied."""
    min_error: float = 0.002
    """Floor of a star's error, magnitudes: flat field and aperture correction of one star."""


@dataclass(frozen=True, slots=True)
class ZeroPoint:
    """AB magnitude of one count in the exposure, and how it was found."""

    value: float
    """``m_AB = value - 2.5 log10(counts) + colour_term (colour - pivot)``."""
    error: float
    """Standard error of ``value``, magnitudes; NaN where the nominal one was kept."""
    colour_term: float
    """Magnitudes per magnitude of colour."""
    colour_term_error: float
    """Standard error; 0 where it was not fitted."""
    pivot: float
    """Colour at which ``value`` holds."""
    stars: int
    """Stars in the fit; 0 where the nominal one was kept."""
    rejected: int
    """Usable stars left out as outliers."""
    scatter: float
    """Standard deviation of the stars in the fit, magnitudes; NaN without a fit."""
    excess: float
    """Scatter beyond the stated errors, magnitudes; NaN without a fit."""
    nominal: bool
    """True where too few stars were found and the nominal zero point was kept."""
    reason: str
    """Why the nominal one was kept; empty otherwise."""
    used: Bool
    """(n,) which stars are in the fit."""


def fit_zero_point(
    flux: F8,
    flux_err: F8,
    reference: F8,
    reference_err: F8,
    colour: F8,
    *,
    nominal: float,
    colour_term: float = 0.0,
    pivot: float = 0.0,
    options: ZeroPointOptions | None = None,
) -> ZeroPoint:
    """Zero point from the stars that an exposure and a catalogue share.

    Weighted mean (or line in colour) of ``m_reference + 2.5 log10(flux)``; the excess scatter is what
    brings chi squared to the degrees of freedom, and is found from the median before outliers go.
    A star without a colour takes part only where no colour term is fitted or applied.

    Parameters
    ----------
    flux, flux_err
        (n,) float64 counts of stars in the exposure, aperture-corrected, and standard errors.
    reference, reference_err
        (n,) float64 nJy in the catalogue's band nearest to the exposure's.
    colour
        (n,) float64 catalogue colour, magnitudes; NaN where unknown.
    nominal
        Zero point to fall back on.
    colour_term
        Applied, or where the fit starts.
    pivot
        Colour at which the zero point holds.
    options
        Selection and clipping.

    Returns
    -------
    The zero point; with ``nominal`` set and a reason where too few stars are usable.
    """
    options = options or ZeroPointOptions()
    needs_colour = options.fit_colour or colour_term != 0.0
    usable = select_stars(flux, flux_err, reference, reference_err, options.min_snr)
    if needs_colour:
        usable &= np.isfinite(colour)
    if usable.sum() < options.min_stars:
        reason = f"{int(usable.sum())} usable catalogue stars, {options.min_stars} wanted"
        return _nominal(nominal, colour_term, pivot, reason, len(flux))
    rows = np.flatnonzero(usable)
    offset, error = _differences(flux[rows], flux_err[rows], reference[rows], reference_err[rows], options)
    away = np.where(np.isfinite(colour[rows]), colour[rows] - pivot, 0.0)
    fitted = options.fit_colour and len(rows) >= options.min_stars_colour
    terms = np.stack([np.ones_like(away), away], -1)[:, : 2 if fitted else 1]
    target = offset if fitted else offset - colour_term * away
    coefficients, covariance, excess, kept = _robust_line(terms, target, error, options.clip)
    used = np.zeros(len(flux), bool)
    used[rows[kept]] = True
    residual = (target - terms @ coefficients)[kept]
    return ZeroPoint(
        value=float(coefficients[0]),
        error=float(np.sqrt(covariance[0, 0])),
        colour_term=float(coefficients[1]) if fitted else colour_term,
        colour_term_error=float(np.sqrt(covariance[1, 1])) if fitted else 0.0,
        pivot=pivot,
        stars=int(kept.sum()),
        rejected=int((~kept).sum()),
        scatter=float(np.std(residual)),
        excess=excess,
        nominal=False,
        reason="",
        used=used,
    )


def select_stars(flux: F8, flux_err: F8, reference: F8, reference_err: F8, min_snr: float) -> Bool:
    """Stars with finite, positive fluxes and errors, bright enough in the exposure and the catalogue."""
    with np.errstate(invalid="ignore", divide="ignore"):
        here = (flux > 0) & (flux_err > 0) & (flux / flux_err >= min_snr)
        there = (reference > 0) & (reference_err >= 0) & (reference_err < 0.3 * reference)
        return np.asarray(here & there & np.isfinite(flux) & np.isfinite(reference), np.bool_)


def _differences(
    flux: F8, flux_err: F8, reference: F8, reference_err: F8, options: ZeroPointOptions
) -> tuple[F8, F8]:
    """Zero point of each star and its standard error, magnitudes."""
    offset = AB_NJY - 2.5 * np.log10(reference) + 2.5 * np.log10(flux)
    relative = np.hypot(flux_err / flux, reference_err / reference)
    return offset, np.hypot(MAG_PER_LN * relative, options.min_error)


def _robust_line(terms: F8, target: F8, error: F8, clip: float) -> tuple[F8, F8, float, Bool]:
    """Coefficients, covariance, excess scatter and the stars kept."""
    kept = np.abs(target - np.median(target)) <= np.maximum(
        clip * error, clip * np.median(np.abs(target - np.median(target))) / MEDIAN_OF_ONE
    )
    excess = 0.0
    if terms.shape[1] > 1:
        kept = np.ones(len(target), bool)
    for _ in range(_STEPS):
        coefficients, _ = _weighted(terms[kept], target[kept], error[kept], excess)
        residual = np.abs(target - terms @ coefficients)
        few = kept.sum() < _FEW
        excess = 0.0 if few else excess_from_median(residual[kept], error[kept], MEDIAN_OF_ONE)
        new = residual <= clip * np.hypot(error, excess)
        if np.array_equal(new, kept) or new.sum() <= max(terms.shape[1], len(target) // 2):
            break
        kept = new
    dof = int(kept.sum()) - terms.shape[1]
    excess = excess_from_chi2((target - terms @ coefficients)[kept] ** 2, error[kept], dof)
    coefficients, covariance = _weighted(terms[kept], target[kept], error[kept], excess)
    return coefficients, covariance, excess, np.asarray(kept, np.bool_)


def _weighted(terms: F8, target: F8, error: F8, excess: float) -> tuple[F8, F8]:
    weight = 1 / np.maximum(error**2 + excess**2, _OUT_OF_SCALE**2)
    covariance: F8 = np.asarray(np.linalg.pinv(terms.T @ (weight[:, None] * terms)), np.float64)
    return covariance @ (terms.T @ (weight * target)), covariance


def _nominal(value: float, colour_term: float, pivot: float, reason: str, n: int) -> ZeroPoint:
    none = np.zeros(n, bool)
    return ZeroPoint(
        value, np.nan, colour_term, 0.0, pivot, 0, 0, np.nan, np.nan, nominal=True, reason=reason, used=none
    )
