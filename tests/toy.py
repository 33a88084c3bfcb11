"""A toy survey for tests of steps: one detector of 256 pixels, exposed once and detrended, made once a session."""

from dataclasses import replace
from functools import cache

import numpy as np

from gnomon.containers.dataid import DataId
from gnomon.containers.exposure import DetrendedImage, VisitFacts
from gnomon.containers.image import Image
from gnomon.sim.exposure import simulate_visit
from gnomon.sim.optics import nominal_wcs
from gnomon.sim.recipe import SkyRecipe, toy_recipe
from gnomon.sim.schedule import visits
from gnomon.sim.sky import build_sky
from gnomon.steps.simulate_sky import refcat_columns

RECIPE = replace(
    toy_recipe(),
    camera=replace(toy_recipe().camera, size=512, cosmic_rays=20.0),
    sky=SkyRecipe(stars_per_arcmin2=40.0, transients=0, asteroids=0, passing_asteroids=0),
)


@cache
def visit():
    """The first science visit in r."""
    return next(v for v in visits(RECIPE) if v.obstype == "science" and v.band == "r")


@cache
def exposure():
    """Raw exposure, truth and sky."""
    sky = build_sky(RECIPE)
    raw, truth = simulate_visit(RECIPE, sky, visit())
    return raw, truth, sky


@cache
def refcat():
    """The reference catalogue in memory units."""
    return refcat_columns(exposure()[2].reference, RECIPE.bands)


def data_id(detector=0):
    return DataId(visit=visit().visit, detector=detector)


def facts():
    v = visit()
    return VisitFacts(
        v.visit, v.night, "science", v.band, v.band, v.exptime, v.exptime, v.mjd_tai,
        v.ra, v.dec, v.rotation, v.airmass,
    )  # fmt: skip


@cache
def detrended():
    """Electrons of the detector: the amplifiers freed of their levels and gains, the flat of the truth divided out."""
    from gnomon.algorithms.detrend.correct import Masters, detrend
    from gnomon.containers.instrument import RawLayout
    from gnomon.sim.camera import sensor

    raw, _, _ = exposure()
    part = sensor(RECIPE, 0, visit().band)
    noise, none = np.full(part.flat.shape, 1e-8, "f4"), np.zeros(part.flat.shape, "u4")
    flat = Image(part.flat.astype("f4"), noise, none)
    image = detrend(raw.detectors[0], Masters(flat=flat), visit().exptime, RawLayout(linearity=(2e-7,)))
    return DetrendedImage(image, nominal_wcs(RECIPE.camera, visit(), 0), facts())
