"""Calibration of one visit by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.algorithms.astrometry.fit import FitOptions
from gnomon.algorithms.astrometry.match import MatchLimits
from gnomon.algorithms.background import scale_background
from gnomon.algorithms.photometry.calibrate import calibrate_image, njy_per_count
from gnomon.algorithms.photometry.zero_point import ZeroPoint, ZeroPointOptions
from gnomon.algorithms.visit import (
    CharacteriseOptions,
    calibrate_photometry,
    characterise,
    correct_apertures,
    locate,
    measure_detector,
    reference_stars,
    source_table,
    summary_row,
)
from gnomon.algorithms.visit.photometer import in_njy
from gnomon.containers.calibrated import CalibratedImage, PhotoCalib
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.exposure import DetrendedImage
from gnomon.pipeline.visit import CalibrateVisitConfig

_ARCSEC = np.pi / 180 / 3600


@dataclass(frozen=True, slots=True)
class CalibratedVisit:
    """Results of the step for one detector."""

    image: CalibratedImage
    source: Catalog
    summary: Catalog


def calibrate_visit(
    post_isr: DetrendedImage, refcats: Sequence[Catalog], *, data_id: DataId, config: CalibrateVisitConfig
) -> CalibratedVisit:
    """Background, cosmic rays, PSF, sources, aperture corrections, map, zero point of one detector."""
    facts, shape = post_isr.facts, post_isr.image.shape
    found = characterise(post_isr.image, _characterise_options(config))
    image, sources = measure_detector(found, config.detection_snr)
    sources, correction = correct_apertures(sources, sources["isPsfStar"], shape, found.fwhm_px)
    limits = _match_limits(config)
    stars = reference_stars(refcats, post_isr.wcs, shape, facts.mjd_tai, limits.offset)
    fit = FitOptions(degree=config.astrometry_degree)
    located = locate(sources, stars, post_isr.wcs, shape, facts.band, limits, fit)
    zero_point, photometric = calibrate_photometry(
        sources, stars, located, facts.band, post_isr.zero_point,
        ZeroPointOptions(min_snr=config.photometry_snr, min_stars=config.min_photometry_stars),
    )  # fmt: skip
    factor = njy_per_count(zero_point.value)
    calibrated = CalibratedImage(
        calibrate_image(image, factor, in_place=True), located.wcs, found.psf, _photo_calib(zero_point, factor),
        scale_background(found.background, factor), correction,
    )  # fmt: skip
    astrometric = np.isin(np.arange(len(sources)), located.source)
    sources = in_njy(sources, factor).with_columns(isAstromStar=astrometric, isPhotomStar=photometric)
    summary = summary_row(found, calibrated, located, zero_point, facts, data_id.detector, sources)
    return CalibratedVisit(calibrated, source_table(sources, located.wcs, facts, data_id.detector), summary)


def _characterise_options(config: CalibrateVisitConfig) -> CharacteriseOptions:
    return CharacteriseOptions(
        background_box_px=config.background_box_px,
        detection_snr=config.detection_snr,
        psf_size_px=config.psf_size_px,
        psf_star_snr=config.psf_star_snr,
        cosmic_rays=config.cosmic_rays,
    )


def _match_limits(config: CalibrateVisitConfig) -> MatchLimits:
    offset = config.match_offset_arcsec * _ARCSEC
    if config.first_map == "rough":
        return MatchLimits(offset=offset)
    return MatchLimits(offset=offset, rotation=1e-3, scale=1e-3, any_orientation=False)


def _photo_calib(zero_point: ZeroPoint, factor: float) -> PhotoCalib:
    return PhotoCalib(factor, zero_point.value, zero_point.error, zero_point.stars)
