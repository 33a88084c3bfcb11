"""The simulated sky: truth, and the reference catalogue that the pipeline may know."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.pipeline.simulation import SimulateSkyConfig
from gnomon.sim.recipe import SurveyRecipe, demo_recipe, toy_recipe
from gnomon.sim.sky import build_sky

_RECIPES = {"demo": demo_recipe, "toy": toy_recipe}


@dataclass(frozen=True, slots=True)
class SimulatedSky:
    """Results of the step."""

    recipe: SurveyRecipe
    refcat: Catalog
    stars: Catalog
    galaxies: Catalog
    transients: Catalog
    asteroids: Catalog


def simulate_sky(*, data_id: DataId, config: SimulateSkyConfig) -> SimulatedSky:
    """Draw every source of a simulated survey, and the reference catalogue of its brighter stars."""
    recipe = survey_recipe(config)
    sky = build_sky(recipe)
    moving = in_degrees(sky.asteroids, [n for n in ("ra", "dec") if n in sky.asteroids])
    fixed = [in_degrees(t, ("ra", "dec")) for t in (sky.stars, sky.galaxies, sky.transients)]
    return SimulatedSky(recipe, sky.reference, *fixed, moving)


def survey_recipe(config: SimulateSkyConfig) -> SurveyRecipe:
    """The recipe that a config names."""
    return replace(_RECIPES[config.recipe](), seed=config.seed)


def in_degrees(table: Catalog, angles: Sequence[str]) -> Catalog:
    """The table with angles in degrees, as files have them."""
    return table.with_columns(**{n: np.degrees(table[n]) for n in angles})
