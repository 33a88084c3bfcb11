"""Skymaps as JSON: the few numbers that they follow from."""

import json
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from gnomon.containers.skymap import SkyMap
from gnomon.containers.tiling import Tiling
from gnomon.errors import ConfigError
from gnomon.io.atomic import replacing


def write_tiling(tiling: Tiling, path: str | Path) -> None:
    """Write the numbers of a skymap; a file that says the same already is left alone, and so is its time."""
    text = json.dumps(asdict(tiling), indent=1, sort_keys=True) + "\n"
    if Path(path).exists() and Path(path).read_text() == text:
        return
    with replacing(path) as temporary:
        temporary.write_text(text)


def read_skymap(path: str | Path) -> SkyMap:
    """Read a skymap.

    Raises
    ------
    ConfigError
        Not the numbers of a skymap.
    """
    try:
        return TypeAdapter(Tiling).validate_json(Path(path).read_text()).skymap()
    except (ValidationError, ValueError, OSError) as error:
        raise ConfigError(f"{Path(path).name} is not a skymap: {error}") from None
