"""The demo's asteroids through three nights, from noisy detections among false ones to orbits; no pixels."""

from functools import cache

import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.pipeline.moving import CheckMovingConfig, KnownOrbitsConfig, TrackletsConfig
from gnomon.sim.optics import on_detector
from gnomon.sim.recipe import demo_recipe
from gnomon.sim.schedule import visits
from gnomon.sim.sky import ASTEROID, build_sky, sources_at
from gnomon.steps.check_moving import check_moving
from gnomon.steps.known_orbits import known_orbits
from steps import moving_scene as scene
from steps.test_moving_nights import survey

RECIPE = demo_recipe()
SIGMA_DEG = 0.03 / 3600
FALSE = 12
"""False detections in each visit: as many as asteroids; 60 are separated as well, in two minutes."""

SLOW = TrackletsConfig(fastest_deg_per_day=0.4)
"""As in the demo's campaign."""


@cache
def sky():
    return build_sky(RECIPE)


@cache
def science():
    return [v for v in visits(RECIPE) if v.obstype == "science" and v.night in RECIPE.asteroid_nights]


@cache
def truth(visit):
    """Asteroids on the detectors of a visit, degrees; their S/N is set to 20."""
    seen = sources_at(sky(), visit.band, visit.mjd_tai)
    seen = seen.take(seen["kind"] == ASTEROID)
    seen = seen.take(on_detector(RECIPE, visit, seen["ra"], seen["dec"], 0.0))
    degrees = {c: np.degrees(seen[c]) for c in ("ra", "dec")}
    return Catalog(
        {**seen.columns, **degrees, "snr": np.full(len(seen), 20.0)}, {"data_id": f"visit={visit.visit}"}
    )


@cache
def sources(night):
    out = []
    for visit in (v for v in science() if v.night == night):
        rng, here = np.random.default_rng(visit.visit), truth(visit)
        east, north = rng.uniform(-0.06, 0.06, (2, FALSE))
        scale = np.cos(visit.dec)
        ra = np.append(here["ra"], np.degrees(visit.ra) + east / scale)
        dec = np.append(here["dec"], np.degrees(visit.dec) + north)
        n = len(ra)
        ra, dec = ra + rng.normal(0, SIGMA_DEG, n) / scale, dec + rng.normal(0, SIGMA_DEG, n)
        columns = {"diaSourceId": visit.visit * 1000 + np.arange(n), "visit": np.full(n, visit.visit)}
        columns |= {
            "band": np.full(n, visit.band),
            "midpointMjdTai": np.full(n, visit.mjd_tai),
            "ra": ra,
            "dec": dec,
        }
        columns |= {c: np.full(n, SIGMA_DEG) for c in ("raErr", "decErr")}
        columns |= {"psfFlux": np.full(n, 5000.0), "psfFluxErr": np.full(n, 250.0)}
        out.append(Catalog(columns))
    return out


@cache
def summaries(night):
    """One square a visit that holds the whole camera."""
    out = []
    for v in (v for v in science() if v.night == night):
        columns = {"visit": [v.visit], "band": [v.band], "midpointMjdTai": [v.mjd_tai], "detector": [0]}
        for name, (x, y) in {"ll": (-1, -1), "lr": (1, -1), "ur": (1, 1), "ul": (-1, 1)}.items():
            columns[f"{name}cra"] = [np.degrees(v.ra) + 0.08 * x / np.cos(v.dec)]
            columns[f"{name}cdec"] = [np.degrees(v.dec) + 0.08 * y]
        out.append(Catalog({k: np.array(c) for k, c in columns.items()}))
    return out


@cache
def checked():
    asteroids = sky().asteroids
    known = known_orbits(scene.TABLE, [asteroids], [], data_id=DataId(), config=KnownOrbitsConfig())
    nights = RECIPE.asteroid_nights
    made = survey(scene, nights, [known], summaries, sources, SLOW)
    tables = {n: [p[n] for p in made] for n in ("night_visit", "ss_source", "linkage", "orbit_catalog")}
    return check_moving(
        scene.INSTRUMENT, scene.TABLE, asteroids, [truth(v) for v in science()],
        [s for n in nights for s in sources(n)], *tables.values(), data_id=DataId(), config=CheckMovingConfig(),
    )  # fmt: skip


def measured():
    found = checked().check
    return {str(q): float(v) for q, v in zip(found["quantity"], found["value"], strict=True)}


def test_known_asteroids_are_attributed():
    assert measured()["known asteroids attributed"] >= 0.95
    assert measured()["wrong attributions"] == 0


def test_asteroids_of_three_nights_are_linked_without_a_false_orbit():
    assert measured()["asteroids linked"] >= 0.90
    assert measured()["false orbits"] == 0


def test_known_orbits_foretell_a_month_to_an_arcsecond():
    assert measured()["known orbits: error ahead"] < 1.0


def test_new_orbits_are_off_by_what_their_covariance_says():
    """12 orbits of two numbers: the pull scatters by 1 / sqrt(48) = 0.14; 3 sigma, and 0.1 for the linear ellipse."""
    numbers = measured()
    assert abs(numbers["new orbits: pull ahead"] - 1.0) < 0.55
    assert numbers["new orbits: error ahead"] < 3 * numbers["new orbits: foretold error ahead"]
