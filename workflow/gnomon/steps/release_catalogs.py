"""The tables of a release."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    visit: Catalog
    visit_detector: Catalog


def release_catalogs(
    objects: Sequence[Catalog],
    redshifts: Sequence[Catalog],
    variability: Sequence[Catalog],
    motions: Sequence[Catalog],
    sources: Sequence[Catalog],
    forced: Sequence[Catalog],
    summaries: Sequence[Catalog],
    *,
    data_id: DataId,
    config: ReleaseCatalogsConfig,
) -> Release:
    """Every table of the campaign, put together from its patches, tracts or visits."""
    if not summaries:
        raise UnprocessableData("the campaign has no visits")
    patches = Stream(len(objects), lambda k: _objects(objects[k], redshifts[k], variability[k]))

    def table(name: str, parts: Sequence[Catalog], margin_arcsec: float = 0.0) -> ReleaseTable:
        return ReleaseTable(parts, name, config.max_rows, config.release, margin_arcsec)

    return Release(
        object=table("object", patches, config.margin_arcsec),
        photoz=table("photoz", redshifts),
        star=table("star", motions, config.margin_arcsec),
        source=table("source", sources, config.margin_arcsec),
        forced_source=table("forced_source", forced),
        visit=_together(each(summaries, visit_row)),
        visit_detector=_together(summaries),
    )


def _objects(objects: Catalog, redshifts: Catalog, variability: Catalog) -> Catalog:
    """The primary objects of a patch with what later steps say of them."""
    primary = objects.take(objects["detect_isPrimary"].astype(bool))
    estimates = Catalog({n: c for n, c in redshifts.columns.items() if n != "pz"})
    return with_columns_of(with_columns_of(primary, estimates, "objectId"), variability, "objectId")


def _together(parts: Sequence[Catalog]) -> Catalog:
    """All rows; where there are none, an empty table with the reason of the first."""
    filled = [p for p in parts if len(p)]
    if not filled:
        return parts[0]
    return Catalog(concatenate(filled).columns)
