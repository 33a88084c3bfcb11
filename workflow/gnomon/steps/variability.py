"""Light-curve features of the objects of a patch."""

from collections.abc import Sequence

import numpy as np

from gnomon.algorithms.object.table import BANDS
from gnomon.algorithms.variability.tables import VariabilityLimits, row_index, variability_table
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.object import VariabilityConfig

COLUMNS = ("objectId", "band", "midpointMjdTai", "psfFlux", "psfFluxErr", "psfChi2", "flags")
"""What is taken of the forced photometry."""


def variability(
    objects: Catalog, forced: Sequence[Catalog], *, data_id: DataId, config: VariabilityConfig
) -> Catalog:
    """Features per band, variability and periods of every object of the patch."""
    if not len(objects):
        raise UnprocessableData(str(objects.meta.get("empty_reason", "no objects")))
    order = np.argsort(objects["objectId"], kind="stable")
    identity = objects["objectId"][order].astype(np.int64)
    limits = VariabilityLimits(
        config.chance,
        config.error_floor,
        config.shortest_period_d,
        config.longest_period_d,
        config.min_epochs,
    )
    mine = [t.take(row_index(t["objectId"].astype(np.int64), identity) >= 0) for t in forced if len(t)]
    parts = [Catalog({n: t[n] for n in COLUMNS}) for t in mine] or [_nothing()]
    table = variability_table(identity, concatenate(parts), BANDS, limits)
    return table.with_columns(**{n: objects[n][order] for n in ("coord_ra", "coord_dec")})


def _nothing() -> Catalog:
    """Forced photometry without rows: every feature is null."""
    columns = {n: np.zeros(0) for n in COLUMNS}
    return Catalog(
        {
            **columns,
            "objectId": np.zeros(0, np.int64),
            "flags": np.zeros(0, np.uint32),
            "band": np.zeros(0, object),
        }
    )
