"""The tables of a release."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gnomon.algorithms.release.join import with_columns_of
from gnomon.algorithms.release.visits import visit_row
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.release import ReleaseTable
from gnomon.containers.stream import Stream, each
from gnomon.errors import UnprocessableData
from gnomon.pipeline.release import ReleaseCatalogsConfig


@dataclass(frozen=True, slots=True)
class Release:
    """All tables; those of ``ReleaseTable`` are read from their parts when they are written."""

    object: ReleaseTable
    photoz: ReleaseTable
    star: ReleaseTable
    source: ReleaseTable
    forced_source: ReleaseTable
    dia_source: ReleaseTable
    dia_object: ReleaseTable
    dia_forced_source: ReleaseTable
    ss_source: ReleaseTable
    orbit: Catalog
    visit: Catalog
    visit_detector: Catalog


def release_catalogs(
    objects: Sequence[Catalog],
    redshifts: Sequence[Catalog],
    variability: Sequence[Catalog],
    motions: Sequence[Catalog],
    sources: Sequence[Catalog],
    forced: Sequence[Catalog],
    dia_sources: Sequence[Catalog],
    dia_objects: Sequence[Catalog],
    dia_associations: Sequence[Catalog],
    dia_forced: Sequence[Catalog],
    attributed: Sequence[Catalog],
    orbits: Sequence[Catalog],
    summaries: Sequence[Catalog],
    *,
    data_id: DataId,
    config: ReleaseCatalogsConfig,
) -> Release:
    """Every table of the campaign, put together from its patches, tracts or visits."""
    if not summaries or not orbits:
        raise UnprocessableData("the campaign has no visits")
    release = ReleaseTable((), "", config.max_rows, config.release)
    sky = replace(release, margin_arcsec=config.margin_arcsec)
    dia, dia_sky = (replace(t, ra="ra", dec="dec") for t in (release, sky))
    patches = Stream(len(objects), lambda k: _objects(objects[k], redshifts[k], variability[k]))
    return Release(
        object=replace(sky, name="object", parts=patches),
        photoz=replace(release, name="photoz", parts=redshifts),
        star=replace(sky, name="star", parts=motions),
        source=replace(sky, name="source", parts=sources),
        forced_source=replace(release, name="forced_source", parts=forced),
        dia_source=replace(dia_sky, name="dia_source", parts=_with_objects(dia_sources, dia_associations)),
        dia_object=replace(dia_sky, name="dia_object", parts=dia_objects),
        dia_forced_source=replace(dia, name="dia_forced_source", parts=dia_forced),
        ss_source=replace(dia, name="ss_source", parts=attributed),
        orbit=_together(orbits),
        visit=_together(each(summaries, visit_row)),
        visit_detector=_together(summaries),
    )


def _with_objects(sources: Sequence[Catalog], associations: Sequence[Catalog]) -> Stream[Catalog]:
    """Detections on difference images with ``diaObjectId``; only the associations are held in memory."""
    parts = [a for a in associations if len(a)]
    blank = Catalog({n: np.empty(0, np.int64) for n in ("diaSourceId", "diaObjectId")})
    link = Catalog(concatenate(parts).columns) if parts else blank
    return each(sources, lambda part: with_columns_of(part, link, "diaSourceId"))


def _objects(objects: Catalog, redshifts: Catalog, variability: Catalog) -> Catalog:
    """The primary objects of a patch with what later steps say of them."""
    primary = objects.take(objects["detect_isPrimary"].astype(bool))
    estimates = Catalog({n: c for n, c in redshifts.columns.items() if n != "pz"})
    return with_columns_of(with_columns_of(primary, estimates, "objectId"), variability, "objectId")


def _together(parts: Sequence[Catalog]) -> Catalog:
    """All rows; where there are none, an empty table with the reason of the first."""
    filled = [p for p in parts if len(p)]
    return Catalog(concatenate(filled).columns) if filled else parts[0]
