"""What the coadds of a tract were made of."""

from collections.abc import Sequence

import numpy as np

from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.coadd import Coadd
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.coadd import CoaddSelectionConfig


def coadd_selection(coadds: Sequence[Coadd], *, data_id: DataId, config: CoaddSelectionConfig) -> Catalog:
    """One row a coadd and detector on its patch: quality, weight, and the reason why it was left out."""
    found = [_rows(c) for c in coadds if c.selection.visit]
    if not found:
        raise UnprocessableData("; ".join(dict.fromkeys(c.empty_reason for c in coadds)) or "no coadds")
    return concatenate(found)


def _rows(coadd: Coadd) -> Catalog:
    """The selection of one coadd."""
    chosen, place = coadd.selection, coadd.data_id
    n = len(chosen.visit)
    return Catalog(
        {
            "tract": np.full(n, place.tract),
            "patch": np.full(n, place.patch),
            "band": np.full(n, place.band, object),
            "kind": np.full(n, place.kind, object),
            "visit": np.array(chosen.visit, np.int64),
            "detector": np.array(chosen.detector, np.int64),
            "seeing": np.array(chosen.seeing),
            "psfEllipticity": np.array(chosen.ellipticity),
            "transparency": np.array(chosen.transparency),
            "relativeNoise": np.array(chosen.noise),
            "nCell": np.array(chosen.cells, np.int64),
            "weight": np.array(chosen.weight),
            "accepted": np.array([not r for r in chosen.reason], np.bool_),
            "reason": np.array(chosen.reason, object),
        }
    )
