"""One simulated exposure with its truth."""

from dataclasses import dataclass

import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.raw import RawVisit
from gnomon.pipeline.simulation import SimulateConfig
from gnomon.sim.exposure import simulate_visit
from gnomon.sim.recipe import SurveyRecipe
from gnomon.sim.schedule import find_visit
from gnomon.sim.sky import build_sky


@dataclass(frozen=True, slots=True)
class SimulatedVisit:
    """Results of the step."""

    raw: RawVisit
    sources: Catalog
    detectors: Catalog


def simulate(recipe: SurveyRecipe, *, data_id: DataId, config: SimulateConfig) -> SimulatedVisit:
    """Expose the simulated sky once; independent of all other exposures."""
    visit = find_visit(recipe, data_id.visit)
    sky = build_sky(recipe) if visit.obstype == "science" else None
    raw, truth = simulate_visit(recipe, sky, visit)
    sources = truth.sources
    if "ra" in sources:
        sources = sources.with_columns(ra=np.degrees(sources["ra"]), dec=np.degrees(sources["dec"]))
    return SimulatedVisit(raw, sources, truth.detectors)
