"""Zero points of all visits of a tract in one solution, band by band."""

from collections.abc import Sequence

import numpy as np

from gnomon.algorithms.joint.gather import Gathered, gather_astrometry, gather_photometry
from gnomon.algorithms.joint.tables import bands_of, exposure_facts, photometry_table, reference_near
from gnomon.algorithms.photometry.joint import JointPhotometryOptions, fit_joint_photometry
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.joint import FitPhotometryConfig
from gnomon.steps.fit_astrometry import ARCSEC, MARGIN


def fit_photometry(
    star: Catalog,
    source: Catalog,
    summaries: Sequence[Catalog],
    refcats: Sequence[Catalog],
    *,
    data_id: DataId,
    config: FitPhotometryConfig,
) -> Catalog:
    """Visits, detectors and stars of each band together, tied to the reference catalogue where it has the band."""
    reference = reference_near(refcats, star, MARGIN)
    with np.errstate(invalid="ignore", divide="ignore"):
        source = source.take(source["psfFlux"] > config.min_snr * source["psfFluxErr"])
    facts = exposure_facts(summaries)
    gathered = gather_astrometry(star, source, facts, reference, config.match_arcsec * ARCSEC)
    parts, reasons = [], []
    for band in sorted(set(bands_of(summaries).values())):
        try:
            parts.append(_of_band(gathered, source, reference, band, config))
        except UnprocessableData as error:
            reasons.append(f"{band}: {error}")
    if not parts:
        raise UnprocessableData("; ".join(reasons))
    return concatenate(parts)


def _of_band(
    gathered: Gathered, source: Catalog, reference: Catalog, band: str, config: FitPhotometryConfig
) -> Catalog:
    fluxes = gather_photometry(gathered, source, reference, band, config.colour)
    options = JointPhotometryOptions(
        illumination_degree=config.illumination_degree, cloud_degree=config.cloud_degree, pivot=config.pivot
    )
    return photometry_table(
        gathered, source, band, fluxes, fit_joint_photometry(fluxes, options), config.colour
    )
