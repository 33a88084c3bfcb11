"""Detections on the maps and zero points of the joint fits."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.joint.gather import star_colours
from gnomon.containers.calibrated import Smooth
from gnomon.containers.catalog import Catalog
from gnomon.containers.wcs import wcs_from_text

ZERO_POINT_DEGREE = 3
"""Degree of the zero point's polynomial over a detector."""
ZERO_POINT_COLUMNS = tuple(f"zeroPoint{t - q}{q}" for t in range(ZERO_POINT_DEGREE + 1) for q in range(t + 1))
"""Its coefficients, in the order of `Smooth`."""


_DEGREES_PER_MAS = 1 / 3.6e6
_DETECTORS = 1000  # their numbers are below


@dataclass(frozen=True, slots=True)
class MeanColour:
    """The colour that refraction goes with, and that of the mean star, for which maps hold."""

    blue: str
    """Band."""
    red: str
    """Band."""
    mean: float
    """Magnitudes."""


def zero_point_over(row: Catalog) -> Smooth:
    """The zero point over a detector from a row of schema `photometry_fit`."""
    nx, ny = int(row["nx"][0]), int(row["ny"][0])
    coefficients = np.array([row[c][0] for c in ZERO_POINT_COLUMNS], np.float64)
    half = max(nx, ny) / 2
    return Smooth(coefficients, ZERO_POINT_DEGREE, ((nx - 1) / 2, (ny - 1) / 2), (half, half))


def joint_fluxes(detections: Catalog, fit: Catalog) -> Catalog:
    """Detections with ``psfFlux`` and its error by the joint zero points (schema `photometry_fit`), colour terms too.

    Detections in exposures that the fit does not have, or has no star in, stay; stars without a colour count as
    those for which the zero points hold.
    """
    redder = _redder(detections, fit)
    flux, error = (np.array(detections[n], np.float64) for n in ("psfFlux", "psfFluxErr"))
    for k, rows in _rows_of_exposures(detections, fit):
        zero_point = zero_point_over(fit.take(np.array([k]))).at(detections["x"][rows], detections["y"][rows])
        zero_point = zero_point + fit["colourTerm"][k] * redder[rows]
        factor = 10 ** (0.4 * (fit["ownZeroPoint"][k] - zero_point))
        flux[rows], error[rows] = flux[rows] * factor, error[rows] * factor
    return detections.with_columns(psfFlux=flux, psfFluxErr=error)


def joint_positions(detections: Catalog, fit: Catalog) -> Catalog:
    """Detections with ``coord_ra``, ``coord_dec`` (degrees) on the maps of their exposures, refraction taken off.

    Detections in exposures that the fit (schema `astrometry_fit`) does not have, or has no star in, stay; stars
    without a colour count as the mean star.

    Parameters
    ----------
    detections : columns isolatedStarId, visit, detector, band, x, y, coord_ra, coord_dec, psfFlux, psfFluxErr
    """
    ra, dec = detections["coord_ra"].copy(), detections["coord_dec"].copy()
    redder = _redder(detections, fit)
    for k, rows in _rows_of_exposures(detections, fit):
        sky = wcs_from_text(str(fit["wcs"][k])).pixel_to_sky(detections["x"][rows], detections["y"][rows])
        ra[rows], dec[rows] = np.degrees(sky)
        moved = redder[rows] * _DEGREES_PER_MAS
        ra[rows] -= fit["chromaticRa"][k] * moved / np.cos(sky[1])
        dec[rows] -= fit["chromaticDec"][k] * moved
    return detections.with_columns(coord_ra=ra, coord_dec=dec)


def _redder(detections: Catalog, fit: Catalog) -> npt.NDArray[np.float64]:
    """(n,) colour of each detection's star less that for which the fit holds, magnitudes; 0 where unknown."""
    if "mean" not in fit.meta or not len(detections):
        return np.zeros(len(detections))
    _, star = np.unique(detections["isolatedStarId"], return_inverse=True)
    colour = star_colours(
        star, int(star.max()) + 1, detections, (str(fit.meta["blue"]), str(fit.meta["red"]))
    )
    return np.nan_to_num(colour - float(fit.meta["mean"]))[star]


def _rows_of_exposures(detections: Catalog, fit: Catalog) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    """Rows of the fit that have a star, each with the rows of its exposure's detections; one sort in all."""
    seen, asked = (t["visit"].astype(np.int64) * _DETECTORS + t["detector"] for t in (detections, fit))
    order = np.argsort(seen, kind="stable")
    low, high = (np.searchsorted(seen[order], asked, side) for side in ("left", "right"))
    for k in np.flatnonzero(fit["nStar"] > 0).tolist():
        yield k, order[low[k] : high[k]]
