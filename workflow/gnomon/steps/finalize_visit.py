"""One detector as it is handed on: with the map, the zero point and the PSF stars of all visits together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.algorithms.visit.empty_sky import with_sky_sources
from gnomon.algorithms.visit.final_psf import refit_psf
from gnomon.algorithms.visit.finalize import (
    apply_map,
    apply_zero_point,
    choose,
    final_map,
    final_summary,
    with_conditions,
    with_note,
)
from gnomon.algorithms.visit.focal_sky import keep_large_objects
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.instrument import Instrument
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
    stars: Sequence[Catalog],
    instrument: Instrument,
    *,
    data_id: DataId,
    config: FinalizeVisitConfig,
) -> FinalVisit:
    """Put joint map and zero point on image, sources and summary, and fit the PSF to the stars of all visits.

    What no joint fit holds the detector keeps of its own.
    """
    mine = source.take(source["detector"] == data_id.detector)
    row = summary.take(summary["detector"] == data_id.detector)
    if config.sky == "focal_plane":
        image = keep_large_objects(image, summary, data_id.detector)
    key = (data_id.visit, data_id.detector)
    where = choose(astrometry, *key, config.min_astrometry_stars, "astrometry")
    bright = choose(photometry, *key, config.min_photometry_stars, "photometry")
    mine, image = apply_map(mine, image, final_map(image, where))
    factor = 1.0
    if len(bright.row):
        mine, image, factor = apply_zero_point(mine, image, bright.row)
    done = refit_psf(image, mine, stars, config.min_psf_stars, source)
    made = final_summary(row, done.image, done.sources, where, bright, factor)
    made = with_conditions(made, instrument.reference)
    made = with_sky_sources(made, done.image, np.random.default_rng(key))
    return FinalVisit(done.image, done.sources, with_note(made, done.note))
