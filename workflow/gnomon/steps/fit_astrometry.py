"""Maps of all visits of a tract in one solution."""

from collections.abc import Sequence

import numpy as np

from gnomon.algorithms.astrometry.joint import JointAstrometryOptions, fit_joint_astrometry
from gnomon.algorithms.joint.gather import gather_astrometry
from gnomon.algorithms.joint.tables import (
    astrometry_table,
    bands_of,
    exposure_facts,
    mean_colour,
    reference_near,
)
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.pipeline.joint import FitAstrometryConfig

ARCSEC = np.pi / 180 / 3600
MARGIN = 60 * ARCSEC
"""How far beyond the stars the reference catalogue is read: proper motions."""


def fit_astrometry(
    star: Catalog,
    source: Catalog,
    summaries: Sequence[Catalog],
    refcats: Sequence[Catalog],
    *,
    data_id: DataId,
    config: FitAstrometryConfig,
) -> Catalog:
    """Camera, visits, air, its refraction and stars of a tract together, tied to the reference catalogue."""
    reference = reference_near(refcats, star, MARGIN)
    facts = exposure_facts(summaries)
    colour, redder = mean_colour(star, source, config.colour)
    gathered = gather_astrometry(star, source, facts, reference, config.match_arcsec * ARCSEC, redder)
    options = JointAstrometryOptions(
        camera_degree=config.camera_degree, visit_degree=config.visit_degree, turbulence=config.turbulence
    )
    found = fit_joint_astrometry(gathered.exposures, gathered.sources, gathered.stars, options)
    return astrometry_table(gathered, bands_of(summaries), found, colour)
