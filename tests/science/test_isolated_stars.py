"""Stars of the toy survey: from raw exposures of two seasons to isolated stars and motions."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

import toy
from gnomon.algorithms.detrend.correct import Masters, detrend
from gnomon.containers.dataid import DataId
from gnomon.containers.exposure import DetrendedImage, VisitFacts
from gnomon.containers.image import Image
from gnomon.containers.instrument import RawLayout
from gnomon.containers.skymap import PatchGrid, discrete_skymap
from gnomon.containers.sphere import directions
from gnomon.io.catalogs import empty_catalog
from gnomon.pipeline.joint import IsolatedStarsConfig
from gnomon.pipeline.object import MotionConfig
from gnomon.pipeline.visit import CalibrateVisitConfig
from gnomon.sim.camera import sensor
from gnomon.sim.exposure import simulate_visit
from gnomon.sim.optics import nominal_wcs
from gnomon.sim.schedule import visits
from gnomon.sim.sky import build_sky
from gnomon.sim.stars import REFERENCE_MJD
from gnomon.steps.calibrate_visit import calibrate_visit
from gnomon.steps.isolated_stars import isolated_stars
from gnomon.steps.motion import motion

ARCSEC = np.radians(1 / 3600)


def sources(sky, v):
    """The calibrated sources of one simulated visit."""
    raw, _ = simulate_visit(toy.RECIPE, sky, v)
    part = sensor(toy.RECIPE, 0, v.band)
    noise, none = np.full(part.flat.shape, 1e-8, "f4"), np.zeros(part.flat.shape, "u4")
    flat = Masters(flat=Image(part.flat.astype("f4"), noise, none))
    image = detrend(raw.detectors[0], flat, v.exptime, RawLayout(linearity=(2e-7,)))
    facts = VisitFacts(
        v.visit, v.night, "science", v.band, v.band, v.exptime, v.exptime, v.mjd_tai,
        v.ra, v.dec, v.rotation, v.airmass,
    )  # fmt: skip
    detrended = DetrendedImage(image, nominal_wcs(toy.RECIPE.camera, v, 0), facts)
    done = calibrate_visit(
        detrended, [toy.refcat()], data_id=DataId(visit=v.visit, detector=0), config=CalibrateVisitConfig()
    )
    return done.source


@pytest.mark.science
def test_stars_of_two_seasons_are_one_each_and_stand_where_the_truth_is():
    sky = build_sky(toy.RECIPE)
    science = [v for v in visits(toy.RECIPE) if v.obstype == "science"]
    tables = [sources(sky, v) for v in science]
    centre = (science[0].ra, science[0].dec, 600 * ARCSEC, 600 * ARCSEC)
    skymap = discrete_skymap([centre], PatchGrid(0.2 * ARCSEC))
    found = isolated_stars(skymap, tables, data_id=DataId(tract=0), config=IsolatedStarsConfig())
    no_fit = empty_catalog("astrometry_fit", "single visits only")
    got = motion(found.source, no_fit, data_id=DataId(tract=0), config=MotionConfig())
    # Two epochs a year apart have equal parallax factors: positions only, at the mean epoch of the visits.
    assert not got["hasMotion"].any()
    apart, many = offsets(sky.stars, got, np.mean([v.mjd_tai for v in science]))
    assert len(got) > 50
    assert np.mean(found.star["nDetections"] == len(science)) > 0.7
    # 40 stars per square arcminute, most too faint to be found, put 0.14 within 2 arcsec of any place.
    assert np.mean(many == 1) > 0.85
    assert np.median(apart[many == 1]) < 20e-3 * ARCSEC


def offsets(stars, got, mjd):
    """Distance of every measured star from the nearest true one at an epoch, and how many are within 2 arcsec."""
    years = 1e-3 * ARCSEC * (mjd - REFERENCE_MJD) / 365.25
    ra = stars["ra"] + stars["pm_ra"] * years / np.cos(stars["dec"])
    tree = cKDTree(directions(ra, stars["dec"] + stars["pm_dec"] * years))
    places = directions(np.radians(got["coord_ra"]), np.radians(got["coord_dec"]))
    return tree.query(places)[0], np.array([len(near) for near in tree.query_ball_point(places, 2 * ARCSEC)])
