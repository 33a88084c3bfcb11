"""Detections on the maps and zero points of the joint fits."""

import numpy as np

from gnomon.containers.calibrated import Smooth
from gnomon.containers.catalog import Catalog
from gnomon.containers.wcs import wcs_from_text

ZERO_POINT_DEGREE = 3
"""Degree of the zero point's polynomial over a detector."""
ZERO_POINT_COLUMNS = tuple(f"zeroPoint{t - q}{q}" for t in range(ZERO_POINT_DEGREE + 1) for q in range(t + 1))
"""Its coefficients, in the order of `Smooth`."""


def zero_point_over(row: Catalog) -> Smooth:
    """The zero point over a detector from a row of schema `photometry_fit`."""
    nx, ny = int(row["nx"][0]), int(row["ny"][0])
    coefficients = np.array([row[c][0] for c in ZERO_POINT_COLUMNS], np.float64)
    half = max(nx, ny) / 2
    return Smooth(coefficients, ZERO_POINT_DEGREE, ((nx - 1) / 2, (ny - 1) / 2), (half, half))


def joint_fluxes(detections: Catalog, fit: Catalog) -> Catalog:
    """Detections with ``psfFlux`` and its error by the joint zero points (schema `photometry_fit`).

    Detections in exposures that the fit does not have, or has no star in, stay.
    """
    flux, error = (np.array(detections[n], np.float64) for n in ("psfFlux", "psfFluxErr"))
    for k in np.flatnonzero(fit["nStar"] > 0):
        rows = (detections["visit"] == fit["visit"][k]) & (detections["detector"] == fit["detector"][k])
        zero_point = zero_point_over(fit.take(np.array([k]))).at(detections["x"][rows], detections["y"][rows])
        factor = 10 ** (0.4 * (fit["ownZeroPoint"][k] - zero_point))
        flux[rows], error[rows] = flux[rows] * factor, error[rows] * factor
    return detections.with_columns(psfFlux=flux, psfFluxErr=error)


def joint_positions(detections: Catalog, fit: Catalog) -> Catalog:
    """Detections (visit, detector, x, y) with ``coord_ra``, ``coord_dec`` (degrees) on the maps of their exposures.

    Detections in exposures that the fit (schema `astrometry_fit`) does not have, or has no star in, stay.
    """
    ra, dec = detections["coord_ra"].copy(), detections["coord_dec"].copy()
    for k in np.flatnonzero(fit["nStar"] > 0):
        rows = (detections["visit"] == fit["visit"][k]) & (detections["detector"] == fit["detector"][k])
        sky = wcs_from_text(str(fit["wcs"][k])).pixel_to_sky(detections["x"][rows], detections["y"][rows])
        ra[rows], dec[rows] = np.degrees(sky)
    return detections.with_columns(coord_ra=ra, coord_dec=dec)
