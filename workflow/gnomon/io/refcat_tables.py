"""Tables of Gaia, Pan-STARRS, SDSS, LSST and others as reference catalogues."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import yaml
from annotated_types import Ge
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from gnomon.algorithms.photometry.zero_point import AB_NJY
from gnomon.containers.catalog import Catalog
from gnomon.containers.healpix import pixel_of
from gnomon.errors import ConfigError, UnprocessableData
from gnomon.io.refcat import ASTROMETRY

F8 = npt.NDArray[np.float64]
Columns = Mapping[str, npt.NDArray[np.generic]]

_JULIAN_2000_MJD = 51544.5
_RADIANS = {"mas": np.pi / 180 / 3.6e6, "arcsec": np.pi / 180 / 3600, "deg": np.pi / 180, "rad": 1.0}
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class Derived:
    """A band made from another magnitude and a colour of the same catalogue."""

    minus: str
    """Column the polynomial is subtracted from."""
    colour: tuple[str, str]
    """Columns whose difference is the colour."""
    coefficients: tuple[float, ...]
    """Of the polynomial, constant first."""
    valid: tuple[float, float]
    """Colours it was made for; NaN outside."""
    scatter: float
    """Its scatter, magnitudes: the error of the band."""


@dataclass(frozen=True, config=_STRICT)
class Defaults:
    """Errors of what a catalogue states none for."""

    position: Annotated[float, Ge(0)]
    """mas."""
    magnitude: Annotated[float, Ge(0)]
    """Magnitudes."""


@dataclass(frozen=True, config=_STRICT)
class Flavour:
    """Where a kind of catalogue keeps its columns; see config/refcats.yaml."""

    angle: str
    """Unit of positions."""
    columns: Mapping[str, str]
    """Our name to theirs."""
    error_unit: str
    """Unit of position errors."""
    epoch: str | float
    """Column or number; Julian year below 3000, else TAI MJD."""
    errors: Defaults
    """Where none is stated."""
    magnitudes: Mapping[str, tuple[str, str, float]] = field(default_factory=dict)
    """Band to magnitude, error and AB offset."""
    fluxes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Band to nJy and error."""
    derived: Mapping[str, Derived] = field(default_factory=dict)
    """Bands made from colours."""


def read_flavours(path: str | Path) -> dict[str, Flavour]:
    """The kinds of catalogue described in a YAML file.

    Raises
    ------
    ConfigError
        The file does not describe them.
    """
    with open(path, encoding="utf-8") as opened:
        content = yaml.safe_load(opened)
    try:
        return TypeAdapter(dict[str, Flavour]).validate_python(content)
    except ValidationError as error:
        raise ConfigError(f"{Path(path).name}: {error}") from None


def read_columns(path: str | Path) -> dict[str, npt.NDArray[np.generic]]:
    """Columns of a CSV, Parquet or FITS table, by the ending of its name.

    Raises
    ------
    UnprocessableData
        Unknown ending, or a file that is not what its name says.
    """
    name = Path(path).name.lower()
    try:
        if name.endswith((".fits", ".fits.gz", ".fit")):
            return _fits_columns(path)
        if name.endswith((".parquet", ".parq", ".csv", ".csv.gz")):
            return _arrow_columns(path, name)
    except (OSError, ValueError) as error:
        raise UnprocessableData(f"{Path(path).name} is not a readable table: {error}") from None
    raise UnprocessableData(f"{Path(path).name}: a table ends in .fits, .parquet or .csv")


def to_reference(columns: Columns, flavour: Flavour) -> Catalog:
    """Columns of a foreign catalogue as those of `gnomon.io.refcat`, in memory units.

    Rows without a finite position are left out; what the catalogue lacks is NaN. Without an ``id`` a row
    gets one from its position: the HEALPix pixel of 0.4 mas it falls in.

    Raises
    ------
    UnprocessableData
        A column that the flavour names for a position or a flux is missing.
    """
    theirs = {name.lower(): values for name, values in columns.items()}
    ours = {c: _float(theirs, flavour.columns[c], c in ("coord_ra", "coord_dec")) for c in _present(flavour)}
    rows = np.isfinite(ours["coord_ra"]) & np.isfinite(ours["coord_dec"])
    n = len(rows)
    result: dict[str, F8] = {c: ours.get(c, np.full(n, np.nan)) for c in ASTROMETRY}
    for name in ("coord_ra", "coord_dec"):
        result[name] = ours[name] * _RADIANS[flavour.angle]
    result["coord_ra"] = np.mod(result["coord_ra"], 2 * np.pi)
    for name in ("raErr", "decErr"):
        stated = result[name] * _RADIANS[flavour.error_unit]
        result[name] = np.where(stated > 0, stated, flavour.errors.position * _RADIANS["mas"])
    result["epoch"] = _epoch(theirs, flavour, n)
    for band, values in _fluxes(theirs, flavour).items():
        result[f"flux_{band}"], result[f"fluxErr_{band}"] = values
    return Catalog({"id": _identifiers(theirs, flavour, result), **result}).take(rows)


