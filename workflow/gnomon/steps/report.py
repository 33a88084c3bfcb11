"""One HTML page about the whole campaign."""

from collections.abc import Mapping, Sequence
from typing import Any

from gnomon.algorithms.report.page import report_page
from gnomon.algorithms.report.products import Products
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.pipeline import STEPS
from gnomon.pipeline.release import ReportConfig
from gnomon.pipeline.step import makers

Tables = Sequence[Catalog]


def report(
    summaries: Tables,
    figures: Sequence[bytes],
    patches: Sequence[bytes],
    selections: Tables,
    depths: Sequence[bytes],
    masses: Sequence[Mapping[str, Any]],
    stars: Tables,
    galaxies: Tables,
    sources: Tables,
    star_sources: Tables,
    objects: Tables,
    redshifts: Tables,
    spectra: Tables,
    variability: Tables,
    forced: Tables,
    dia_sources: Tables,
    dia_objects: Tables,
    dia_associations: Tables,
    dia_forced: Tables,
    alerts: Sequence[Sequence[Mapping[str, Any]]],
    attributed: Tables,
    tracklets: Tables,
    orbits: Tables,
    rejects: Catalog,
    jobs: Catalog,
    metrics: Catalog,
    *,
    data_id: DataId,
    config: ReportConfig,
) -> str:
    """What ran, what failed and why, and how good it is."""
    told = config.title, rejects, jobs, makers(STEPS), metrics
    products = Products(
        *told,
        summaries=summaries,
        figures=figures,
        patches=patches,
        selections=selections,
        depths=depths,
        masses=masses,
        stars=stars,
        galaxies=galaxies,
        sources=sources,
        star_sources=star_sources,
        objects=objects,
        redshifts=redshifts,
        spectra=spectra,
        variability=variability,
        forced=forced,
        dia_sources=dia_sources,
        dia_objects=dia_objects,
        dia_associations=dia_associations,
        dia_forced=dia_forced,
        alerts=alerts,
        attributed=attributed,
        tracklets=tracklets,
        orbits=orbits,
    )
    return report_page(products)
