"""Fluxes of all objects on one visit."""

from collections.abc import Sequence

import numpy as np

from gnomon.algorithms.measure import measure_forced
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.object import ForcedSourceConfig

_TAKEN = ("objectId", "coord_ra", "coord_dec")


def forced_source(
    image: CalibratedImage,
    summary: Catalog,
    objects: Sequence[Catalog],
    *,
    data_id: DataId,
    config: ForcedSourceConfig,
) -> Catalog:
    """PSF flux at the place of every primary object on the detector, whether or not it is seen there."""
    parts = [Catalog({n: t[n] for n in _TAKEN}).take(t["detect_isPrimary"]) for t in objects if len(t)]
    if not parts:
        raise UnprocessableData(f"no objects in the {len(objects)} patches that the visit touches")
    mine, x, y = _on_detector(concatenate(parts), image)
    table = measure_forced(image.image, x, y, image.psf, apertures_px=(3.0,), fit_sky=config.fit_sky)
    correction = image.aperture_correction.at(x, y)
    fact = summary.take(summary["detector"] == data_id.detector)
    n = len(mine)
    columns = {
        "visit": np.full(n, data_id.visit),
        "detector": np.full(n, data_id.detector),
        "band": np.full(n, str(fact["band"][0]), object),
        "midpointMjdTai": np.full(n, float(fact["midpointMjdTai"][0])),
        "x": x,
        "y": y,
        "psfFlux": table["psfFlux"] * correction,
        "psfFluxErr": table["psfFluxErr"] * correction,
        "psfChi2": table["psfChi2"] / np.maximum(table["psfNdata"] - 1, 1),
        "flags": table["flags"],
    }
    return mine.with_columns(**columns)


def _on_detector(objects: Catalog, image: CalibratedImage) -> tuple[Catalog, np.ndarray, np.ndarray]:
    """Objects whose place is on the detector, with pixels."""
    x, y = image.wcs.sky_to_pixel(np.radians(objects["coord_ra"]), np.radians(objects["coord_dec"]))
    ny, nx = image.image.shape
    with np.errstate(invalid="ignore"):
        inside = (x > -0.5) & (x < nx - 0.5) & (y > -0.5) & (y < ny - 0.5)
    return objects.take(inside), x[inside], y[inside]
