"""Shapes of the objects of a patch with their response to shear. Experimental."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.detect.bands import combined, scaled_noise
from gnomon.algorithms.object.detection import COADD_UNUSABLE, detected
from gnomon.algorithms.shear.tables import ShearLimits, shear_columns, to_sky
from gnomon.containers.catalog import Catalog
from gnomon.containers.coadd import Coadd
from gnomon.containers.dataid import DataId
from gnomon.containers.skymap import SkyMap
from gnomon.errors import UnprocessableData
from gnomon.flags import SOURCE
from gnomon.pipeline.object import ShearConfig

ARCSEC = np.pi / 180 / 3600
UNSOUND = np.uint32(sum(SOURCE[n] for n in ("saturated", "edge", "badCenter", "centroid")))


def shear(
    skymap: SkyMap,
    coadds: Sequence[Coadd],
    detection: Mapping[str, npt.NDArray[Any]],
    objects: Catalog,
    *,
    data_id: DataId,
    config: ShearConfig,
) -> Catalog:
    """Moments of every object on the mean of the bands that shapes are taken from."""
    if not len(objects):
        raise UnprocessableData(str(objects.meta.get("empty_reason", "no objects")))
    sources, scales = detected(detection)
    seen = [c for c in coadds if c.band in scales]
    chosen = [c for c in seen if c.band in config.bands] or seen
    images = [scaled_noise(c.image, scales[c.band]) for c in chosen]
    mean, psf = combined(images, [c.psf for c in chosen])
    wcs = skymap.patch_wcs(data_id.tract, data_id.patch)
    x, y = objects["x"].astype(np.float64), objects["y"].astype(np.float64)
    sigma = config.weight_arcsec * ARCSEC / wcs.pixel_scale()
    limits = ShearLimits(
        sigma, config.softening_snr, round(config.stamp_arcsec / 2 * ARCSEC / wcs.pixel_scale())
    )
    columns = to_sky(shear_columns(mean, sources, psf, x, y, limits, COADD_UNUSABLE), wcs, x, y)
    with np.errstate(invalid="ignore"):
        strong = columns["momentFlux"] > config.min_snr * columns["momentFluxErr"]
    galaxy = (objects["extendedness"] == 1) & ((objects["flags"] & UNSOUND) == 0)
    kept = {n: objects[n] for n in ("objectId", "coord_ra", "coord_dec")}
    return Catalog({**kept, **columns, "shear_isSource": objects["detect_isPrimary"] & galaxy & strong})
