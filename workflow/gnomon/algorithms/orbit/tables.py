"""Tables of detections and of orbits, in degrees, as the columns that the numerics take, and back."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.ephemeris import Ephemeris
from gnomon.algorithms.photometry.zero_point import AB_NJY
from gnomon.containers.catalog import Catalog, Column, concatenate
from gnomon.containers.orbit import Astrometry, OrbitFit, Orbits
from gnomon.flags import SOURCE_FLAGS

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

ARCSEC = np.deg2rad(1 / 3600)
_STATE = ("x", "y", "z", "vx", "vy", "vz")
_OBSERVER = ("obsX", "obsY", "obsZ", "obsVX", "obsVY", "obsVZ")
VELOCITY = ("ephVX", "ephVY", "ephVZ")
"""Columns of a predicted velocity."""
_NO_CENTRE = sum(
    1 << f.bit
    for f in SOURCE_FLAGS
    if f.name in ("centroid", "psfFlux", "saturatedCenter", "crCenter", "interpolatedCenter", "badCenter")
)
_NO_CENTRE_DEG = 0.1 / 3600  # 18 such positions of the demo's asteroids: 0.06" robustly, to 0.7"
_UPPER = np.triu_indices(6)
COVARIANCE = tuple(f"cov{i}{j}" for i, j in zip(*_UPPER, strict=True))
DETECTION = (
    "diaSourceId", "visit", "band", "midpointMjdTai", "ra", "dec", "raErr", "decErr", "psfFlux", "psfFluxErr",
)  # fmt: skip
"""Columns of a detection that go from one table to the next."""


def astrometry_of(rows: Catalog, floor: float) -> Astrometry:
    """Positions with their observers; ``floor`` radians is added in quadrature to the errors."""
    errors = np.stack([np.deg2rad(rows[c].astype(np.float64)) for c in ("raErr", "decErr")], axis=-1)
    observer = np.stack([rows[c].astype(np.float64) for c in _OBSERVER], axis=-1)
    ra, dec = (np.deg2rad(rows[c].astype(np.float64)) for c in ("ra", "dec"))
    sigma = np.hypot(errors, floor)
    return Astrometry(
        rows["midpointMjdTai"].astype(np.float64), ra, dec, sigma, observer[:, :3], observer[:, 3:]
    )


def observer_columns(position: F8, velocity: F8) -> dict[str, Column]:
    """Columns of an observer's place and motion."""
    return dict(zip(_OBSERVER, np.concatenate([position, velocity], axis=1).T, strict=True))


def observers_of(visits: Catalog, visit: Column) -> dict[str, Column]:
    """The observer's columns of a night's exposures for detections of these exposures."""
    order = np.argsort(visits["visit"])
    rows = order[np.searchsorted(visits["visit"], visit, sorter=order)]
    return {c: visits[c][rows] for c in _OBSERVER}


def magnitudes(rows: Catalog) -> F8:
    """AB magnitudes of positive fluxes, NaN otherwise."""
    flux = rows["psfFlux"].astype(np.float64)
    with np.errstate(invalid="ignore"):
        positive = flux > 0
    return np.asarray(AB_NJY - 2.5 * np.log10(np.where(positive, flux, np.nan)))


def orbits_of(rows: Catalog) -> Orbits:
    """Orbits of a table."""
    covariance = np.zeros((len(rows), 6, 6))
    values = np.stack([rows[c].astype(np.float64) for c in COVARIANCE], axis=-1)
    covariance[:, _UPPER[0], _UPPER[1]] = covariance[:, _UPPER[1], _UPPER[0]] = values
    state = np.stack([rows[c].astype(np.float64) for c in _STATE], axis=-1)
    names = rows["designation"].astype(np.str_)
    h, g = (rows[c].astype(np.float64) for c in ("H", "G"))
    return Orbits(names, rows["epoch"].astype(np.float64), state, covariance, h, g)


