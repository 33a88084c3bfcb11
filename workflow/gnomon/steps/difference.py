"""One detector less its template, and what changed on it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gnomon import flags
from gnomon.algorithms.difference.sources import FindOptions, difference_sources
from gnomon.algorithms.difference.subtract import Difference, SubtractOptions, subtract
from gnomon.algorithms.difference.table import dia_source_table
from gnomon.algorithms.difference.template import template_image
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog
from gnomon.containers.coadd import Coadd
from gnomon.containers.dataid import DataId
from gnomon.containers.image import Image
from gnomon.errors import UnprocessableData
from gnomon.pipeline.diff import DifferenceConfig

_MOST_STARS = 400  # more do not improve a kernel of at most 6 terms
_NOT_A_STAR = ("saturated", "bad", "cr", "edge", "deblended", "suspect", "streak", "negative", "sky")


@dataclass(frozen=True, slots=True)
class DifferencedImage:
    """Results of the step for one detector."""

    image: CalibratedImage
    template: CalibratedImage
    candidates: Catalog


def difference(
    science: CalibratedImage,
    sources: Catalog,
    summary: Catalog,
    coadds: Sequence[Coadd],
    *,
    data_id: DataId,
    config: DifferenceConfig,
) -> DifferencedImage:
    """Warp the template to the detector, match it at stars, subtract, detect both signs and measure."""
    fact = summary.take(summary["detector"] == data_id.detector)
    if not len(fact):
        raise UnprocessableData(f"the summary of the visit has no detector {data_id.detector}")
    band = str(fact["band"][0])
    if not coadds:
        raise UnprocessableData("no template: this part of the sky was seen in no other season or night")
    mine = [c for c in coadds if c.band == band]
    template, psf = template_image(mine, science.wcs, science.image.shape)
    stars = kernel_stars(sources.take(sources["detector"] == data_id.detector), config.star_snr)
    options = SubtractOptions(config.kernel_degree, config.min_stars, config.background_box_px)
    made = subtract(
        science.image, science.psf, template, psf, stars["x"].astype(np.float64), stars["y"].astype(np.float64), options
    )  # fmt: skip
    found = FindOptions(config.detection_snr, config.registration_px, config.scale_error)
    table = difference_sources(made, science.image, science.psf, found)
    mjd = float(fact["midpointMjdTai"][0])
    told = dia_source_table(
        table, science.wcs, science.aperture_correction, data_id.visit, data_id.detector, band, mjd
    )
    matched = Image(made.template, template.variance, template.mask)
    noted = Catalog(told.columns, {"note": f"detector {data_id.detector}: {made.note}"} if made.note else {})
    return DifferencedImage(_like(science, made.image, made), _like(science, matched, made), noted)


def kernel_stars(sources: Catalog, min_snr: float) -> Catalog:
    """Clean, single sources above a signal to noise, brightest first and not too many."""
    unfit = np.uint32(sum(flags.SOURCE[n] for n in _NOT_A_STAR))
    with np.errstate(invalid="ignore", divide="ignore"):
        snr = sources["psfFlux"] / sources["psfFluxErr"]
        good = (snr > min_snr) & ((sources["flags"].astype(np.uint32) & unfit) == 0)
    rows: npt.NDArray[np.intp] = np.flatnonzero(good)
    brightest = rows[np.argsort(-snr[rows], kind="stable")][:_MOST_STARS]
    return sources.take(brightest)


def _like(science: CalibratedImage, image: Image, made: Difference) -> CalibratedImage:
    """Other pixels with the place and calibration of the science image and the PSF of the difference."""
    return replace(science, image=image, psf=made.psf)
