"""Where known objects should be in the exposures of a night."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.ephemeris import unit_vectors
from gnomon.algorithms.orbit.observer import observer_state, parallax_constants
from gnomon.algorithms.orbit.predict import Predictions, Visits, predict
from gnomon.algorithms.orbit.tables import ARCSEC, latest, observer_columns, orbits_of, sky_columns
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.instrument import Instrument
from gnomon.containers.perturbers import PerturberTable
from gnomon.errors import UnprocessableData
from gnomon.pipeline.moving import EphemeridesConfig

F8 = npt.NDArray[np.float64]

_CORNERS = ("ll", "lr", "ur", "ul")


@dataclass(frozen=True, slots=True)
class NightEphemerides:
    """Results of the step."""

    ephemeris: Catalog
    visits: Catalog


def ephemerides(
    instrument: Instrument,
    perturbers: PerturberTable,
    summaries: Sequence[Catalog],
    known: Sequence[Catalog],
    before: Sequence[Catalog],
    *,
    data_id: DataId,
    config: EphemeridesConfig,
) -> NightEphemerides:
    """Integrate every known orbit to the night and keep what falls into its fields, with error ellipses.

    The fields are circles about the corners of the calibrated detectors; the observatory turns with the
    Earth.
    """
    made = [s for s in summaries if len(s)]
    if not made:
        raise UnprocessableData("no exposure of the night was calibrated")
    table = _exposures(concatenate(made), config.margin_arcsec * ARCSEC)
    site = [np.deg2rad(v) for v in (instrument.longitude_deg, instrument.latitude_deg)]
    place = parallax_constants(float(site[0]), float(site[1]), instrument.height_m)
    observer = observer_state(perturbers, table["midpointMjdTai"], place)
    visits = table.with_columns(**observer_columns(*observer))
    catalog = latest(known, before)
    ra, dec, radius = (np.deg2rad(table[c]) for c in ("ra", "dec", "radius"))
    exposures = Visits(table["midpointMjdTai"], ra, dec, radius, *observer)
    found = predict(perturbers, orbits_of(catalog), exposures)
    return NightEphemerides(_rows(found, catalog, visits), visits)


def _exposures(summary: Catalog, margin: float) -> Catalog:
    """Time and surrounding circle of each visit."""
    numbers, first, of = np.unique(summary["visit"], return_index=True, return_inverse=True)
    ra, dec = (np.stack([summary[f"{c}c{axis}"] for c in _CORNERS], -1) for axis in ("ra", "dec"))
    corners = unit_vectors(np.deg2rad(ra), np.deg2rad(dec))
    middle = np.zeros((len(numbers), 3))
    np.add.at(middle, of, corners.sum(axis=1))
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    radius = np.zeros(len(numbers))
    chord = np.linalg.norm(corners - middle[of][:, None], axis=2).max(axis=1)
    np.maximum.at(radius, of, 2 * np.arcsin(np.minimum(chord / 2, 1.0)))
    columns = {c: summary[c][first] for c in ("visit", "band", "midpointMjdTai")}
    columns["ra"] = np.rad2deg(np.mod(np.arctan2(middle[:, 1], middle[:, 0]), 2 * np.pi))
    columns |= {"dec": np.rad2deg(np.arcsin(middle[:, 2])), "radius": np.rad2deg(radius + margin)}
    return Catalog(columns)


def _rows(found: Predictions, catalog: Catalog, visits: Catalog) -> Catalog:
    """One row a prediction; says why there is none."""
    columns = {"designation": catalog["designation"][found.orbit], "visit": visits["visit"][found.visit]}
    columns |= sky_columns(found.sky, found.magnitude)
    covariance = found.covariance / ARCSEC**2
    columns |= dict(zip(("ephCovEE", "ephCovEN", "ephCovNN"), covariance.T, strict=True))
    if len(found.orbit):
        return Catalog(columns)
    why = "no known object is in the fields" if len(catalog) else "no orbits are known"
    return Catalog(columns, {"empty_reason": why})
