"""The moving objects of a simulated survey beside its truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.observer import observer_state, parallax_constants
from gnomon.algorithms.orbit.predict import Visits, predict
from gnomon.algorithms.orbit.tables import ARCSEC, latest, orbits_of
from gnomon.algorithms.validation.bars import check_table
from gnomon.algorithms.validation.moving import (
    NOBODY,
    Appearances,
    LinkCheck,
    appearances,
    check_links,
    counted,
    owners,
    pair_nights,
    sky_offset,
)
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.instrument import Instrument
from gnomon.containers.perturbers import PerturberTable
from gnomon.errors import UnprocessableData
from gnomon.pipeline.moving import CheckMovingConfig
from gnomon.sim.asteroids import states_of
from gnomon.sim.ephemeris import TT_MINUS_TAI_DAYS, apparent
from gnomon.sim.sky import ASTEROID

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
Text = npt.NDArray[np.str_]
Tables = Sequence[Catalog]

_NIGHTS = 3  # with pairs, that linking needs
_DEGREES_OF_FREEDOM = 2


@dataclass(frozen=True, slots=True)
class MovingCheck:
    """Results of the step."""

    objects: Catalog
    check: Catalog


def check_moving(
    instrument: Instrument,
    perturbers: PerturberTable,
    asteroids: Catalog,
    truths: Tables,
    sources: Tables,
    visits: Tables,
    attributed: Tables,
    linked: Tables,
    orbits: Tables,
    *,
    data_id: DataId,
    config: CheckMovingConfig,
) -> MovingCheck:
    """Follow every simulated asteroid through detection, attribution, linking and its orbit's prediction."""
    if not len(asteroids):
        raise UnprocessableData("the survey has no asteroids")
    seen = appearances(truths, sources, _nights(truths, visits), ASTEROID)
    n, known = len(asteroids), asteroids["known"].astype(bool)
    names = np.array([f"s{k:06d}" for k in range(n)])
    ss_source, linkage = _together(attributed), _together(linked)
    links = check_links(seen, *_columns(linkage, "designation", "diaSourceId"))
    columns = {"asteroidId": asteroids["id"], "known": known, "designation": _names(names, known, links)}
    counts = _found(seen, n) | _attributed(seen, ss_source, names) | _linked(links, n)
    rows = Catalog({**columns, **counts})
    rows = rows.with_columns(**_ahead(instrument, perturbers, asteroids, rows, orbits, config.days_ahead))
    return MovingCheck(rows, check_table("", _measured(rows, links, seen)))


def _together(tables: Tables) -> Catalog:
    """Rows of all nights; none where no night has any."""
    full = [t for t in tables if len(t)]
    return concatenate(full) if full else Catalog({})


def _columns(table: Catalog, *names: str) -> list[npt.NDArray[np.generic]]:
    return [table[n] if len(table) else np.zeros(0, np.int64) for n in names]


def _nights(truths: Tables, visits: Tables) -> list[int]:
    """Number of the night of each visit; -1 where the night was not calibrated."""
    night = {int(v): k for k, table in enumerate(visits) for v in (table["visit"] if len(table) else ())}
    return [night.get(int(str(t.meta["data_id"]).removeprefix("visit=")), -1) for t in truths]


def _found(seen: Appearances, n: int) -> dict[str, I8]:
    """How often each asteroid was there to be seen, and detected."""
    real = seen.detection >= 0
    return {
        "nClear": counted(seen.asteroid[seen.clear], n),
        "nClearDetected": counted(seen.asteroid[seen.clear & real], n),
        "nDetected": counted(seen.asteroid[real], n),
        "nPairNights": pair_nights(seen, n),
    }


def _attributed(seen: Appearances, ss_source: Catalog, names: Text) -> dict[str, I8]:
    """Detections that were given to each asteroid's known orbit: its own, and others."""
    designation, detection = _columns(ss_source, "designation", "diaSourceId")
    given = np.array([{d: k for k, d in enumerate(names)}.get(str(d), NOBODY) for d in designation], np.int64)
    right = owners(seen, detection) == given
    return {
        "nAttributed": counted(given[right], len(names)),
        "nAttributedWrong": counted(given[~right], len(names)),
    }


