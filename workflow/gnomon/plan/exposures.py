"""The exposures that a campaign has: files on disk, or the schedule of a simulated survey."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from gnomon.containers.catalog import Catalog
from gnomon.containers.instrument import Instrument
from gnomon.containers.tiling import Tiling
from gnomon.errors import ConfigError
from gnomon.io.ingest import SCHEMA, SUFFIXES, Reject, exposure_files, ingest
from gnomon.io.instrument import read_instrument
from gnomon.pipeline.campaign import CampaignOptions
from gnomon.pipeline.simulation import SimulateSkyConfig
from gnomon.schemas import schema
from gnomon.sim.headers import INSTRUMENT as SIMULATED
from gnomon.sim.optics import nominal_wcs
from gnomon.sim.recipe import SurveyRecipe
from gnomon.sim.schedule import Visit, visits
from gnomon.smk import INSTRUMENTS
from gnomon.steps.simulate_sky import survey_recipe

F8 = npt.NDArray[np.float64]

CORNERS = ("llc", "lrc", "urc", "ulc")
"""Corners of a detector in order around, as columns of the visit table name them."""
_LARGEST_AUTOMATIC_TRACT_DEG = 10.0
_MARGIN_DEG = 20 / 3600  # about a tract laid around the exposures: pointing errors and distortion


@dataclass(frozen=True, slots=True)
class Exposures:
    """All exposures there are."""

    table: Catalog
    """Schema `visit_detector`: one row a detector, by visit and detector; angles in degrees."""
    rejects: tuple[Reject, ...] = ()
    """Files that cannot be used."""


def exposures_of(options: CampaignOptions) -> Exposures:
    """Scan the campaign's folder, or ask the simulated survey's schedule; withdrawn visits are left in.

    Raises
    ------
    ConfigError
        The folder holds no exposure that can be used, or there is no folder and the camera is a real one.
    """
    if not options.data:
        if options.instrument != SIMULATED:
            wanted = f"give the folder of the exposures of {options.instrument} as data=DIR"
            raise ConfigError(f"data: {wanted}; without one only {SIMULATED} is simulated")
        given = options.steps.get("simulate_sky", {})
        config = TypeAdapter(SimulateSkyConfig).validate_python(given)
        return Exposures(simulated_table(survey_recipe(config)))
    found = ingest(exposure_files(Path(options.data)), instrument_of(options))
    if not len(found.table):
        refused = f"{len(found.rejects)} files refused (names of exposures end in {', '.join(SUFFIXES)})"
        why = f"; the first: {found.rejects[0].path}: {found.rejects[0].reason}" if found.rejects else ""
        raise ConfigError(f"data: {options.data} holds no exposure of {options.instrument}, {refused}{why}")
    return Exposures(found.table, found.rejects)


def instrument_of(options: CampaignOptions) -> Instrument:
    """The campaign's instrument."""
    return read_instrument(INSTRUMENTS / f"{options.instrument}.yaml")


def without_withdrawn(table: Catalog, withdrawn: Sequence[int]) -> Catalog:
    """The table as if the withdrawn visits had never been taken.

    Raises
    ------
    ConfigError
        A withdrawn visit is not in the table.
    """
    unknown = sorted(set(withdrawn) - set(table["visit"].tolist()))
    if unknown:
        raise ConfigError(f"withdrawn: there is no visit {unknown[0]} among the exposures")
    return table.take(~np.isin(table["visit"], np.array(withdrawn, np.int64)))


def simulated_table(recipe: SurveyRecipe) -> Catalog:
    """Visit table of a simulated survey as its headers will tell it; paths empty: nothing is made yet."""
    rows = [_row(recipe, v, d) for v in visits(recipe) for d in range(recipe.camera.n_detectors)]
    return Catalog({c.name: np.array([r[c.name] for r in rows]) for c in schema(SCHEMA)})


def _row(recipe: SurveyRecipe, visit: Visit, detector: int) -> dict[str, str | int | float]:
    row: dict[str, str | int | float] = {
        "visit": visit.visit,
        "detector": detector,
        "night": visit.night,
        "obstype": visit.obstype,
        "band": visit.band,
        "physical_filter": visit.band,
        "expTime": visit.exptime,
        "darkTime": visit.exptime,
        "midpointMjdTai": visit.mjd_tai,
        "ra": float(np.degrees(visit.believed_ra)),
        "dec": float(np.degrees(visit.believed_dec)),
        "skyRotation": float(np.degrees(visit.believed_rotation)),
        "airmass": visit.airmass,
        "path": "",
    }
    n, wcs = recipe.camera.size, nominal_wcs(recipe.camera, visit, detector)
    ra, dec = np.degrees(
        wcs.pixel_to_sky(np.array([0, n, n, 0]) - 0.5, np.array([0, 0, n, n]) - 0.5)
    ).tolist()
    for corner, r, d in zip(CORNERS, ra, dec, strict=True):
        row[f"{corner}ra"], row[f"{corner}dec"] = r, d
    return row


def corners_of(table: Catalog) -> tuple[F8, F8]:
    """(n, 4) right ascension and declination of the corners of a visit table's detectors, radians."""
    ra, dec = (np.stack([table[f"{c}{a}"] for c in CORNERS], axis=1) for a in ("ra", "dec"))
    return np.radians(ra.astype(np.float64)), np.radians(dec.astype(np.float64))


def tiling_of(options: CampaignOptions, science: Catalog) -> Tiling:
    """The campaign's tiling; one that names no tract gets one about the science exposures.

    Raises
    ------
    ConfigError
        The exposures lie too far apart for one tract, or the numbers cannot be.
    """
    given = asdict(options.skymap)
    if options.skymap.kind == "discrete" and not options.skymap.tracts_deg:
        given["tracts_deg"] = (_tract_about(*corners_of(science)),)
    tiling = Tiling(**given)
    try:
        tiling.skymap()
    except ValueError as error:
        raise ConfigError(f"skymap: {error}") from None
    return tiling


def _tract_about(ra: F8, dec: F8) -> tuple[float, float, float, float]:
    """Right ascension, declination, width and height in degrees of a tract that holds all corners."""
    known = np.isfinite(ra) & np.isfinite(dec)
    if not known.any():
        return 0.0, 0.0, 0.1, 0.1
    ra, dec = ra[known], dec[known]
    turn = np.angle(np.exp(1j * ra).mean())
    east = np.degrees((ra - turn + np.pi) % (2 * np.pi) - np.pi)
    middle = np.degrees(turn) + (east.max() + east.min()) / 2, np.degrees(dec.max() + dec.min()) / 2
    width = np.ptp(east) * np.cos(np.abs(dec).min()) + 2 * _MARGIN_DEG
    height = np.degrees(np.ptp(dec)) + 2 * _MARGIN_DEG
    if max(width, height) > _LARGEST_AUTOMATIC_TRACT_DEG:
        raise ConfigError(
            f"skymap: the exposures span {max(width, height):.1f} degrees, too far for one tract; "
            "name the tracts in tracts_deg, or choose kind rings or healpix"
        )
    ra0, dec0 = round(middle[0] % 360, 3), round(middle[1], 3)
    return ra0, dec0, round(width + 0.003, 3), round(height + 0.003, 3)
