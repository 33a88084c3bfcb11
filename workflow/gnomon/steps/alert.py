"""Alerts of one visit."""

from collections.abc import Mapping, Sequence

import numpy as np

from gnomon.algorithms.alert.cutouts import join_stamps, stamps_of
from gnomon.algorithms.association.tables import ARCSEC, MatchLimits, objects_until
from gnomon.algorithms.variability.tables import row_index
from gnomon.containers.alerts import AlertBatch, Stamps
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.diff import AlertConfig

BANDS = ("u", "g", "r", "i", "z", "y")
"""Bands of the alert schema."""

LIMITS = MatchLimits(1.0 * ARCSEC, 6.0, 0.05 * ARCSEC)
"""Only the floor of the position error counts here: detections are associated already."""

NOTHING = Catalog({})

Images = Mapping[int, CalibratedImage]


def alert(
    difference: Images,
    science: Images,
    template: Images,
    sources: Catalog,
    history: Sequence[Catalog],
    forced: Sequence[Catalog],
    associations: Sequence[Catalog],
    *,
    data_id: DataId,
    config: AlertConfig,
) -> AlertBatch:
    """Reliable detections with stamps, what was seen there before, and the object as known by now."""
    told = sources.take(_reliable(sources, config.min_reliability)) if len(sources) else sources
    if not len(told):
        raise UnprocessableData(str(sources.meta.get("empty_reason", "no reliable detection")))
    told = told.take(np.lexsort((told["diaSourceId"], told["detector"])))
    told = with_objects(told, associations)
    before = [with_objects(h, associations) for h in history if len(h)]
    now = float(told["midpointMjdTai"].max())
    images = [_stamps(told, kind, config.stamp_px) for kind in (difference, science, template)]
    return AlertBatch(
        told,
        _of_objects(before, told),
        _of_objects([f for f in forced if len(f)], told),
        objects_until(_of_objects([*before, told], told), now, LIMITS, BANDS),
        NOTHING,
        NOTHING,
        *images,
    )


def with_objects(sources: Catalog, associations: Sequence[Catalog]) -> Catalog:
    """The detections with the identifier of their object, -1 for none."""
    parts = [a for a in associations if len(a)]
    if not parts:
        return sources.with_columns(diaObjectId=np.full(len(sources), -1, np.int64))
    pairs = concatenate(parts)
    pairs = pairs.take(np.argsort(pairs["diaSourceId"], kind="stable"))
    at = row_index(sources["diaSourceId"].astype(np.int64), pairs["diaSourceId"])
    return sources.with_columns(diaObjectId=np.where(at >= 0, pairs["diaObjectId"][at], -1))


def _reliable(sources: Catalog, least: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    with np.errstate(invalid="ignore"):
        return ~np.asarray(sources["reliability"] < least, np.bool_)


def _of_objects(tables: Sequence[Catalog], told: Catalog) -> Catalog:
    """Rows that belong to the objects of the alerts."""
    mine = told["diaObjectId"][told["diaObjectId"] >= 0]
    kept = [t.take(np.isin(t["diaObjectId"], mine)) for t in tables]
    return _shared(kept) if kept else NOTHING


def _shared(tables: Sequence[Catalog]) -> Catalog:
    """Rows of all tables, the columns of the last."""
    names = list(tables[-1].columns)
    return concatenate([Catalog({n: t[n] for n in names}) for t in tables])


def _stamps(told: Catalog, images: Images, side: int) -> Stamps:
    """Stamps of one kind in the order of the alerts, which are sorted by detector."""
    parts = []
    for detector in np.unique(told["detector"]):
        rows = told["detector"] == detector
        x, y = told["x"][rows].astype(np.float64), told["y"][rows].astype(np.float64)
        if int(detector) not in images:
            return join_stamps([])
        one = images[int(detector)]
        parts.append(stamps_of(one.image, one.wcs, one.psf, x, y, side))
    return join_stamps(parts)
