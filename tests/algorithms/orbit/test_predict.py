import numpy as np
import pytest

from gnomon.algorithms.orbit.elements import cometary_to_cartesian
from gnomon.algorithms.orbit.ephemeris import ephemeris
from gnomon.algorithms.orbit.observer import observer_state
from gnomon.algorithms.orbit.predict import Visits, predict
from gnomon.algorithms.orbit.propagate import propagate
from gnomon.algorithms.orbit.timescales import tai_to_tdb
from gnomon.containers.orbit import Orbits
from gnomon.containers.perturbers import SUN
from gnomon.io.perturbers import shipped_perturbers

EPOCH = 61000.0
SITE = (np.deg2rad(289.25058), 0.864981, -0.500958)
SIGMA_AU = 1e-6


def orbits(n=200, q=(0.8, 2.6), seed=1, epochs=(EPOCH,)):
    rng = np.random.default_rng(seed)
    epoch = np.resize(epochs, n).astype(float)
    elements = np.stack(
        [rng.uniform(*q, n), rng.uniform(0, 0.3, n), rng.uniform(0, 0.2, n), rng.uniform(0, 6.28, n),
         rng.uniform(0, 6.28, n), epoch + rng.uniform(-400, 400, n)], axis=-1,
    )  # fmt: skip
    sun = np.concatenate(shipped_perturbers().state(SUN, epoch), axis=-1)
    covariance = np.tile(np.diag([SIGMA_AU**2] * 3 + [1e-16] * 3), (n, 1, 1))
    names = np.array([f"A{k}" for k in range(n)])
    return Orbits(
        names,
        epoch,
        cometary_to_cartesian(elements, epoch) + sun,
        covariance,
        np.full(n, 15.0),
        np.full(n, 0.15),
    )


def place_of(table, orbit, tai):
    """Position of one orbit at times, one integration of its own."""
    observer = observer_state(table, tai, SITE)
    tdb = tai_to_tdb(tai)
    motion = propagate(table, float(orbit.epoch[0]), orbit.state, (tdb.min() - 40, tdb.max() + 40))
    return ephemeris(table, motion, np.zeros(len(tai), int), tdb, observer)


def visits_at(ra, dec, tai, radius=np.deg2rad(1.75)):
    observer = observer_state(shipped_perturbers(), tai, SITE)
    return Visits(np.asarray(tai), np.asarray(ra), np.asarray(dec), np.full(len(tai), radius), *observer)


def test_everything_in_a_field_is_predicted_and_nothing_else():
    table, known = shipped_perturbers(), orbits(epochs=(EPOCH, EPOCH + 3))
    tai = EPOCH + 10 + np.array([0.0, 0.05, 0.3])
    target = place_of(table, known.take(np.array([7])), tai)
    found = predict(table, known, visits_at(target.ra, target.dec, tai))
    pairs = set(zip(found.visit.tolist(), found.orbit.tolist(), strict=True))
    assert {(v, 7) for v in range(3)} <= pairs
    for k in range(200):
        sky = place_of(table, known.take(np.array([k])), tai)
        inside = np.sum(sky.line * target.line, axis=1) >= np.cos(np.deg2rad(1.75))
        assert {v for v, o in pairs if o == k} == set(np.flatnonzero(inside).tolist())


def test_prediction_is_the_ephemeris_with_its_error():
    table, known = shipped_perturbers(), orbits(3)
    tai = np.array([EPOCH + 20.0])
    target = place_of(table, known.take(np.array([1])), tai)
    found = predict(table, known, visits_at(target.ra, target.dec, tai))
    k = found.orbit.tolist().index(1)
    assert found.sky.ra[k] == pytest.approx(target.ra[0], abs=1e-12)
    # a circular error of 1e-6 au, grown by velocity errors of 1e-8 au/day in 20 days to 1.02e-6 and by the
    # change of the period (3 pi per orbit along the track) to less than 1.5 times
    sigma = np.sqrt(found.covariance[k, [0, 2]]) * found.sky.observer_distance[k]
    assert np.all((sigma > 0.9e-6) & (sigma < 1.5e-6))


def test_unknown_covariance_gives_a_place_without_error():
    known = orbits(2)
    known.covariance[0] = np.nan
    tai = np.array([EPOCH + 1.0])
    target = place_of(shipped_perturbers(), known.take(np.array([0])), tai)
    found = predict(shipped_perturbers(), known, visits_at(target.ra, target.dec, tai))
    assert np.isnan(found.covariance[found.orbit.tolist().index(0)]).all()


@pytest.mark.parametrize("count, exposures", [(0, 2), (5, 0)])
def test_no_orbits_or_no_exposures_predict_nothing(count, exposures):
    tai = EPOCH + np.arange(exposures) * 0.1
    found = predict(
        shipped_perturbers(), orbits(count), visits_at(np.zeros(exposures), np.zeros(exposures), tai)
    )
    assert len(found.orbit) == len(found.magnitude) == 0
