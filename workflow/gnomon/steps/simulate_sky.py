"""The simulated sky: truth, and the reference catalogue that the pipeline may know."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gnomon.algorithms.photometry.zero_point import AB_NJY, MAG_PER_LN
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.pipeline.simulation import SimulateSkyConfig
from gnomon.sim.recipe import SurveyRecipe, demo_recipe, toy_recipe
from gnomon.sim.sky import build_sky
from gnomon.sim.stars import REFERENCE_MJD

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
    stars, galaxies, transients = (
        in_degrees(t, ("ra", "dec")) for t in (sky.stars, sky.galaxies, sky.transients)
    )
    return SimulatedSky(
        recipe, refcat_columns(sky.reference, recipe.bands), stars, galaxies, transients, moving
    )


def survey_recipe(config: SimulateSkyConfig) -> SurveyRecipe:
    """The recipe that a config names."""
    return replace(_RECIPES[config.recipe](), seed=config.seed)


def refcat_columns(reference: Catalog, bands: Sequence[str]) -> Catalog:
    """The simulator's reference catalogue with the columns of a refcat shard."""
    n = len(reference)
    columns = {"id": reference["id"], "epoch": np.full(n, REFERENCE_MJD)}
    names = {"coord_ra": "ra", "coord_dec": "dec", "raErr": "ra_err", "decErr": "dec_err", "pmRA": "pm_ra"}
    names |= {"pmDec": "pm_dec", "pmRAErr": "pm_ra_err", "pmDecErr": "pm_dec_err"}
    names |= {"parallax": "parallax", "parallaxErr": "parallax_err"}
    columns |= {ours: reference[theirs] for ours, theirs in names.items()}
    for band in bands:
        flux = 10 ** (0.4 * (AB_NJY - reference[f"mag_{band}"]))
        columns |= {f"flux_{band}": flux, f"fluxErr_{band}": flux * reference[f"mag_err_{band}"] / MAG_PER_LN}
    return Catalog(columns)


def in_degrees(table: Catalog, angles: Sequence[str]) -> Catalog:
    """The table with angles in degrees, as files have them."""
    return table.with_columns(**{n: np.degrees(table[n]) for n in angles})
