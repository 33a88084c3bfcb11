"""Circumstances and orbits of known solar-system objects, with the names of the alert schema."""

import hashlib

import erfa
import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.acceptance import element_errors
from gnomon.algorithms.orbit.elements import GM_SUN, cartesian_to_cometary, cartesian_to_keplerian
from gnomon.algorithms.orbit.ephemeris import unit_vectors
from gnomon.algorithms.orbit.tables import orbits_of
from gnomon.algorithms.orbit.timescales import tai_to_tdb
from gnomon.constants import AU_KM
from gnomon.containers.catalog import Catalog, Column
from gnomon.containers.perturbers import SUN, PerturberTable

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

KM_S = AU_KM / 86400
"""Of one au a day (IAU 2012 B2)."""
_SAME = (
    "designation", "diaSourceId", "elongation", "phaseAngle", "topoRange", "helioRange", "ephRa", "ephDec", "ephVmag",
    "ephRateRa", "ephRateDec",
)  # fmt: skip
"""Columns of an attribution that the alert calls by the same name."""


def object_ids(designations: npt.ArrayLike) -> I8:
    """(n,) identifiers: the letters of a name of at most 8 as one number, of a longer one 63 bits of its hash."""
    names = [str(d).encode() for d in np.asarray(designations)]
    long = [int.from_bytes(hashlib.sha256(n).digest()[:8], "big") >> 1 for n in names]
    short = [int.from_bytes(n[:8].ljust(8, b"\0"), "big") for n in names]
    return np.array([s if len(n) <= 8 else h for n, s, h in zip(names, short, long, strict=True)], np.int64)


def circumstances(attributed: Catalog, perturbers: PerturberTable) -> Catalog:
    """Where attributed detections are, were foretold, and how far from Sun and observer, row by row.

    Positions in au and velocities in km/s on the axes of the ICRF, from the prediction: of the object at emission,
    of Sun and observer at the exposure.
    """
    ra, dec = (np.radians(attributed[c].astype(np.float64)) for c in ("ra", "dec"))
    time = attributed["midpointMjdTai"].astype(np.float64)
    columns: dict[str, Column] = {c: attributed[c] for c in _SAME}
    columns["ssObjectId"] = object_ids(attributed["designation"])
    columns |= _degrees(("galLon", "galLat"), erfa.icrs2g(ra, dec))
    columns |= _degrees(("eclLambda", "eclBeta"), erfa.eqec06(2400000.5, time, ra, dec))
    columns |= _offsets(attributed)
    place = _topocentric(attributed)
    sun = perturbers.state(SUN, tai_to_tdb(time))
    observer = [_vectors(attributed, f"obs{v}") for v in ("", "V")]
    motion = _vectors(attributed, "ephV")
    columns |= _state("topo", place, motion - observer[1])
    columns |= _state("helio", place + observer[0] - sun[0], motion - sun[1])
    return Catalog(columns)


def _vectors(table: Catalog, name: str) -> F8:
    """(n, 3) of the columns of this name with X, Y, Z behind it."""
    return np.stack([table[f"{name}{c}"].astype(np.float64) for c in "XYZ"], -1)


def _state(name: str, place: F8, velocity: F8) -> dict[str, Column]:
    """Columns of a position (n, 3) in au and a velocity in au/day: the latter in km/s, its size and radial part."""
    moving = velocity * KM_S
    columns: dict[str, Column] = dict(zip((f"{name}_{c}" for c in "xyz"), place.T, strict=True))
    columns |= dict(zip((f"{name}_v{c}" for c in "xyz"), moving.T, strict=True))
    columns[f"{name}_vtot"] = np.linalg.norm(moving, axis=1)
    columns[f"{name}RangeRate"] = np.sum(place * moving, axis=1) / np.linalg.norm(place, axis=1)
    return columns


def told_orbits(orbits: Catalog, perturbers: PerturberTable) -> Catalog:
    """Elements, their errors and brightness of orbits in the columns of the Minor Planet Center."""
    known = orbits_of(orbits)
    sun = np.concatenate(perturbers.state(SUN, known.epoch), axis=-1)
    state = known.state - sun
    a, e, *angles, mean = cartesian_to_keplerian(state).T
    q, time = cartesian_to_cometary(state, known.epoch).T[[0, 5]]
    with np.errstate(invalid="ignore", divide="ignore"):
        motion = np.sqrt(GM_SUN / np.where(e < 1, a, np.nan) ** 3)
    columns: dict[str, Column] = {"id": np.arange(len(known)), "designation": known.designation}
    columns |= {f"{k}_primary_provisional_designation": known.designation for k in ("packed", "unpacked")}
    columns |= {
        "a": a,
        "q": q,
        "e": e,
        "peri_time": time,
        "epoch_mjd": known.epoch,
        "h": known.H,
        "g": known.G,
    }
    columns |= _degrees(("i", "node", "argperi", "mean_anomaly"), (*angles, mean))
    columns |= {"mean_motion": np.degrees(motion), "period": 2 * np.pi / motion}
    sigma = element_errors(state, known.covariance)[1]
    sigma[~np.isfinite(known.covariance).all(axis=(1, 2))] = np.nan
    columns |= {f"{n}_unc": v for n, v in zip(("a", "q", "e", "i"), sigma.T, strict=True)}
    return Catalog(columns | {"nobs_total": orbits["nObs"], "not_normalized_rms": orbits["rms"]})


def _degrees(names: tuple[str, ...], angles: tuple[F8, ...]) -> dict[str, Column]:
    return {n: np.degrees(v) for n, v in zip(names, angles, strict=True)}


def _offsets(attributed: Catalog) -> dict[str, Column]:
    """Measured minus predicted in arcsec: to the east and north, along and across the predicted motion."""
    east, north, rate_east, rate_north = (
        attributed[c].astype(np.float64)
        for c in ("ephOffsetEast", "ephOffsetNorth", "ephRateRa", "ephRateDec")
    )
    rate = np.hypot(rate_east, rate_north)
    with np.errstate(invalid="ignore"):
        along = (east * rate_east + north * rate_north) / rate
        across = (north * rate_east - east * rate_north) / rate
    return {
        "ephRate": rate, "ephOffset": np.hypot(east, north), "ephOffsetRa": east, "ephOffsetDec": north,
        "ephOffsetAlongTrack": along, "ephOffsetCrossTrack": across,
    }  # fmt: skip


def _topocentric(attributed: Catalog) -> F8:
    """(n, 3) from observer to object at the time of emission, au."""
    line = unit_vectors(np.radians(attributed["ephRa"]), np.radians(attributed["ephDec"]))
    return np.asarray(line * attributed["topoRange"].astype(np.float64)[:, None])
