from dataclasses import replace

import numpy as np
import pytest

from gnomon.sim.asteroids import known_orbits, position_and_flux, states_of
from gnomon.sim.ephemeris import elements, kepler, observer
from gnomon.sim.optics import ARCSEC, on_detector
from gnomon.sim.recipe import demo_recipe
from gnomon.sim.schedule import visits
from gnomon.sim.sky import build_sky

RECIPE = demo_recipe()
MOVING = [v for v in visits(RECIPE) if v.night in RECIPE.asteroid_nights and v.obstype == "science"]


@pytest.fixture(scope="module")
def asteroids():
    return build_sky(RECIPE).asteroids


def pairs():
    return [[v for v in MOVING if v.night == n][:2] for n in RECIPE.asteroid_nights]


def test_lasting_asteroids_are_on_a_detector_in_every_pair_of_visits(asteroids):
    lasting = asteroids["lasting"]
    assert lasting.sum() == RECIPE.sky.asteroids
    for visit in (v for pair in pairs() for v in pair):
        ra, dec, _ = position_and_flux(asteroids, visit.band, visit.mjd_tai)
        assert on_detector(RECIPE, visit, ra, dec)[lasting].all()


def test_passing_asteroids_leave_the_field_after_a_night(asteroids):
    first, *_, last = (p[0] for p in pairs())
    passing = ~asteroids["lasting"]
    seen = [
        on_detector(RECIPE, v, *position_and_flux(asteroids, v.band, v.mjd_tai)[:2])[passing]
        for v in (first, last)
    ]
    assert seen[0].sum() > 0
    assert seen[1].sum() < seen[0].sum()


def test_an_hour_moves_them_by_more_than_the_seeing(asteroids):
    for first, second in pairs():
        a, b = (position_and_flux(asteroids, v.band, v.mjd_tai) for v in (first, second))
        step = np.hypot((a[0] - b[0]) * np.cos(a[1]), a[1] - b[1]) / ARCSEC
        assert np.median(step) > 1.0


def test_positions_are_those_of_two_body_motion_and_light_time(asteroids):
    # over 7 days the planets move a main-belt asteroid by less than 0.1 arcsec (Jupiter: 8e-7 au)
    visit = MOVING[-1]
    days = visit.mjd_tai + 32.184 / 86400 - asteroids.meta["epoch_tt"]
    site = observer(visit.mjd_tai)[0]
    ra, dec, _ = position_and_flux(asteroids, "r", visit.mjd_tai)
    line = kepler(states_of(asteroids), days)[:, :3] - site
    for _ in range(3):
        delay = np.linalg.norm(line, axis=1) / 173.1446326846693
        line = np.array(
            [kepler(s[None], days - d)[0, :3] for s, d in zip(states_of(asteroids), delay, strict=True)]
        )
        line = line - site
    expected_dec = np.arcsin(line[:, 2] / np.linalg.norm(line, axis=1))
    expected_ra = np.mod(np.arctan2(line[:, 1], line[:, 0]), 2 * np.pi)
    gap = np.hypot((ra - expected_ra) * np.cos(dec), dec - expected_dec) / ARCSEC
    assert gap.max() < 0.15


def test_elements_in_the_table_are_those_of_the_states(asteroids):
    for name, values in elements(states_of(asteroids)).items():
        np.testing.assert_array_equal(asteroids[name], values)
    assert np.all((asteroids["a"] > 2) & (asteroids["a"] < 6) & (asteroids["e"] < 0.5))


def test_half_of_the_lasting_ones_are_in_the_known_catalogue(asteroids):
    known = known_orbits(asteroids)
    assert len(known) == RECIPE.sky.asteroids // 2
    assert set(known["id"]) <= set(asteroids["id"][asteroids["lasting"]])


def test_a_field_where_nothing_can_stay_is_refused():
    polar = replace(RECIPE, dec_deg=-60.0)
    with pytest.raises(ValueError, match="choose other nights or field"):
        build_sky(polar)
