"""Everything on the simulated sky, and where and how bright it is in one visit."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog, concatenate
from gnomon.sim import asteroids, galaxies, stars, transients
from gnomon.sim.ephemeris import observer
from gnomon.sim.optics import ARCSEC, detector_centres, refraction_columns
from gnomon.sim.recipe import SurveyRecipe
from gnomon.sim.schedule import Visit, random_generator, visits
from gnomon.sim.seds import fireball_spectra

F8 = npt.NDArray[np.float64]

STAR, GALAXY, TRANSIENT, ASTEROID = 0, 1, 2, 3
"""Values of the column ``kind``."""
ID_STEP = 10_000_000
"""Ids of a kind run from ``(kind + 1) * ID_STEP``."""

_BORDER_ARCSEC = 20.0  # sky filled beyond the outermost pixel
_ROTATION_SLACK = np.cos(np.radians(10)) + np.sin(np.radians(10))  # the mosaic turned by 10 degrees
_BEFORE_DAYS, _AFTER_DAYS = 25.0, 12.0  # maxima of supernovae about the last season
_REFERENCE_LIMIT = 21.0


@dataclass(frozen=True, slots=True)
class Sky:
    """The truth of a survey: one table per kind of source, ids in column ``id``."""

    stars: Catalog
    """See `stars.draw_stars`."""
    galaxies: Catalog
    """See `galaxies.draw_galaxies`."""
    transients: Catalog
    """See `transients.draw_transients`; ``host_id`` names the galaxy."""
    asteroids: Catalog
    """See `asteroids.draw_asteroids`."""
    reference: Catalog
    """What the pipeline may know of the stars: see `stars.reference_catalogue`."""

    def tables(self) -> Mapping[str, Catalog]:
        """By name, for writing."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def build_sky(recipe: SurveyRecipe) -> Sky:
    """All sources of a survey; the same recipe gives the same sky."""
    box = field_box(recipe)
    area = 4 * float(box[2] * box[3]) / (60 * ARCSEC) ** 2
    science = [v for v in visits(recipe) if v.obstype == "science"]
    sky = recipe.sky
    n_stars, n_galaxies = round(sky.stars_per_arcmin2 * area), round(sky.galaxies_per_arcmin2 * area)
    star = _numbered(stars.draw_stars(random_generator(recipe, 5), n_stars, box, sky.variable_fraction), STAR)
    galaxy = _numbered(galaxies.draw_galaxies(random_generator(recipe, 6), n_galaxies, box, sky), GALAXY)
    transient = transients.draw_transients(
        random_generator(recipe, 7), sky.transients, galaxy, _window(recipe, science)
    )
    transient = transient.with_columns(host_id=galaxy["id"][transient["host"]])
    moving = [v for v in science if v.night in recipe.asteroid_nights]
    asteroid = asteroids.draw_asteroids(recipe, random_generator(recipe, 8), moving, float(box[3]))
    reference = stars.reference_catalogue(random_generator(recipe, 9), star, _REFERENCE_LIMIT)
    return Sky(star, galaxy, _numbered(transient, TRANSIENT), _numbered(asteroid, ASTEROID), reference)


def field_box(recipe: SurveyRecipe) -> F8:
    """(4,) radians: ra, dec of the centre, half-widths in ra cos(dec) and dec that hold every visit."""
    camera = recipe.camera
    half = (np.abs(detector_centres(camera)).max() + 0.5 * camera.size) * camera.pixel_scale_arcsec
    width = half * _ROTATION_SLACK + recipe.dither_arcsec + _BORDER_ARCSEC
    return np.array([np.radians(recipe.ra_deg), np.radians(recipe.dec_deg), width * ARCSEC, width * ARCSEC])


def sources_at(sky: Sky, band: str, mjd_tai: float) -> Catalog:
    """Every source with light at a time.

    Columns: id, kind, row (in its own table), ra, dec (radians), flux (nJy) and
    refraction, which is that of `optics.refraction_columns` for the band.
    """
    bend = f"refraction_{band}"
    moved = stars.position_at(sky.stars, mjd_tai, observer(mjd_tai)[1])
    ra, dec, flux = asteroids.position_and_flux(sky.asteroids, band, mjd_tai)
    parts = [
        _part(sky.stars, STAR, *moved, stars.flux_at(sky.stars, band, mjd_tai), sky.stars[bend]),
        _part(
            sky.galaxies, GALAXY, sky.galaxies["ra"], sky.galaxies["dec"],
            sky.galaxies[f"flux_{band}"], sky.galaxies[bend],
        ),
        _transients_at(sky.transients, band, mjd_tai),
        _part(sky.asteroids, ASTEROID, ra, dec, flux, np.zeros(len(ra))),
    ]  # fmt: skip
    return concatenate([p.take(p["flux"] > 0) for p in parts])


def _transients_at(table: Catalog, band: str, mjd_tai: float) -> Catalog:
    age = (mjd_tai - table["peak_mjd"]) / (1 + table["redshift"])
    spectra = fireball_spectra(transients.temperature(age), table["redshift"])
    bend = refraction_columns(spectra)[f"refraction_{band}"]
    return _part(table, TRANSIENT, table["ra"], table["dec"], transients.flux_at(table, band, mjd_tai), bend)


def _part(table: Catalog, kind: int, ra: F8, dec: F8, flux: F8, refraction: F8) -> Catalog:
    n = len(table)
    columns = {"id": table["id"], "kind": np.full(n, kind), "row": np.arange(n), "ra": ra, "dec": dec}
    return Catalog({**columns, "flux": flux, "refraction": refraction})


def _numbered(table: Catalog, kind: int) -> Catalog:
    return table.with_columns(id=(kind + 1) * ID_STEP + np.arange(len(table), dtype=np.int64))


def _window(recipe: SurveyRecipe, science: list[Visit]) -> tuple[float, float]:
    """When supernovae have their maxima: around the nights of the last season."""
    times = np.array([v.mjd_tai for v in science])
    last = times[times > times.max() - 60]
    return float(last.min() - _BEFORE_DAYS), float(last.max() + _AFTER_DAYS)
