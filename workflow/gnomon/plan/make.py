"""Make the plan of one campaign and write it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.containers.tiling import Tiling
from gnomon.datamodel import DATASETS
from gnomon.errors import ConfigError
from gnomon.io.atomic import replacing
from gnomon.io.catalogs import write_catalog
from gnomon.io.ingest import SCHEMA, Reject
from gnomon.io.skymaps import write_tiling
from gnomon.pipeline import STEPS
from gnomon.pipeline.campaign import CampaignOptions
from gnomon.pipeline.diff import FilterAlertsConfig
from gnomon.pipeline.step import Step
from gnomon.plan.active import active
from gnomon.plan.census import Census, census_of
from gnomon.plan.exposures import corners_of, exposures_of, tiling_of, without_withdrawn
from gnomon.plan.graph import graph
from gnomon.plan.incidence import Incidence, ListedFootprints, incidence
from gnomon.plan.parts import Parts
from gnomon.plan.quanta import quanta
from gnomon.plan.slice_files import write_slices
from gnomon.plan.slices import cut
from gnomon.smk import PLAN_VERSION, fitted_costs, plan_key
from gnomon.steps.filter_alerts import named_filters

I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign's jobs follow from."""

    table: Catalog
    """Schema `visit_detector`, without the withdrawn visits."""
    science: I8
    """Numbers of the science visits, sorted."""
    pairs: Incidence
    """Patches by row of ``science``."""
    tiling: Tiling
    """Of the sky."""
    rejects: tuple[Reject, ...]
    """Files that cannot be used."""
    steps: Mapping[str, Step]
    """The steps that have jobs."""
    units: Census
    """How many units of work there are, and which belong together."""


def make_plan(options: CampaignOptions) -> Plan:
    """Everything that the campaign's graph needs, from its exposures and options.

    Raises
    ------
    ConfigError
        There are no exposures, or the options cannot be.
    """
    found = exposures_of(options)
    tiling = tiling_of(options, _science(found.table))
    table = without_withdrawn(found.table, options.withdrawn)
    rows = _science(table)
    science, row = np.unique(rows["visit"], return_inverse=True)
    footprints = ListedFootprints(row.astype(np.int64), *corners_of(rows))
    try:
        pairs = incidence(footprints, tiling.skymap())
    except ValueError as error:
        raise ConfigError(f"the corners of the detectors cannot be: {error}") from None
    costs = fitted_costs(options.costs)
    declared = {n: replace(s, cost=costs.get(n, s.cost)) for n, s in STEPS.items()}
    filters = _filters(options)
    steps = active(declared, table, simulated=not options.data, filtered=bool(filters))
    units = census_of(table, pairs, options.template_gap_days, filters)
    return Plan(table, science, pairs, tiling, found.rejects, steps, units)


def write_plan(options: CampaignOptions, plan: Plan) -> Catalog:
    """Write the plan below the campaign's root: tables, skymap, slices, and last the graph.

    Returns jobs and their cost by slice and step: see `gnomon.plan.quanta.quanta`.
    """
    folder = Path(options.root, "plan")
    slices = cut(plan.steps, plan.units, options.slice_jobs, options.slice_inputs)
    counted = quanta(plan.steps, plan.units, slices)
    made_by = Provenance("plan", PLAN_VERSION, json.dumps({"key": plan_key(options)}), {})
    write_catalog(plan.table, folder / "visits.parquet", made_by, SCHEMA)
    write_catalog(_overlaps(plan), folder / "overlaps.parquet", made_by, "")
    write_catalog(counted, folder / "quanta.parquet", made_by, "")
    write_tiling(plan.tiling, Path(options.root, DATASETS["skymap"].path()))
    write_catalog(_rejects(plan), Path(options.root, DATASETS["rejects"].path()), made_by, "rejects")
    seasons = plan.units.seasons.starts(plan.units.bands)
    whole = graph(plan.table, plan.pairs, plan.science, seasons, options.refcat)
    write_slices(folder, Parts(slices, plan.steps, plan.units), whole, counted, options.instrument)
    with replacing(folder / "graph.json") as temporary:
        temporary.write_text(json.dumps({"key": plan_key(options), **whole}, indent=0) + "\n")
    return counted


def _filters(options: CampaignOptions) -> tuple[str, ...]:
    """Names of the alert filters, each of them checked."""
    given = TypeAdapter(FilterAlertsConfig).validate_python(options.steps.get("filter_alerts", {}))
    return tuple(f.name for f in named_filters(given))


def _science(table: Catalog) -> Catalog:
    return table.take(table["obstype"] == "science")


def _rejects(plan: Plan) -> Catalog:
    texts = {n: np.array([getattr(r, n) for r in plan.rejects], object) for n in ("path", "reason")}
    return Catalog(texts)


def _overlaps(plan: Plan) -> Catalog:
    pairs = plan.pairs
    return Catalog(
        {
            "tract": pairs.tract,
            "patch": pairs.patch,
            "visit": plan.science[pairs.visit],
            "n_detectors": pairs.n_detectors,
        }
    )
