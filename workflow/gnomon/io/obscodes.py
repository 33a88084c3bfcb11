"""Observatory codes of the Minor Planet Center: parallax constants by code."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gnomon.errors import ConfigError, UnprocessableData

F8 = npt.NDArray[np.float64]

_FIRST_COLUMNS = (slice(0, 3), slice(4, 13), slice(13, 21), slice(21, 30))


def read_obscodes(path: Path) -> dict[str, tuple[float, float, float]]:
    """East longitude in radians, rho cos phi' and rho sin phi' in Earth radii, by code.

    Reads the MPC's JSON (plain or gzipped) and its fixed-width ``ObsCodes.html``. Observatories without
    fixed place (satellites, roving observers) are left out: their observations carry their own place.

    Raises
    ------
    UnprocessableData
        The file is neither.
    """
    data = path.read_bytes()
    text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8", "replace")
    if text.lstrip().startswith("{"):
        return _from_json(text, path.name)
    return _from_columns(text, path.name)


def sites_of(codes: Mapping[str, tuple[float, float, float]], stations: Sequence[str]) -> F8:
    """(m, 3) parallax constants of stations; NaN for those without fixed place.

    Raises
    ------
    ConfigError
        None of the stations is known.
    """
    if len(stations) and not any(s in codes for s in stations):
        raise ConfigError(f"no place of observatory {', '.join(sorted(set(stations)))} in the table of codes")
    unknown = (np.nan, np.nan, np.nan)
    return np.array([codes.get(s, unknown) for s in stations], np.float64).reshape(-1, 3)


def _from_json(text: str, name: str) -> dict[str, tuple[float, float, float]]:
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnprocessableData(f"{name} is no table of observatory codes: {error}") from None
    return {
        code: (float(np.deg2rad(e["Longitude"])), float(e["cos"]), float(e["sin"]))
        for code, e in entries.items()
        if isinstance(e, dict) and {"Longitude", "cos", "sin"} <= set(e)
    }


def _from_columns(text: str, name: str) -> dict[str, tuple[float, float, float]]:
    found = {}
    for line in text.splitlines():
        code, *numbers = (line[s].strip() for s in _FIRST_COLUMNS)
        try:
            longitude, cos_phi, sin_phi = (float(n) for n in numbers)
        except ValueError:
            continue
        found[code] = (float(np.deg2rad(longitude)), cos_phi, sin_phi)
    if not found:
        raise UnprocessableData(f"{name} is no table of observatory codes: no line has a place")
    return found
