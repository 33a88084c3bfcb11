import numpy as np
import pytest

from gnomon.sim.recipe import NightRecipe, SurveyRecipe, demo_recipe, toy_recipe
from gnomon.sim.schedule import (
    SITE_LATITUDE_DEG,
    find_visit,
    horizon,
    local_hour_to_mjd,
    local_sidereal_angle,
    visit_table,
    visits,
)


def test_visit_numbers_are_unique_rising_and_hold_the_night():
    table = visit_table(demo_recipe())
    assert np.all(np.diff(table["visit"]) > 0)
    assert [str(v)[:8] for v in table["visit"]] == list(table["night"])
    assert {len(str(v)) for v in table["visit"]} == {13}


def test_demo_has_two_seasons_and_four_nights_of_pairs_an_hour_apart():
    recipe = demo_recipe()
    science = [v for v in visits(recipe) if v.obstype == "science"]
    times = np.array([v.mjd_tai for v in science])
    assert len(science) == 32
    assert 340 < np.diff(times).max() < 380
    assert len(recipe.asteroid_nights) == 4
    for night in recipe.asteroid_nights:
        first, second = [v for v in science if v.night == night][:2]
        assert {first.band, second.band} in ({"r", "i"}, {"r", "g"}, {"i", "g"})
        assert 0.9 < 24 * (second.mjd_tai - first.mjd_tai) < 1.2
    assert {v.band for v in science if v.mjd_tai < times.mean()} == set("ugrizy")


def test_a_star_on_the_meridian_north_of_the_zenith_has_its_zenith_to_the_south():
    # hour angle 0 where ra equals the sidereal angle; precession moves the star by less than half a degree
    mjd = 61330.0
    h, z, q = horizon(local_sidereal_angle(mjd), np.radians(-12.25), mjd)
    assert abs(np.degrees(h)) < 0.5
    assert np.degrees(z) == pytest.approx(-12.25 - SITE_LATITUDE_DEG, abs=0.5)
    assert abs(abs(np.degrees(q)) - 180) < 2


def test_east_of_the_meridian_the_zenith_is_on_the_western_side():
    mjd = 61330.0
    h, _, q = horizon(local_sidereal_angle(mjd) + 0.5, np.radians(-12.25), mjd)
    assert h < 0
    assert np.sin(q) < 0  # position angles run from north through east


def test_local_midnight_is_where_the_longitude_puts_it():
    # 20261012's midnight is 13 October 00:00 local = 04:43 UTC (70.75 deg west); 37 s to TAI
    assert local_hour_to_mjd("20261012", 0.0) == pytest.approx(61326 + 70.7494 / 360 + 37 / 86400, abs=1e-9)


def test_pointing_is_believed_within_arcseconds():
    for v in visits(demo_recipe()):
        assert abs(v.believed_dec - v.dec) < np.radians(15 / 3600)
        assert abs(v.believed_rotation - v.rotation) < np.radians(0.06)


def test_one_more_night_leaves_the_other_visits_as_they_were():
    recipe = toy_recipe()
    longer = SurveyRecipe(
        recipe.seed, recipe.ra_deg, recipe.dec_deg, (*recipe.nights, NightRecipe("20271101", (("r", -4.0),))),
        bands=recipe.bands, dither_arcsec=recipe.dither_arcsec, camera=recipe.camera, sky=recipe.sky,
    )  # fmt: skip
    assert visits(longer)[: len(visits(recipe))] == visits(recipe)


def test_an_unknown_visit_is_refused():
    with pytest.raises(ValueError, match="not in the survey"):
        find_visit(toy_recipe(), 2026101299999)


def test_a_band_outside_the_survey_is_refused():
    with pytest.raises(ValueError, match="found bands"):
        SurveyRecipe(1, 0.0, 0.0, (NightRecipe("20261012", (("q", 0.0),)),))
