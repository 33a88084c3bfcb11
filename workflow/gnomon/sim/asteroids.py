"""Asteroids on real orbits: some that linger in the field for a fortnight, some that pass in a night."""

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog
from gnomon.sim.bands import fluxes
from gnomon.sim.ephemeris import GM_SUN, apparent, elements, kepler, observer, seen
from gnomon.sim.optics import EDGE_PX, on_detector
from gnomon.sim.recipe import SurveyRecipe
from gnomon.sim.schedule import MJD_J2000, Visit

F8 = npt.NDArray[np.float64]

REACH_DAYS = 60.0
"""Asteroids are in the images within this time of their epoch; a year away they are elsewhere on the sky."""

_COLOURS = {  # magnitude minus V, for S and C types: solar colours and their reddening (Ivezic et al. 2001)
    "u": (1.75, 1.55), "g": (0.40, 0.25), "r": (-0.22, -0.15),
    "i": (-0.42, -0.25), "z": (-0.40, -0.27), "y": (-0.38, -0.28),
}  # fmt: skip
_SLOPE_G = 0.15
_DRAWS, _MAX_ROUNDS = 6000, 20
_MAGNITUDES = (18.3, 21.3)  # r at the middle of the fortnight: S/N above 60 in one exposure in r


def draw_asteroids(
    recipe: SurveyRecipe, rng: np.random.Generator, science: list[Visit], half_width: float
) -> Catalog:
    """Truth columns of all asteroids of the survey; none when the recipe has no asteroid nights.

    science : the science visits of the asteroid nights. half_width : of the field, radians.

    Columns: x..vz (heliocentric ICRS state, au and au/day, at meta ``epoch_tt``), H, colour_type, known
    (bool), lasting (bool), a, e, i, node, peri, mean_anomaly (ecliptic, degrees).
    """
    wanted = recipe.sky.asteroids if science else 0
    passing = recipe.sky.passing_asteroids if science else 0
    epoch = float(round(np.mean([v.mjd_tai for v in science]))) if science else MJD_J2000
    pairs = [v for n in recipe.asteroid_nights for v in [w for w in science if w.night == n][:2]]
    lasting = _lasting(recipe, rng, epoch, pairs, half_width, wanted)
    start = pairs[0].mjd_tai if pairs else epoch
    short = kepler(_orbits_through(recipe, rng, start, half_width, passing), epoch - start)
    states = np.concatenate([lasting, short])
    n = len(states)
    columns = dict(zip(("x", "y", "z", "vx", "vy", "vz"), states.T, strict=True))
    columns["colour_type"] = rng.integers(0, 2, n)
    columns["H"] = _absolute(recipe, rng, states, epoch, columns["colour_type"])
    columns["lasting"] = np.arange(n) < wanted
    columns["known"] = np.arange(n) < round(recipe.sky.known_fraction * wanted)
    return Catalog({**columns, **elements(states)}, {"epoch_tt": epoch})


def states_of(asteroids: Catalog) -> F8:
    """(n, 6) heliocentric states of the table."""
    return np.stack([asteroids[k] for k in ("x", "y", "z", "vx", "vy", "vz")], axis=-1)


def position_and_flux(asteroids: Catalog, band: str, mjd_tai: float) -> tuple[F8, F8, F8]:
    """Astrometric (ra, dec) in radians and flux in nJy of every asteroid; perturbed by the planets."""
    epoch = float(asteroids.meta["epoch_tt"])
    if len(asteroids) == 0 or abs(mjd_tai - epoch) > REACH_DAYS:
        none = np.full(len(asteroids), np.nan)
        return none, none, np.zeros(len(asteroids))
    ra, dec, delta, r = apparent(states_of(asteroids), epoch, mjd_tai)
    site = float(np.linalg.norm(observer(mjd_tai)[0]))
    magnitude = asteroids["H"] + _reduced(delta, r, site) + _colour(asteroids["colour_type"], band)
    return ra, dec, fluxes(magnitude)


