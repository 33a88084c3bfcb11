"""The tables of a release."""

from collections.abc import Sequence

import numpy as np

from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.release import ReleaseTable
from gnomon.errors import UnprocessableData
from gnomon.pipeline.release import ReleaseCatalogsConfig


def release_catalogs(
    motions: Sequence[Catalog], *, data_id: DataId, config: ReleaseCatalogsConfig
) -> ReleaseTable:
    """Put the tables of all tracts together; stars without a position are left out."""
    parts = [t for t in motions if len(t)]
    if not parts:
        raise UnprocessableData("no tract has isolated stars")
    stars = concatenate(parts)
    placed = stars.take(np.isfinite(stars["coord_ra"] + stars["coord_dec"]))
    return ReleaseTable(Catalog(placed.columns), "star", config.max_rows, config.release)
