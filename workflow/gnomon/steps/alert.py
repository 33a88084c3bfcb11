"""Alerts of one visit."""

from collections.abc import Mapping, Sequence

import numpy as np

from gnomon.algorithms.alert.cutouts import join_stamps, stamps_of
from gnomon.algorithms.alert.solar import circumstances, object_ids, told_orbits
from gnomon.algorithms.association.tables import ARCSEC, MatchLimits, objects_until
from gnomon.algorithms.orbit.tables import latest
from gnomon.algorithms.variability.tables import row_index
from gnomon.containers.alerts import AlertBatch, Stamps
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.perturbers import PerturberTable
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
    perturbers: PerturberTable,
    attributed: Sequence[Catalog],
    known: Sequence[Catalog],
    before: Sequence[Catalog],
    *,
    data_id: DataId,
    config: AlertConfig,
) -> AlertBatch:
    """Reliable detections with stamps, what was seen there before, and the object as known by now.

    Known asteroids carry their circumstances and the orbit that the night began with: nothing waits for linking.
    """
    told = sources.take(_reliable(sources, config.min_reliability)) if len(sources) else sources
    if not len(told):
        raise UnprocessableData(_why_none(sources))
    told = told.take(np.lexsort((told["diaSourceId"], told["detector"])))
    told = with_objects(told, associations)
    moving = _asteroids(attributed, told)
    seen = [with_objects(h, associations) for h in history if len(h)]
    now = float(told["midpointMjdTai"].max())
    images = [_stamps(told, kind, config.stamp_px) for kind in (difference, science, template)]
    return AlertBatch(
        _with_asteroids(told, moving),
        _of_objects(seen, told),
        _of_objects([f for f in forced if len(f)], told),
        objects_until(_of_objects([*seen, told], told), now, LIMITS, BANDS),
        circumstances(moving, perturbers) if len(moving) else NOTHING,
        _orbits(moving, latest(known, before), perturbers),
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


def _asteroids(attributed: Sequence[Catalog], told: Catalog) -> Catalog:
    """Attributions of the detections that are told."""
    parts = [a.take(np.isin(a["diaSourceId"], told["diaSourceId"])) for a in attributed if len(a)]
    return concatenate(parts) if parts else NOTHING


def _with_asteroids(told: Catalog, moving: Catalog) -> Catalog:
    """The detections with the identifier of their asteroid, -1 for none."""
    asteroid = np.full(len(told), -1, np.int64)
    if len(moving):
        ids = dict(
            zip(moving["diaSourceId"].tolist(), object_ids(moving["designation"]).tolist(), strict=True)
        )
        asteroid = np.array([ids.get(s, -1) for s in told["diaSourceId"].tolist()], np.int64)
    return told.with_columns(ssObjectId=asteroid)


def _orbits(moving: Catalog, orbits: Catalog, perturbers: PerturberTable) -> Catalog:
    """Orbits of the asteroids that are told."""
    if not len(moving):
        return NOTHING
    mine = orbits.take(np.isin(orbits["designation"].astype(str), moving["designation"].astype(str)))
    return told_orbits(mine, perturbers) if len(mine) else NOTHING


def _reliable(sources: Catalog, least: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    with np.errstate(invalid="ignore"):
        return np.asarray(sources["reliability"] >= least, np.bool_)


def _why_none(sources: Catalog) -> str:
    """Why a visit has no alerts."""
    if not len(sources):
        return str(sources.meta.get("empty_reason", "no detections"))
    judged = int(np.isfinite(sources["reliability"]).sum())
    return f"no reliable detection among {len(sources)}, of which {judged} were judged"


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
