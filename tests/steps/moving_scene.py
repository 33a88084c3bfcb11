"""A field at opposition with known and unknown main-belt objects, three nights of two exposures."""

from functools import cache

import numpy as np

from gnomon.algorithms.linking.names import night_epoch
from gnomon.algorithms.orbit.elements import cometary_to_cartesian
from gnomon.algorithms.orbit.ephemeris import ephemeris, magnitude_hg
from gnomon.algorithms.orbit.observer import observer_state, parallax_constants
from gnomon.algorithms.orbit.propagate import propagate
from gnomon.algorithms.orbit.tables import orbit_rows
from gnomon.algorithms.orbit.timescales import tai_to_tdb
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.orbit import Orbits
from gnomon.containers.perturbers import EARTH, SUN
from gnomon.io.instrument import read_instrument
from gnomon.io.perturbers import shipped_perturbers
from gnomon.pipeline.moving import (
    AttributeConfig,
    EphemeridesConfig,
    LinkConfig,
    OrbitCatalogConfig,
    OrbitsConfig,
    TrackletsConfig,
)  # fmt: skip
from gnomon.steps.attribute import attribute
from gnomon.steps.ephemerides import ephemerides
from gnomon.steps.link import link
from gnomon.steps.orbit_catalog import orbit_catalog
from gnomon.steps.orbits import orbits
from gnomon.steps.tracklets import tracklets

TABLE = shipped_perturbers()
INSTRUMENT = read_instrument("config/instruments/gnomonsim.yaml")
NIGHTS = ("20271012", "20271017", "20271023")
KNOWN, UNKNOWN = 6, 12
SIGMA_DEG = 0.03 / 3600
EPOCH = night_epoch(NIGHTS[1])
HALF_DEG = 5.0


def data_id(night):
    return DataId(night=night)


@cache
def truth():
    """(n, 6) states at `EPOCH`; the first are the known ones."""
    rng = np.random.default_rng(8)
    size, sun = 20000, np.concatenate(TABLE.state(SUN, EPOCH))
    elements = np.stack(
        [rng.uniform(1.9, 2.9, size), rng.uniform(0, 0.2, size), rng.uniform(0, 0.1, size),
         rng.uniform(0, 6.28, size), rng.uniform(0, 6.28, size), EPOCH + rng.uniform(-900, 900, size)],
         axis=-1,
    )  # fmt: skip
    states = cometary_to_cartesian(elements, np.full(size, EPOCH))
    away = TABLE.state(EARTH, EPOCH)[0] - sun[:3]
    angle = states[:, :3] @ away / np.linalg.norm(states[:, :3], axis=1) / np.linalg.norm(away)
    return states[angle > np.cos(np.deg2rad(2.0))][: KNOWN + UNKNOWN] + sun


def sky_at(tai):
    """Ephemerides of all objects at one time."""
    site = parallax_constants(
        *np.deg2rad([INSTRUMENT.longitude_deg, INSTRUMENT.latitude_deg]), INSTRUMENT.height_m
    )
    n, times = len(truth()), np.full(len(truth()), tai)
    motion = propagate(TABLE, EPOCH, truth(), (EPOCH - 40, EPOCH + 60))
    return ephemeris(TABLE, motion, np.arange(n), tai_to_tdb(times), observer_state(TABLE, times, site))


def middle_of(sky):
    """Mean right ascension and declination, degrees, also across ra = 0."""
    return np.rad2deg([np.angle(np.exp(1j * sky.ra).mean()), sky.dec.mean()])


def visits_of(night):
    """Numbers and times of a night's exposures."""
    start = night_epoch(night) + 0.1
    return [(int(night) * 100000 + k, start + 0.04 * k) for k in range(2)]


@cache
def summaries(night):
    """One detector a visit, ten degrees wide about the anti-solar point."""
    ra, dec = middle_of(sky_at(EPOCH))
    out = []
    for number, tai in visits_of(night):
        columns = {
            "visit": [number],
            "detector": [0],
            "night": [night],
            "band": ["r"],
            "midpointMjdTai": [tai],
        }
        for name, (x, y) in {"ll": (-1, -1), "lr": (1, -1), "ur": (1, 1), "ul": (-1, 1)}.items():
            columns[f"{name}cra"], columns[f"{name}cdec"] = [(ra + HALF_DEG * x) % 360], [dec + HALF_DEG * y]
        out.append(Catalog({k: np.array(v) for k, v in columns.items()}))
    return out


