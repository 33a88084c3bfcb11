"""Random points on a tract with the depth at each, and a picture of the depth."""

from dataclasses import dataclass

import numpy as np

from gnomon.algorithms.coadd.randoms import random_points
from gnomon.algorithms.object.table import BANDS
from gnomon.algorithms.report.property_maps import draw_depths
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.figure import Figure
from gnomon.containers.healpix import pixel_of
from gnomon.containers.skymap import SkyMap
from gnomon.containers.sparsemap import SparseMap
from gnomon.errors import UnprocessableData
from gnomon.pipeline.coadd import RandomsConfig

_SIDE_PX = 240
"""Longer side of a panel."""


@dataclass(frozen=True, slots=True)
class RandomsResult:
    """Results of the step."""

    randoms: Catalog
    figure: Figure


def randoms(skymap: SkyMap, maps: SparseMap, *, data_id: DataId, config: RandomsConfig) -> RandomsResult:
    """Points of one density wherever any band has a coadd."""
    if not len(maps.pixel):
        raise UnprocessableData(maps.empty_reason or "the maps have no pixel")
    ra, dec, row = random_points(maps.nside, maps.pixel, config.per_arcmin2, config.seed)
    columns = {"coord_ra": np.degrees(ra), "coord_dec": np.degrees(dec), "pixel": maps.pixel[row]}
    nowhere = np.full(len(maps.pixel), np.nan, np.float32)
    for band in BANDS:
        columns[f"{band}_depth"] = maps.values.get(f"{band}_depth", nowhere)[row]
        columns[f"{band}_nExposure"] = maps.values.get(f"{band}_n_exposure", nowhere)[row]
    return RandomsResult(Catalog(columns, {"nside": maps.nside}), _picture(skymap, maps, data_id.tract))


def _picture(skymap: SkyMap, maps: SparseMap, tract: int) -> Figure:
    """Depth of every band on the plane of the tract."""
    box, wcs = skymap.tract_bbox(tract), skymap.tract_wcs(tract)
    step = max(box.nx, box.ny) / _SIDE_PX
    x, y = np.meshgrid(*(np.arange(step / 2, n, step) for n in (box.nx, box.ny)))
    pixel = pixel_of(maps.nside, *wcs.pixel_to_sky(x, y))
    known = [b for b in BANDS if f"{b}_depth" in maps.values]
    depths = {b: maps.at(f"{b}_depth", pixel) for b in known}
    side = np.degrees(skymap.grid.pixel_scale)
    picture = draw_depths(depths, (float(box.nx * side), float(box.ny * side)))
    return Figure(picture, f"tract {tract}, depth of the deep coadds, north up, east left")
