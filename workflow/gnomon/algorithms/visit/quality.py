"""Numbers that tell how good the PSF of a detector is."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.joint.scatter import sigma_mad
from gnomon.algorithms.psf import adaptive_moments
from gnomon.algorithms.visit.characterise import psf_fwhm_px
from gnomon.containers.catalog import Catalog
from gnomon.containers.psf import PsfModel

F8 = npt.NDArray[np.float64]

FLOOR = 0.003
"""Of size and shape: no star may outweigh all others by being bright."""
_CLIP = 5.0  # errors
_SIZES, _REACHES = 3, 9  # places along a side of the detector where sizes and distances are taken
_CENTRE = _SIZES * _SIZES // 2
_MOMENTS = ("ixx", "iyy", "ixy", "ixxPSF", "iyyPSF", "ixyPSF", "psfFlux", "psfFluxErr")


def psf_quality(sources: Catalog, psf: PsfModel, pixel_scale: float) -> dict[str, float | int]:
    """What the summary says of the PSF: its stars, its seeing and shape, and what the reserve stars have beyond it.

    Residuals are means weighted by the stars' own errors, those beyond five of them left out; NaN without stars.
    """
    middle = psf.centre
    m = adaptive_moments(psf.samples(*_places(psf, _SIZES)))
    off = shape_residuals(sources.take(sources["isPsfReserve"].astype(bool)))
    return {
        "seeing": psf_fwhm_px(psf, *middle) * pixel_scale,
        "psfE1": float(m.e1[_CENTRE]),
        "psfE2": float(m.e2[_CENTRE]),
        "nPsfStar": int(sources["isPsfStar"].sum()),
        "nPsfReserve": int(sources["isPsfReserve"].sum()),
        "psfSizeResidual": _mean(off["size"], off["error"]),
        "psfE1Residual": _mean(off["e1"], off["error"]),
        "psfE2Residual": _mean(off["e2"], off["error"]),
        "psfSizeScatter": _size_scatter(sources),
        "psfTraceRadiusDelta": float(np.ptp(np.sqrt(0.5 * m.trace))),
        "maxDistToNearestPsf": _reach(sources, psf),
    }


def _reach(sources: Catalog, psf: PsfModel) -> float:
    """Largest distance of a place of the detector to the nearest star of the model, pixels; NaN without any."""
    x, y = _places(psf, _REACHES)
    stars = sources.take(sources["isPsfStar"].astype(bool))
    away = np.hypot(x[:, None] - stars["x"], y[:, None] - stars["y"])
    return float(away.min(axis=1).max()) if len(stars) else float("nan")


def _places(psf: PsfModel, n: int) -> tuple[F8, F8]:
    """n x n pixel positions from border to border of the detector."""
    x, y = (m + s * np.linspace(-1, 1, n) for m, s in zip(psf.centre, psf.scale, strict=True))
    x, y = np.meshgrid(x, y)
    return x.ravel(), y.ravel()


def _size_scatter(sources: Catalog) -> float:
    """Robust standard deviation of the relative size of all stars of the PSF; NaN without any."""
    off = shape_residuals(sources.take((sources["isPsfStar"] | sources["isPsfReserve"]).astype(bool)))["size"]
    return sigma_mad(off[np.isfinite(off)])


def shape_residuals(stars: Catalog) -> dict[str, F8]:
    """Size (relative) and ellipticities of stars less those of the PSF, and their errors, by adaptive moments.

    The error is that of an isotropic Gaussian of the star's signal to noise s: of e ``sqrt(2) / s``, of T likewise.
    """
    stars = Catalog({n: stars[n].astype(np.float64) for n in _MOMENTS})
    t, t_psf = stars["ixx"] + stars["iyy"], stars["ixxPSF"] + stars["iyyPSF"]
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "size": t / t_psf - 1,
            "e1": (stars["ixx"] - stars["iyy"]) / t - (stars["ixxPSF"] - stars["iyyPSF"]) / t_psf,
            "e2": 2 * (stars["ixy"] / t - stars["ixyPSF"] / t_psf),
            "error": np.sqrt(2) * stars["psfFluxErr"] / stars["psfFlux"],
        }


def _mean(values: F8, error: F8) -> float:
    """Mean weighted by the errors and a floor; outliers left out."""
    error = np.hypot(error, FLOOR)
    good = np.isfinite(values) & np.isfinite(error)
    if not good.any():
        return float("nan")
    good &= np.abs(values - np.median(values[good])) < _CLIP * error
    return float(np.average(values[good], weights=error[good] ** -2)) if good.any() else float("nan")
