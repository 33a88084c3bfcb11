"""Positions of detections on the maps of the joint astrometry."""

import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.containers.wcs import wcs_from_text


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
