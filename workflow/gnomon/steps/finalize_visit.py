"""One detector as it is handed on: with the map and the zero point of all visits together."""

from collections.abc import Sequence
from dataclasses import dataclass

from gnomon.algorithms.visit.finalize import apply_map, apply_zero_point, choose, final_map, final_summary
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.pipeline.joint import FinalizeVisitConfig


@dataclass(frozen=True, slots=True)
class FinalVisit:
    """Results of the step for one detector."""

    image: CalibratedImage
    source: Catalog
    summary: Catalog


def finalize_visit(
    image: CalibratedImage,
    source: Catalog,
    summary: Catalog,
    astrometry: Sequence[Catalog],
    photometry: Sequence[Catalog],
    *,
    data_id: DataId,
    config: FinalizeVisitConfig,
) -> FinalVisit:
    """Put the joint map and zero point on image, sources and summary; without them the detector keeps its own."""
    mine = source.take(source["detector"] == data_id.detector)
    row = summary.take(summary["detector"] == data_id.detector)
    key = (data_id.visit, data_id.detector)
    where = choose(astrometry, *key, config.min_astrometry_stars, "astrometry")
    bright = choose(photometry, *key, config.min_photometry_stars, "photometry")
    mine, image = apply_map(mine, image, final_map(image, where))
    factor = 1.0
    if len(bright.row):
        mine, image, factor = apply_zero_point(mine, image, bright.row)
    return FinalVisit(image, mine, final_summary(row, image, where, bright, factor))
