"""Objects of a patch, measured in every band at one place each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from gnomon.algorithms.detect.bands import combined, scaled_noise
from gnomon.algorithms.measure import measure_sources
from gnomon.algorithms.measure.cmodel import fit_galaxies
from gnomon.algorithms.object.detection import COADD_UNUSABLE, detected
from gnomon.algorithms.object.table import (
    BANDS,
    band_columns,
    missing_band,
    model_columns,
    object_columns,
)
from gnomon.containers.catalog import Catalog
from gnomon.containers.coadd import Coadd
from gnomon.containers.dataid import DataId
from gnomon.containers.skymap import SkyMap
from gnomon.errors import UnprocessableData
from gnomon.pipeline.object import MeasureConfig


def measure(
    skymap: SkyMap,
    coadds: Sequence[Coadd],
    detection: Mapping[str, npt.NDArray[Any]],
    *,
    data_id: DataId,
    config: MeasureConfig,
) -> Catalog:
    """Places and shapes on the mean of all bands, and one galaxy model; then fluxes forced band by band."""
    if not detection or not len(detection["x"]):
        raise UnprocessableData("no object was detected")
    sources, scales = detected(detection)
    seen = [c for c in coadds if c.band in scales]
    images = [scaled_noise(c.image, scales[c.band]) for c in seen]
    mean, psf = combined(images, [c.psf for c in seen])
    found = measure_sources(mean, sources, psf, ignore=COADD_UNUSABLE)
    x, y, radius = (found[n] for n in ("x", "y", "halfLightRad"))
    models = fit_galaxies(mean, sources, psf, x, y, radius, ignore=COADD_UNUSABLE)
    wcs = skymap.patch_wcs(data_id.tract, data_id.patch)
    columns = object_columns(found, wcs, skymap, data_id.tract, data_id.patch) | model_columns(models)
    for coadd, image in zip(seen, images, strict=True):
        columns |= band_columns(coadd, image, sources, models)
    for band in (b for b in BANDS if b not in scales):
        columns |= missing_band(band, len(found))
    return Catalog({n: c for n, c in columns.items() if "_" not in n or _in_schema(n)})


def _in_schema(name: str) -> bool:
    """Whether a column is of no band or of one that the schema has."""
    return name.startswith(("coord_", "detect_", "cModel_", *(f"{b}_" for b in BANDS)))
