import csv
import json

import numpy as np
import pytest

from algorithms import orbit_reference as ref
from gnomon.algorithms.orbit.determine import FitOptions, fit_orbits
from gnomon.algorithms.orbit.elements import cometary_to_cartesian
from gnomon.algorithms.orbit.ephemeris import ephemeris
from gnomon.algorithms.orbit.initial import determine_orbit, gauss, ranging_states
from gnomon.algorithms.orbit.observer import observer_state
from gnomon.algorithms.orbit.propagate import propagate
from gnomon.algorithms.orbit.timescales import tai_to_tdb, utc_to_tai
from gnomon.containers.orbit import Astrometry
from gnomon.containers.perturbers import SUN
from gnomon.errors import UnprocessableData
from gnomon.io.calendar import from_iso
from gnomon.io.earth_rotation import shipped_earth_rotation
from gnomon.io.perturbers import shipped_perturbers

EPOCH = 61000.0
SITE = (np.deg2rad(289.25058), 0.864981, -0.500958)  # X05
NO_REJECTION = FitOptions(rejection_chi2=float("inf"))


def main_belt(n, seed=3):
    rng = np.random.default_rng(seed)
    elements = np.stack(
        [rng.uniform(1.9, 2.8, n), rng.uniform(0, 0.2, n), rng.uniform(0, 0.3, n),
         rng.uniform(0, 6.28, n), rng.uniform(0, 6.28, n), EPOCH + rng.uniform(-700, 700, n)], axis=-1,
    )  # fmt: skip
    table = shipped_perturbers()
    return cometary_to_cartesian(elements, np.full(n, EPOCH)) + np.concatenate(table.state(SUN, EPOCH))


def observed(states, days, sigma=0.1 * ref.ARCSEC, seed=4):
    """Noisy positions of every object at the same times."""
    table, rng = shipped_perturbers(), np.random.default_rng(seed)
    n, tai = len(states), np.tile(EPOCH + np.asarray(days), len(states))
    owner = np.repeat(np.arange(n), len(days))
    observer = observer_state(table, tai, SITE)
    motion = propagate(table, EPOCH, states, (float(tai.min()) - 1, float(tai.max()) + 1))
    sky = ephemeris(table, motion, owner, tai_to_tdb(tai), observer)
    noise = rng.normal(0, sigma, (2, len(tai)))
    errors = np.full((len(tai), 2), sigma)
    return Astrometry(tai, sky.ra + noise[0] / np.cos(sky.dec), sky.dec + noise[1], errors, *observer), owner


MONTH = np.array([-30.0, -29.96, -20, -10, 0, 0.04, 12, 25, 30])


def test_errors_of_the_state_are_as_the_covariance_says():
    truth = main_belt(60)
    measured, owner = observed(truth, MONTH)
    guess = truth * (1 + 1e-4 * np.random.default_rng(5).normal(size=truth.shape))
    fit = fit_orbits(shipped_perturbers(), EPOCH, guess, measured, owner, FitOptions(prior=False))
    assert fit.converged.all()
    off = fit.state - truth
    chi2 = np.einsum("ni,nij,nj->n", off, np.linalg.inv(fit.covariance), off)
    # chi2 of 6 degrees of freedom: mean of 60 is 6 +- sqrt(12 / 60) = 0.45; 4 sigma
    assert chi2.mean() == pytest.approx(6.0, abs=1.8)
    # residuals: 2 x 9 - 6 = 12 degrees of freedom each
    assert fit.chi2.mean() == pytest.approx(12.0, abs=4 * np.sqrt(24 / 60))


def test_outliers_are_rejected_and_the_orbit_is_that_without_them():
    truth = main_belt(4)
    measured, owner = observed(truth, MONTH)
    measured.dec[3] += 5 * ref.ARCSEC
    fit = fit_orbits(shipped_perturbers(), EPOCH, truth, measured, owner, FitOptions(prior=False))
    assert not fit.used[3] and fit.used.sum() == len(owner) - 1
    keep = np.arange(len(owner)) != 3
    clean = fit_orbits(shipped_perturbers(), EPOCH, truth, measured.take(keep), owner[keep], NO_REJECTION)
    off = fit.state[0] - clean.state[0]
    # both stop when chi2 would fall by less than 1e-3: within 0.05 sigma of the minimum, and the prior
    # pulls a little
    assert off @ np.linalg.solve(fit.covariance[0], off) < 0.02


def test_result_does_not_depend_on_the_company():
    truth = main_belt(5)
    measured, owner = observed(truth, MONTH)
    together = fit_orbits(shipped_perturbers(), EPOCH, truth, measured, owner)
    rows = owner == 2
    alone = fit_orbits(
        shipped_perturbers(), EPOCH, truth[[2]], measured.take(rows), np.zeros(rows.sum(), int)
    )
    np.testing.assert_array_equal(alone.state[0], together.state[2])


def test_no_measurements_give_no_orbits():
    measured, owner = observed(main_belt(1), MONTH)
    none = fit_orbits(
        shipped_perturbers(), EPOCH, np.zeros((0, 6)), measured.take(np.zeros(0, int)), owner[:0]
    )
    assert len(none.state) == 0 and len(none.residual) == 0


