"""Fluxes where nothing is: what they scatter by is the noise that the errors of faint sources have to tell."""

import numpy as np

from gnomon.algorithms.detect import sky_positions
from gnomon.algorithms.joint.scatter import sigma_mad
from gnomon.algorithms.measure import measure_forced
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog

_PLACES = 100  # of a detector: the scatter is known to 9 %
_RADIUS_PX = 6  # half side of an empty square: the core of a star of 1.2 arcsec
_FEWEST = 10  # below it nothing is said


def with_sky_sources(summary: Catalog, image: CalibratedImage, rng: np.random.Generator) -> Catalog:
    """The summary of one detector with PSF fluxes over their errors at places of empty sky: mean and robust scatter.

    Parameters
    ----------
    summary : one row
    image : final, with DETECTED set in its mask
    rng : draws the places
    """
    x, y = sky_positions(image.image, _PLACES, radius_px=_RADIUS_PX, rng=rng)
    found = measure_forced(image.image, x, y, image.psf, apertures_px=(3.0,))
    pull = found["psfFlux"] / found["psfFluxErr"]
    pull = pull[np.isfinite(pull)]
    mean, scatter = float("nan"), float("nan")
    if len(pull) >= _FEWEST:
        mean, scatter = float(np.mean(pull)), sigma_mad(pull)
    return summary.with_columns(
        nSkySource=np.array([len(pull)]), skyFluxMean=np.array([mean]), skyFluxPull=np.array([scatter])
    )