def known_orbits(asteroids: Catalog) -> Catalog:
    """The catalogue an observer has beforehand: elements, H and G of the known ones, epoch in meta."""
    known = asteroids.take(asteroids["known"])
    names = ("id", "H", "a", "e", "i", "node", "peri", "mean_anomaly")
    return Catalog({**{k: known[k] for k in names}, "G": np.full(len(known), _SLOPE_G)}, asteroids.meta)


def _lasting(
    recipe: SurveyRecipe,
    rng: np.random.Generator,
    epoch: float,
    pairs: list[Visit],
    half_width: float,
    n: int,
) -> F8:
    """(n, 6) states of bodies that are on a detector in every visit of ``pairs``, by two-body motion."""
    found = np.zeros((0, 6))
    for _ in range(_MAX_ROUNDS):
        if len(found) >= n:
            return found[:n]
        states = _orbits_through(recipe, rng, epoch, half_width, _DRAWS)
        for visit in pairs:
            at = kepler(states, visit.mjd_tai - epoch)
            ra, dec, _, _ = seen(at, observer(visit.mjd_tai)[0])
            states = states[on_detector(recipe, visit, ra, dec, 2 * EDGE_PX)]
        found = np.concatenate([found, states])
    raise ValueError(
        f"found {len(found)} asteroids that stay in the field, wanted {n}: choose other nights or field"
    )


def _orbits_through(
    recipe: SurveyRecipe, rng: np.random.Generator, epoch: float, half_width: float, n: int
) -> F8:
    """(n, 6) states of main-belt to Hilda-like orbits that cross the field at ``epoch``."""
    east, north = rng.uniform(-half_width, half_width, (2, n))
    dec = np.radians(recipe.dec_deg) + north
    ra = np.radians(recipe.ra_deg) + east / np.cos(dec)
    line = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], -1)
    place = observer(epoch)[0] + rng.uniform(1.2, 3.2, n)[:, None] * line
    r = np.linalg.norm(place, axis=1)
    pole = np.array([0.0, -np.sin(np.radians(23.4393)), np.cos(np.radians(23.4393))])
    outward = place / r[:, None]
    along = np.cross(pole, outward)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    circular = np.sqrt(GM_SUN / r)
    kick = rng.normal(0, 1, (3, n)) * np.array([[0.10], [0.06], [0.08]])
    velocity = (
        along * (1 + kick[1])[:, None]
        + outward * kick[0][:, None]
        + np.cross(outward, along) * kick[2][:, None]
    )
    return np.concatenate([place, velocity * circular[:, None]], axis=1)


def _absolute(
    recipe: SurveyRecipe, rng: np.random.Generator, states: F8, epoch: float, types: npt.NDArray[np.int64]
) -> F8:
    """H such that the r magnitude at the epoch is uniform in the wanted range."""
    n = len(states)
    if n == 0:
        return np.zeros(0)
    _, _, delta, r = apparent(states, epoch, epoch, perturbed=False)
    site = float(np.linalg.norm(observer(epoch)[0]))
    return np.asarray(rng.uniform(*_MAGNITUDES, n) - _reduced(delta, r, site) - _colour(types, "r"))


def _colour(types: npt.NDArray[np.int64], band: str) -> F8:
    return np.asarray(_COLOURS[band])[types]


def _reduced(delta: F8, r: F8, site: float) -> F8:
    """V - H: distances and the H, G phase function (Bowell et al. 1989, eqs. A2-A4, without the blend)."""
    cosine = np.clip((delta**2 + r**2 - site**2) / (2 * delta * r), -1, 1)
    tangent = np.tan(0.5 * np.arccos(cosine))
    phi1, phi2 = np.exp(-3.33 * tangent**0.63), np.exp(-1.87 * tangent**1.22)
    return np.asarray(5 * np.log10(r * delta) - 2.5 * np.log10((1 - _SLOPE_G) * phi1 + _SLOPE_G * phi2))