def test_owners_out_of_order_are_refused():
    measured, owner = observed(main_belt(2), MONTH)
    with pytest.raises(ValueError, match="owner"):
        fit_orbits(shipped_perturbers(), EPOCH, main_belt(2), measured, owner[::-1].copy())


def test_gauss_finds_the_orbit_from_three_positions():
    table, truth = shipped_perturbers(), main_belt(20, 8)
    measured, owner = observed(truth, [-10.0, 0.0, 10.0], sigma=1e-12)
    found = 0
    for k in range(20):
        one = measured.take(owner == k)
        times = tai_to_tdb(one.mjd_tai)
        line = np.stack(
            [np.cos(one.dec) * np.cos(one.ra), np.cos(one.dec) * np.sin(one.ra), np.sin(one.dec)], 1
        )
        states = gauss(times, line, one.observer - table.state(SUN, times)[0])
        wanted = truth[k] - np.concatenate(table.state(SUN, EPOCH))
        off = np.linalg.norm(states[:, :3] - wanted[:3], axis=1)
        found += bool(len(off) and off.min() < 0.1 * np.linalg.norm(wanted[:3]))
    # without light time and at 20 days' arc the method is good to a few percent, unless the motion is
    # coplanar
    assert found >= 16


def test_ranging_covers_the_true_distance():
    table, truth = shipped_perturbers(), main_belt(1)
    measured, _ = observed(truth, [0.0, 0.03, 1.0])
    times = tai_to_tdb(measured.mjd_tai)
    sun, sun_velocity = table.state(SUN, times)
    line = np.stack(
        [
            np.cos(measured.dec) * np.cos(measured.ra),
            np.cos(measured.dec) * np.sin(measured.ra),
            np.sin(measured.dec),
        ],
        axis=1,
    )
    states = ranging_states(times, line, measured.observer - sun, measured.observer_velocity - sun_velocity)
    wanted = truth[0, :3] - table.state(SUN, EPOCH)[0]
    # 24 distances over a factor 2000: neighbours are 39 % apart
    assert np.linalg.norm(states[:, :3] - wanted, axis=1).min() < 0.25 * np.linalg.norm(wanted)


def test_an_orbit_is_found_without_a_guess_and_predicts_a_month_ahead():
    truth = main_belt(1, 12)
    measured, _ = observed(truth, [0, 0.03, 3, 3.03, 7, 7.03, 14, 14.03], sigma=0.03 * ref.ARCSEC)
    fit = determine_orbit(shipped_perturbers(), measured)
    assert fit.converged[0] and fit.rms[0] < 0.06 * ref.ARCSEC
    off = (
        fit.state[0]
        - propagate(shipped_perturbers(), EPOCH, truth, (EPOCH, fit.epoch + 1)).at([0], [fit.epoch])[0, :6]
    )
    assert off @ np.linalg.solve(fit.covariance[0], off) < 30  # 6 degrees of freedom


def test_two_positions_are_no_orbit():
    measured, _ = observed(main_belt(1), [0.0, 0.03])
    with pytest.raises(UnprocessableData, match="needs 3"):
        determine_orbit(shipped_perturbers(), measured)


def mpc_astrometry(name):
    with open(ref.DATA / "4_random_mpc_ADES_provIDs_no_sats.csv") as stream:
        rows = [r for r in csv.DictReader(stream) if r["provID"] == name and r["stn"] in ref.codes()]
    tai = utc_to_tai([from_iso(r["obsTime"]) for r in rows])
    site = np.array([ref.codes()[r["stn"]] for r in rows])
    observer = observer_state(shipped_perturbers(), tai, site, shipped_earth_rotation())
    ra, dec = (np.deg2rad([float(r[c]) for r in rows]) for c in ("ra", "dec"))
    found = Astrometry(tai, ra, dec, np.full((len(rows), 2), ref.ARCSEC), *observer)
    return found.take(np.argsort(tai, kind="stable"))


@ref.needs_data
@pytest.mark.parametrize("name, km", [("609631", 30), ("742428", 130)])
def test_fit_of_decades_of_real_astrometry_is_jpls_orbit_within_a_sigma(name, km):
    # layup reaches 23 and 117 km with the same flat weights of 1"
    wanted = json.loads((ref.DATA / "jpl_reference_states.json").read_text())["objects"][name]
    state, epoch = np.array(wanted["state_au_au_per_day"]), wanted["epoch_jd_tdb"] - 2400000.5
    measured = mpc_astrometry(name)
    guess = state + 1e-4 * np.array([1, -1, 1, 0.01, 0.01, -0.01])
    owner = np.zeros(len(measured), np.int64)
    options = FitOptions(prior=False, rejection_chi2=float("inf"))
    fit = fit_orbits(shipped_perturbers(), epoch, guess[None], measured, owner, options)
    off = fit.state[0] - state
    assert fit.converged[0]
    assert np.linalg.norm(off[:3]) * 1.496e8 < km
    assert off @ np.linalg.solve(fit.covariance[0], off) / 6 < 1.0
    assert fit.rms[0] / ref.ARCSEC < 0.6
