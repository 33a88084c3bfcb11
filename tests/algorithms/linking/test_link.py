from functools import cache

import numpy as np
import pytest

from gnomon.algorithms.linking.candidates import LinkOptions
from gnomon.algorithms.linking.hypotheses import Hypotheses, carry, hypothesis_grid, sightings
from gnomon.algorithms.linking.link import link_tracklets
from gnomon.algorithms.linking.recover import recover_detections
from gnomon.algorithms.linking.tracklets import find_tracklets
from gnomon.algorithms.orbit.elements import cometary_to_cartesian
from gnomon.algorithms.orbit.ephemeris import ephemeris
from gnomon.algorithms.orbit.observer import observer_state
from gnomon.algorithms.orbit.propagate import propagate
from gnomon.algorithms.orbit.timescales import tai_to_tdb
from gnomon.containers.orbit import Astrometry
from gnomon.containers.perturbers import EARTH, SUN
from gnomon.io.perturbers import shipped_perturbers

EPOCH = 61006.0
SITE = (np.deg2rad(289.25058), 0.864981, -0.500958)
ARCSEC = np.deg2rad(1 / 3600)
SIGMA = 0.05 * ARCSEC
TIMES = np.concatenate([night + np.array([0.0, 0.03]) for night in (-5.0, 0.0, 6.0)])
GRID = hypothesis_grid()


def toward_opposition(n, seed):
    """Main-belt states within 5 degrees of opposition at the epoch, barycentric."""
    table, rng = shipped_perturbers(), np.random.default_rng(seed)
    sun = np.concatenate(table.state(SUN, EPOCH))
    away = table.state(EARTH, EPOCH)[0] - sun[:3]
    kept = np.zeros((0, 6))
    while len(kept) < n:
        size = 4000
        elements = np.stack(
            [rng.uniform(1.9, 2.9, size), rng.uniform(0, 0.2, size), rng.uniform(0, 0.1, size),
             rng.uniform(0, 6.28, size), rng.uniform(0, 6.28, size), EPOCH + rng.uniform(-900, 900, size)],
             axis=-1,
        )  # fmt: skip
        states = cometary_to_cartesian(elements, np.full(size, EPOCH))
        angle = states[:, :3] @ away / np.linalg.norm(states[:, :3], axis=1) / np.linalg.norm(away)
        kept = np.concatenate([kept, states[angle > np.cos(np.deg2rad(5))]])
    return kept[:n] + sun


def survey(n, false_per_exposure=0, seed=3, times=TIMES):
    """Detections of n objects and of noise, over three nights of pairs; owner -1 is noise."""
    table, rng = shipped_perturbers(), np.random.default_rng(seed)
    states = toward_opposition(n, seed)
    tai, owner = np.tile(EPOCH + times, n), np.repeat(np.arange(n), len(times))
    motion = propagate(table, EPOCH, states, (EPOCH - 8, EPOCH + 8))
    sky = ephemeris(table, motion, owner, tai_to_tdb(tai), observer_state(table, tai, SITE))
    fake = rng.integers(0, max(n * len(times), 1), false_per_exposure * len(times)) if n else np.zeros(0, int)
    tai = np.append(tai, np.repeat(EPOCH + times, false_per_exposure) if n else [])
    ra = np.append(sky.ra, sky.ra[fake] + rng.normal(0, 0.02, len(fake)))
    dec = np.append(sky.dec, sky.dec[fake] + rng.normal(0, 0.02, len(fake)))
    owner = np.append(owner, np.full(len(fake), -1))
    order = rng.permutation(len(tai))
    ra, dec = ra + rng.normal(0, SIGMA, len(ra)), dec + rng.normal(0, SIGMA, len(ra))
    errors = np.full((len(tai), 2), SIGMA)
    found = Astrometry(tai, ra, dec, errors, *observer_state(table, tai, SITE)).take(order)
    return found, owner[order], states


def linked(measured, options=None):
    night = np.floor(measured.mjd_tai - 0.5).astype(int)
    tracklets = find_tracklets(measured.mjd_tai, measured.ra, measured.dec, measured.sigma[:, 0], night)
    table = shipped_perturbers()
    links = link_tracklets(table, tracklets, measured, EPOCH, GRID, options or LinkOptions())
    return links, tracklets


