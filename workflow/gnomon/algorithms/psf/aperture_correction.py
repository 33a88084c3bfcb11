"""Aperture corrections: the ratio of two flux measurements of stars, over the detector."""

import numpy as np

from gnomon.containers.calibrated import F8, Smooth
from gnomon.containers.psf import polynomial_terms
from gnomon.errors import UnprocessableData

_CLIP = 3.0  # robust standard deviations
_TURNS = 4
_STARS_PER_DEGREE = (3, 10, 30)  # fewest stars for a constant, a plane, a paraboloid
_SYSTEMATIC = 0.002  # scatter of the ratio of bright stars, neighbours and flat errors


def fit_aperture_correction(
    x: F8, y: F8, flux: F8, reference: F8, error: F8, shape: tuple[int, int], degree: int = 2
) -> Smooth:
    """Polynomial of position that turns ``flux`` into ``reference`` for stars.

    Weighted least squares of reference / flux, clipped at 3 robust sigma. With fewer than 30 stars the
    degree is 1, with fewer than 10 it is 0; with fewer than 3 the median stands.

    Parameters
    ----------
    x, y : (n,) pixel positions of stars
    flux, reference : (n,) fluxes of one unit, e.g. PSF flux and flux in the calibration aperture
    error : (n,) standard error of their difference
    shape : (ny, nx) of the detector
    degree : highest degree

    Returns
    -------
    Smooth : multiply the flux of a source by its value

    Raises
    ------
    UnprocessableData
        No star has two positive fluxes.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = reference / flux
        sigma = np.hypot(error / flux, _SYSTEMATIC)
        good = (flux > 0) & (reference > 0) & np.isfinite(ratio) & np.isfinite(sigma)
    if not good.any():
        raise UnprocessableData(
            f"none of {len(x)} stars has two positive fluxes; an aperture correction needs one"
        )
    centre, scale = ((shape[1] - 1) / 2, (shape[0] - 1) / 2), (shape[1] / 2, shape[0] / 2)
    xs, ys = (x - centre[0]) / scale[0], (y - centre[1]) / scale[1]
    coefficients, fitted = np.array([np.median(ratio[good])]), 0
    for _ in range(_TURNS):
        terms = polynomial_terms((xs, ys), fitted)
        off = (ratio - terms @ coefficients) / sigma
        width = max(1.0, 1.4826 * float(np.median(np.abs(off[good]))))
        use = good & (np.abs(off) < _CLIP * width)
        if use.sum() < _STARS_PER_DEGREE[0]:
            break
        fitted = max(d for d in range(min(degree, 2) + 1) if use.sum() >= _STARS_PER_DEGREE[d])
        terms = polynomial_terms((xs, ys), fitted)[use] / sigma[use, None]
        coefficients = np.linalg.lstsq(terms, ratio[use] / sigma[use], rcond=None)[0]
    return Smooth(coefficients, fitted, centre, scale)
