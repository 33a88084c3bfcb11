"""A spectroscopic survey of the simulated sky."""

import numpy as np

from gnomon.algorithms.photometry.zero_point import AB_NJY
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.simulation import SimulateRedshiftsConfig

VELOCITY_ERROR = 150.0 / 299792.458
"""Error of a redshift over 1 + z: 150 km/s, a low-resolution spectrograph."""


def simulate_redshifts(galaxies: Catalog, *, data_id: DataId, config: SimulateRedshiftsConfig) -> Catalog:
    """A random part of the galaxies brighter than a limit, with errors of the redshift."""
    if not len(galaxies):
        raise UnprocessableData("no simulated galaxies")
    with np.errstate(invalid="ignore", divide="ignore"):
        magnitude = AB_NJY - 2.5 * np.log10(galaxies["flux_i"])
    rng = np.random.default_rng(config.seed)
    chosen = (rng.random(len(galaxies)) < config.fraction) & (magnitude < config.magnitude_limit)
    z = galaxies["redshift"][chosen]
    error = VELOCITY_ERROR * (1 + z)
    columns = {
        "coord_ra": galaxies["ra"][chosen],
        "coord_dec": galaxies["dec"][chosen],
        "redshift": z + error * rng.standard_normal(len(z)),
        "redshiftErr": error,
    }
    return Catalog(columns)