def objects(links, owner):
    return [owner[links.detection[a:b]].tolist() for a, b in zip(links.start, links.start[1:], strict=False)]


def test_true_hypothesis_gives_back_the_true_state():
    measured, owner, states = survey(3, seed=9)
    _, tracklets = linked(measured)
    table = shipped_perturbers()
    seen = sightings(table, tracklets, measured, EPOCH)
    truth = states - np.concatenate(table.state(SUN, EPOCH))
    for k in range(3):
        mine = np.flatnonzero(owner[tracklets.member[tracklets.start[:-1]]] == k)
        r = np.linalg.norm(truth[k, :3])
        found = carry(seen, float(r), float(truth[k, :3] @ truth[k, 3:] / r))[mine]
        # rates are good to 0.05" sqrt(2) / 0.03 d = 1.1e-5 rad/d, so 6 days away 7e-5 rad: 2e-4 au at 2 au,
        # 4 sigma
        assert np.abs(found[:, :3] - truth[k, :3]).max() < 6e-4


def test_three_nights_of_pairs_are_linked_without_false_orbits():
    measured, owner, states = survey(40, false_per_exposure=40)
    links, _ = linked(measured)
    found = objects(links, owner)
    assert all(len(set(o)) == 1 and o[0] >= 0 for o in found)
    assert len(found) == 40
    order = [o[0] for o in found]
    off = links.fit.state - states[order]
    chi2 = np.einsum("ni,nij,nj->n", off, np.linalg.inv(links.fit.covariance), off)
    # 6 degrees of freedom each: mean 6 +- sqrt(12 / 40) = 0.55, 4 sigma; the prior takes part of the freedom
    assert 2.0 < chi2.mean() < 8.2


def test_result_does_not_depend_on_the_order_of_detections():
    measured, owner, _ = survey(10, false_per_exposure=10)
    turn = np.random.default_rng(1).permutation(len(measured))
    straight, _ = linked(measured)
    turned, _ = linked(measured.take(turn))
    assert np.array_equal(measured.ra[straight.detection], measured.ra[turn][turned.detection])
    np.testing.assert_array_equal(straight.fit.state, turned.fit.state)
    assert len(owner) == len(measured)


def test_two_nights_are_not_enough():
    measured, _, _ = survey(5)
    links, _ = linked(measured.take(measured.mjd_tai < EPOCH + 3))
    assert len(links) == 0 and links.fit.state.shape == (0, 6)


def test_no_detection_is_in_two_objects():
    measured, _, _ = survey(40, false_per_exposure=40)
    links, _ = linked(measured)
    assert len(np.unique(links.detection)) == len(links.detection)


def test_nothing_to_link():
    measured, _, _ = survey(1)
    links, tracklets = linked(measured.take(np.zeros(0, int)))
    assert len(links) == len(tracklets) == 0


@pytest.mark.parametrize("step", [0.02, 0.04])
def test_grid_reaches_from_the_earth_to_the_farthest(step):
    grid: Hypotheses = hypothesis_grid(step)
    assert grid.distance.min() <= 1.0 and grid.distance.max() >= 99
    inverse = np.unique(1 / grid.distance)
    assert np.diff(inverse).max() <= step * (1 + 1e-9)


LONE = np.append(TIMES, 3.0)
"""A fourth night with one exposure: no tracklet of it."""


@cache
def recovered(others=60, limit=4.0):
    measured, owner, _ = survey(8, others, times=LONE)
    links, _ = linked(measured)
    visit = np.unique(measured.mjd_tai, return_inverse=True)[1]
    return links, recover_detections(shipped_perturbers(), links, measured, visit, limit), owner


def test_a_night_of_one_exposure_is_claimed_by_the_objects_of_the_others():
    before, after, owner = recovered()
    for few, many in zip(objects(before, owner), objects(after, owner), strict=True):
        assert len(few) == len(TIMES)
        assert len(many) == len(LONE)
        assert len(set(many)) == 1


def test_what_is_recovered_makes_the_orbit_better():
    before, after, _ = recovered()
    size = [np.linalg.det(k.fit.covariance) for k in (after, before)]
    assert np.all(size[0] < size[1])


def test_a_set_that_is_no_orbit_is_not_widened():
    before, after, _ = recovered(0, 1e-9)
    np.testing.assert_array_equal(before.detection, after.detection)
    np.testing.assert_array_equal(before.fit.state, after.fit.state)
