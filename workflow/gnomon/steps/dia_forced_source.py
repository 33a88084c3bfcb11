"""Fluxes of all DIA objects on the difference of one detector."""

from collections.abc import Sequence

import numpy as np

from gnomon.algorithms.measure import measure_forced
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.ids import source_ids
from gnomon.errors import UnprocessableData
from gnomon.pipeline.diff import DiaForcedSourceConfig

_APERTURE_PX = (3.0,)


def dia_forced_source(
    image: CalibratedImage,
    science: CalibratedImage,
    summary: Catalog,
    objects: Sequence[Catalog],
    *,
    data_id: DataId,
    config: DiaForcedSourceConfig,
) -> Catalog:
    """PSF flux at the place of every DIA object on the detector, whether or not it is seen there."""
    parts = [Catalog({n: t[n] for n in ("diaObjectId", "ra", "dec")}) for t in objects if len(t)]
    if not parts:
        raise UnprocessableData(f"no DIA objects in the {len(objects)} patches that the visit touches")
    fact = summary.take(summary["detector"] == data_id.detector)
    if not len(fact):
        raise UnprocessableData(f"the summary of the visit has no detector {data_id.detector}")
    mine, x, y = _on_detector(concatenate(parts), image)
    n, correction = len(mine), image.aperture_correction.at(x, y)
    new, whole = (measure_forced(i.image, x, y, i.psf, apertures_px=_APERTURE_PX) for i in (image, science))
    return mine.with_columns(
        diaForcedSourceId=source_ids(data_id.visit, data_id.detector, np.arange(n)),
        visit=np.full(n, data_id.visit),
        detector=np.full(n, data_id.detector),
        band=np.full(n, str(fact["band"][0]), object),
        midpointMjdTai=np.full(n, float(fact["midpointMjdTai"][0])),
        psfFlux=new["psfFlux"] * correction,
        psfFluxErr=new["psfFluxErr"] * correction,
        scienceFlux=whole["psfFlux"] * correction,
        scienceFluxErr=whole["psfFluxErr"] * correction,
        flags=new["flags"],
    )


def _on_detector(objects: Catalog, image: CalibratedImage) -> tuple[Catalog, np.ndarray, np.ndarray]:
    """Objects whose place is on known pixels of the difference, in order of identifier, with pixels."""
    objects = objects.take(np.argsort(objects["diaObjectId"], kind="stable"))
    x, y = image.wcs.sky_to_pixel(np.radians(objects["ra"]), np.radians(objects["dec"]))
    ny, nx = image.image.shape
    with np.errstate(invalid="ignore"):
        inside = (x > -0.5) & (x < nx - 0.5) & (y > -0.5) & (y < ny - 0.5)
    return objects.take(inside), x[inside], y[inside]
