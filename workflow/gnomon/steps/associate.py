"""Objects of the detections on difference images."""

from collections.abc import Sequence

import numpy as np

from gnomon.algorithms.association.tables import ARCSEC, DiaTables, MatchLimits, dia_tables
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.skymap import SkyMap
from gnomon.errors import UnprocessableData
from gnomon.pipeline.diff import AssociateConfig

COLUMNS = (
    "diaSourceId", "visit", "band", "midpointMjdTai", "ra", "dec", "raErr", "decErr", "psfFlux", "psfFluxErr",
    "scienceFlux", "scienceFluxErr", "reliability",
)  # fmt: skip
"""What is taken of a detection."""


def associate(
    skymap: SkyMap, sources: Sequence[Catalog], *, data_id: DataId, config: AssociateConfig
) -> DiaTables:
    """Group the detections of all visits near a patch; keep the objects that are the patch's own.

    Detections of all visits that touch the patch are grouped together, so that an object on the border of
    two patches is the same in both; the patch that owns its mean position keeps it.
    """
    parts = [Catalog({n: s[n] for n in COLUMNS}) for s in sources if len(s)]
    if not parts:
        raise UnprocessableData("no detections on the difference images of this patch")
    found = concatenate(parts)
    with np.errstate(invalid="ignore"):
        told = found.take(found["reliability"] >= config.min_reliability)
    if not len(told):
        judged = int(np.isfinite(found["reliability"]).sum())
        raise UnprocessableData(f"none of {len(found)} detections is reliable; {judged} were judged")
    limits = MatchLimits(
        config.radius_arcsec * ARCSEC, config.n_sigma, config.sigma_floor_mas * 1e-3 * ARCSEC
    )
    return _of_patch(dia_tables(told, limits, config.bands), skymap, data_id)


def _of_patch(found: DiaTables, skymap: SkyMap, data_id: DataId) -> DiaTables:
    ra, dec = (np.radians(found.object[c]) for c in ("ra", "dec"))
    tract, patch = skymap.patch_of(ra, dec)
    own = found.object.take((tract == data_id.tract) & (patch == data_id.patch))
    rows = np.isin(found.association["diaObjectId"], own["diaObjectId"])
    return DiaTables(own, found.association.take(rows))