def _present(flavour: Flavour) -> Sequence[str]:
    return [c for c in flavour.columns if c != "id"]


def _float(theirs: Columns, name: str, needed: bool = False) -> F8:
    if name.lower() not in theirs:
        if needed:
            raise UnprocessableData(f"the table has no column {name}")
        return np.full(len(next(iter(theirs.values()))), np.nan)
    values = np.ma.filled(np.ma.asarray(theirs[name.lower()]).astype(np.float64), np.nan)
    return np.asarray(values, np.float64)


def _epoch(theirs: Columns, flavour: Flavour, n: int) -> F8:
    if isinstance(flavour.epoch, str) and flavour.epoch.lower() not in theirs:
        raise UnprocessableData(f"the table has no column {flavour.epoch} for the epoch of its positions")
    given = _float(theirs, flavour.epoch) if isinstance(flavour.epoch, str) else np.full(n, flavour.epoch)
    return np.where(given < 3000, _JULIAN_2000_MJD + (given - 2000) * 365.25, given)


def _identifiers(theirs: Columns, flavour: Flavour, result: Mapping[str, F8]) -> npt.NDArray[np.int64]:
    name = flavour.columns.get("id", "").lower()
    if name in theirs:
        return np.asarray(theirs[name]).astype(np.int64)
    return pixel_of(1 << 29, np.nan_to_num(result["coord_ra"]), np.nan_to_num(result["coord_dec"]))


def _fluxes(theirs: Columns, flavour: Flavour) -> dict[str, tuple[F8, F8]]:
    found = {}
    for band, (flux, error) in flavour.fluxes.items():
        found[band] = _float(theirs, flux), _float(theirs, error)
    for band, (mag, error, offset) in flavour.magnitudes.items():
        stated = _float(theirs, error)
        stated = np.where(stated > 0, stated, flavour.errors.magnitude)
        found[band] = _njy(_float(theirs, mag) + offset, stated)
    for band, rule in flavour.derived.items():
        colour = _float(theirs, rule.colour[0]) - _float(theirs, rule.colour[1])
        inside = (colour >= rule.valid[0]) & (colour <= rule.valid[1])
        change = np.polynomial.polynomial.polyval(colour, np.array(rule.coefficients))
        made = np.where(inside, _float(theirs, rule.minus) - change, np.nan)
        found[band] = _njy(made, np.full(len(made), rule.scatter))
    return found


def _njy(mag: F8, error: F8) -> tuple[F8, F8]:
    """AB magnitudes to nJy; magnitudes outside 0 to 40 (-999 and the like) are missing."""
    with np.errstate(invalid="ignore"):
        good = (mag > 0) & (mag < 40)
    flux = np.where(good, 10 ** (0.4 * (AB_NJY - np.where(good, mag, 0.0))), np.nan)
    return flux, flux * error * (0.4 * np.log(10))


def _fits_columns(path: str | Path) -> dict[str, npt.NDArray[np.generic]]:
    from astropy.io import fits

    with fits.open(path, memmap=False) as hdus:
        data = next((h.data for h in hdus if isinstance(h, fits.BinTableHDU)), None)
        if data is None:
            raise ValueError("no table in it")
        return {n: _flat(np.asarray(data[n])) for n in data.names if data[n].dtype.kind in "biuf"}


def _flat(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """One value per star, native byte order; a table of one row of arrays is a table of its columns."""
    native = values.astype(values.dtype.newbyteorder("="))
    return native[0] if native.ndim == 2 and len(native) == 1 else native


def _arrow_columns(path: str | Path, name: str) -> dict[str, npt.NDArray[np.generic]]:
    from pyarrow import csv, parquet, types

    table = csv.read_csv(path) if ".csv" in name else parquet.read_table(path, partitioning=None)
    kept = [f.name for f in table.schema if types.is_integer(f.type) or types.is_floating(f.type)]
    return {n: np.array(table[n].to_numpy()) for n in kept}