def _names(names: Text, known: npt.NDArray[np.bool_], links: LinkCheck) -> Text:
    """Under which name each asteroid is in the catalogue; empty where it is in none."""
    linked = {int(a): str(d) for a, d in zip(links.asteroid, links.designation, strict=True)}
    return np.array([str(names[k]) if known[k] else linked.get(k, "") for k in range(len(names))], np.str_)


def _linked(links: LinkCheck, n: int) -> dict[str, I8]:
    """Detections in the orbit that linking gave each asteroid: its own, and others."""
    mine, other = np.zeros(n, np.int64), np.zeros(n, np.int64)
    real = links.asteroid >= 0
    mine[links.asteroid[real]], other[links.asteroid[real]] = links.right[real], links.foreign[real]
    return {"nLinked": mine, "nLinkedWrong": other}


def _ahead(
    instrument: Instrument,
    perturbers: PerturberTable,
    asteroids: Catalog,
    rows: Catalog,
    orbits: Tables,
    days: float,
) -> dict[str, F8]:
    """How far off the last catalogue's places are some days later, and how far they say they may be."""
    n, catalog = len(asteroids), latest([], orbits)
    columns = {c: np.full(n, np.nan) for c in ("aheadOffset", "aheadSigma", "aheadChi2")}
    place = {str(d): k for k, d in enumerate(catalog["designation"])}
    mine = np.array([k for k, d in enumerate(rows["designation"]) if d in place], np.int64)
    if len(mine):
        known = orbits_of(catalog.take(np.array([place[str(rows["designation"][k])] for k in mine])))
        tai = float(known.epoch[0]) + days - TT_MINUS_TAI_DAYS
        true = apparent(states_of(asteroids), float(asteroids.meta["epoch_tt"]), tai)
        longitude, latitude = np.deg2rad([instrument.longitude_deg, instrument.latitude_deg]).tolist()
        site = parallax_constants(longitude, latitude, instrument.height_m)
        observer = observer_state(perturbers, tai, site)
        everywhere = Visits(np.array([tai]), np.zeros(1), np.zeros(1), np.array([np.pi]), *observer)
        found = predict(perturbers, known, everywhere)
        here = mine[found.orbit]
        off = sky_offset((found.sky.ra, found.sky.dec), (true[0][here], true[1][here]), found.covariance)
        for name, values in zip(columns, (off[0] / ARCSEC, off[1] / ARCSEC, off[2]), strict=True):
            columns[name][here] = values
    return columns


def _measured(rows: Catalog, links: LinkCheck, seen: Appearances) -> dict[str, tuple[float, int]]:
    """The numbers that have bars, and those that explain them."""
    known, new = rows["known"], ~rows["known"] & (rows["nLinked"] > 0)
    wanted = ~rows["known"] & (rows["nPairNights"] >= _NIGHTS)
    false = int(np.count_nonzero((links.asteroid == NOBODY) | (links.foreign > 0)))
    given = int(rows["nAttributed"].sum() + rows["nAttributedWrong"].sum())
    return {
        "asteroids detected": _part(rows["nClearDetected"], rows["nClear"]),
        "known asteroids attributed": _part(rows["nAttributed"][known], rows["nDetected"][known]),
        "wrong attributions": (float(rows["nAttributedWrong"].sum()), max(given, 1)),
        "asteroids linked": (_mean(rows["nLinked"][wanted] > 0), int(wanted.sum())),
        "false orbits": (float(false), max(len(links.designation), 1)),
        **_orbit_measures("known orbits", rows.take(known & np.isfinite(rows["aheadOffset"]))),
        **_orbit_measures("new orbits", rows.take(new & np.isfinite(rows["aheadOffset"]))),
    }


def _orbit_measures(which: str, rows: Catalog) -> dict[str, tuple[float, int]]:
    """Error 30 days ahead beside the error that the covariance foretells, and the pull of the two."""
    n = len(rows)
    pull = float(np.sqrt(rows["aheadChi2"].sum() / (_DEGREES_OF_FREEDOM * n))) if n else float("nan")
    return {
        f"{which}: error ahead": (_median(rows["aheadOffset"]), n),
        f"{which}: foretold error ahead": (_median(rows["aheadSigma"]), n),
        f"{which}: pull ahead": (pull, n),
    }


def _part(some: I8, of: I8) -> tuple[float, int]:
    n = int(of.sum())
    return (float(some.sum()) / n if n else float("nan")), n


def _mean(values: npt.NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _median(values: F8) -> float:
    return float(np.median(values)) if len(values) else float("nan")