def orbit_columns(orbits: Orbits) -> dict[str, Column]:
    """Columns of orbits that say nothing of the measurements behind them."""
    columns: dict[str, Column] = {"designation": orbits.designation, "epoch": orbits.epoch}
    columns |= dict(zip(_STATE, orbits.state.T, strict=True))
    columns |= dict(zip(COVARIANCE, orbits.covariance[:, _UPPER[0], _UPPER[1]].T, strict=True))
    return columns | {"H": orbits.H, "G": orbits.G}


def orbit_rows(
    orbits: Orbits, source: str, n_obs: I8 | int = 0, first: F8 | float = np.nan, last: F8 | float = np.nan
) -> Catalog:
    """A table of orbits that no fit of ours stands behind, or whose fit is told with `with_fit`."""
    n = len(orbits)
    facts = {"nObs": n_obs, "firstMjdTai": first, "lastMjdTai": last, "rms": np.nan, "chi2": np.nan}
    columns = {k: np.broadcast_to(np.asarray(v), n).copy() for k, v in facts.items()}
    columns |= {"source": np.full(n, source), "note": np.full(n, "")}
    return Catalog(orbit_columns(orbits) | columns)


def with_fit(table: Catalog, fit: OrbitFit) -> Catalog:
    """The table with the residual and chi2 of its rows' fits."""
    return table.with_columns(rms=fit.rms / ARCSEC, chi2=fit.chi2)


def latest(known: Sequence[Catalog], before: Sequence[Catalog]) -> Catalog:
    """The orbits that hold at the beginning of a night: yesterday's catalogue, or what was known
    beforehand.
    """
    return next((t for t in (*before[::-1], *known) if len(t)), orbit_rows(_no_orbits(), "known"))


def sky_columns(sky: Ephemeris, magnitude: F8) -> dict[str, Column]:
    """Columns of predicted places, degrees."""
    angles = {
        "ephRa": sky.ra, "ephDec": sky.dec, "ephRateRa": sky.ra_rate, "ephRateDec": sky.dec_rate,
        "phaseAngle": sky.phase, "elongation": sky.elongation,
    }  # fmt: skip
    columns: dict[str, Column] = {name: np.rad2deg(value) for name, value in angles.items()}
    columns |= dict(zip(VELOCITY, sky.velocity.T, strict=True))
    return columns | {
        "ephVmag": magnitude,
        "helioRange": sky.sun_distance,
        "topoRange": sky.observer_distance,
    }


def _no_orbits() -> Orbits:
    none = np.zeros(0)
    return Orbits(np.zeros(0, "U1"), none, np.zeros((0, 6)), np.zeros((0, 6, 6)), none, none)


def detections_of(sources: Sequence[Catalog], min_reliability: float = 0.0) -> Catalog:
    """Detections of a night's difference images, sorted by their numbers: the columns of `DETECTION`.

    Those less reliable than asked, fainter than in the template, or without a place are left out; a table without
    reliability is trusted. Where pixels of the middle were not seen, the position is what is left of the star: 0.1" is
    added to its errors, which are those of the pixels that were.
    """
    parts = []
    for table in sources:
        if not len(table):
            continue
        good = np.isfinite(table["ra"]) & np.isfinite(table["dec"]) & np.isfinite(table["raErr"])
        if "reliability" in table:
            good &= ~(table["reliability"] < min_reliability)
        if "isNegative" in table:
            good &= ~table["isNegative"].astype(bool)
        rows = Catalog({c: table[c] for c in DETECTION})
        if "flags" in table:
            vague = np.where(table["flags"].astype(np.int64) & _NO_CENTRE, _NO_CENTRE_DEG, 0.0)
            rows = rows.with_columns(**{c: np.hypot(rows[c], vague) for c in ("raErr", "decErr")})
        parts.append(rows.take(good))
    if not parts:
        return Catalog({c: np.zeros(0) for c in DETECTION})
    whole = concatenate(parts)
    return whole.take(np.argsort(whole["diaSourceId"], kind="stable"))
