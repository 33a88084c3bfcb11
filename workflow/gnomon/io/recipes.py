"""Recipes of simulated surveys as JSON."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gnomon.containers.provenance import Provenance
from gnomon.errors import ConfigError
from gnomon.io.atomic import replacing
from gnomon.io.provenance import to_json
from gnomon.sim.recipe import SurveyRecipe


def write_recipe(recipe: SurveyRecipe, path: str | Path, provenance: Provenance) -> None:
    """Write a recipe."""
    content: dict[str, Any] = {
        "recipe": TypeAdapter(SurveyRecipe).dump_python(recipe, mode="json"),
        "gnomon.provenance": json.loads(to_json(provenance)),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def read_recipe(path: str | Path) -> SurveyRecipe:
    """Read a recipe.

    Raises
    ------
    ConfigError
        Not a recipe.
    """
    try:
        return TypeAdapter(SurveyRecipe).validate_python(json.loads(Path(path).read_text())["recipe"])
    except (ValidationError, ValueError, KeyError) as error:
        raise ConfigError(f"{Path(path).name} is not a recipe: {error}") from None