@cache
def sources(night):
    """Detections of every object and of as many stars that vary; the object is hidden in the last digits."""
    rng, out, n = np.random.default_rng(int(night)), [], len(truth())
    star = np.random.default_rng(1).uniform(-1, 1, (n, 2))
    for number, tai in visits_of(night):
        sky = sky_at(tai)
        v = magnitude_hg(16.0, 0.15, sky.sun_distance, sky.observer_distance, sky.phase)
        dec = middle_of(sky)[1]
        place = np.concatenate([np.rad2deg(np.stack([sky.ra, sky.dec], 1)), middle_of(sky_at(EPOCH)) + star])
        place = place + rng.normal(0, SIGMA_DEG, place.shape) / np.array([np.cos(np.deg2rad(dec)), 1.0])
        place[:, 0] %= 360
        flux = np.append(10 ** (0.4 * (31.4 - v)), np.full(n, 500.0))
        full = lambda value, m=2 * n: np.full(m, value)  # noqa: E731
        out.append(
            Catalog(
                {
                    "diaSourceId": number * 1000 + np.arange(2 * n), "visit": full(number), "detector": full(0),
                    "band": full("r"), "midpointMjdTai": full(tai), "ra": place[:, 0], "dec": place[:, 1],
                    "raErr": full(SIGMA_DEG), "decErr": full(SIGMA_DEG), "psfFlux": flux,
                    "psfFluxErr": full(20.0), "reliability": full(0.9),
                }
            )
        )  # fmt: skip
    return out


def known_table():
    """The known objects as a catalogue, errors of 1e-7 au and 2e-9 au/day."""
    names = np.array([f"s{k:06d}" for k in range(KNOWN)])
    covariance = np.tile(np.diag([1e-14] * 3 + [4e-18] * 3), (KNOWN, 1, 1))
    values = np.full(KNOWN, EPOCH), truth()[:KNOWN], covariance, np.full(KNOWN, 16.0), np.full(KNOWN, 0.15)
    return orbit_rows(Orbits(names, *values), "known")


@cache
def campaign():
    """Every product of every night, by night and name."""
    made, before, known = {}, [], [known_table()]
    for k, night in enumerate(NIGHTS):
        name, start = data_id(night), [] if before else known
        p = {}
        eph = ephemerides(
            INSTRUMENT, TABLE, summaries(night), start, before, data_id=name, config=EphemeridesConfig()
        )
        p["ephemeris"], p["visits"] = eph.ephemeris, eph.visits
        p["ss_source"] = attribute(
            eph.ephemeris, eph.visits, sources(night), data_id=name, config=AttributeConfig()
        )
        p["tracklet"] = tracklets(
            eph.visits, sources(night), p["ss_source"], data_id=name, config=TrackletsConfig()
        )
        window = [made[n]["tracklet"] for n in NIGHTS[:k]] + [p["tracklet"]]
        p["linkage"] = p["link_orbit"] = Catalog({})
        if k == len(NIGHTS) - 1:
            links = link(TABLE, window, [], data_id=name, config=LinkConfig())
            p["linkage"], p["link_orbit"] = links.linkage, links.orbit
        args = (p["linkage"], p["link_orbit"], p["ss_source"], start, before)
        p["orbit"] = orbits(TABLE, *args, data_id=name, config=OrbitsConfig())
        args = (INSTRUMENT, TABLE, p["orbit"], p["ss_source"], p["linkage"], start, before)
        p["night"] = orbit_catalog(*args, data_id=name, config=OrbitCatalogConfig())
        before, made[night] = [p["night"].catalog], p
    return made


def object_of(rows):
    """True object of detections; those of stars are above the number of objects."""
    return rows["diaSourceId"] % 1000
