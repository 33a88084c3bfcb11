"""Joint zero points against made-up nights with drifts, clouds, colour terms and flat-field errors."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from gnomon.algorithms.photometry.joint import JointFluxes, JointPhotometryOptions, fit_joint_photometry
from gnomon.errors import UnprocessableData

PER_DETECTION = ("visit", "detector", "star", "mag", "error", "pixel", "focal", "airmass")


def nights(rng, visits=30, detectors=4, stars=400, known=0.3, photon=0.004, outliers=0.0):
    """(fluxes, true magnitudes, true correction of each detection)."""
    place = rng.uniform(-1.5, 1.5, (stars, 2))
    mag, colour = rng.uniform(17, 21, stars), rng.normal(0.7, 0.4, stars)
    zero = 28 + rng.normal(0, 0.15, visits)  # clouds and drift
    gradient = rng.normal(0, 0.01, (visits, 5))
    flat = rng.normal(0, 0.01, (detectors, 9))
    offset, term = rng.normal(0, 0.02, detectors), rng.normal(0.03, 0.01, detectors)
    airmass = rng.uniform(1, 1.8, visits)
    rows = []
    for v in range(visits):
        turn = rng.uniform(0, 2 * np.pi)
        focal = (place - rng.uniform(-0.5, 0.5, 2)) @ np.array(
            [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
        )
        inside = np.flatnonzero(np.max(np.abs(focal), axis=1) < 1)
        x, y = focal[inside].T
        d = (x > 0) + 2 * (y > 0)
        u, w = (x - np.where(x > 0, 0.5, -0.5)) * 2, (y - np.where(y > 0, 0.5, -0.5)) * 2
        smooth = np.stack([u, w, u * u, u * w, w * w, u**3, u * u * w, u * w * w, w**3], -1)
        cloud = np.stack([x, y, x * x, x * y, y * y], -1)
        correction = zero[v] + cloud @ gradient[v] + np.sum(smooth * flat[d], axis=1) + offset[d]
        correction += -0.1 * (airmass[v] - 1) + term[d] * (colour[inside] - 0.6)
        columns = np.full(len(inside), v), d, inside, correction, np.stack([u, w], -1), focal[inside]
        rows.append((*columns, np.full(len(inside), airmass[v])))
    v, d, s, correction, pixel, focal, air = (np.concatenate(c) for c in zip(*rows, strict=True))
    error = photon * 10 ** (0.2 * (mag[s] - 18))
    inst = mag[s] - correction + rng.normal(0, 1, len(s)) * error
    inst += np.where(rng.random(len(s)) < outliers, 0.5, 0.0)
    reference = np.where(rng.random(stars) < known, mag + rng.normal(0, 0.01, stars), np.nan)
    own = zero - 0.1 * (airmass - 1) + rng.normal(0, 0.05, visits)  # as the visits' own calibration has them
    fluxes = JointFluxes(
        v, d, s, inst, error, pixel, focal, air, colour, reference, np.full(stars, 0.01), own
    )
    return fluxes, mag, correction


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def repeatability(fluxes, solution, bright=0.005):
    """Scatter of bright detections about their star's mean, magnitudes."""
    rows = fluxes.error < bright
    value = fluxes.mag + solution.correction(
        fluxes.visit, fluxes.detector, fluxes.pixel, fluxes.focal, fluxes.airmass, fluxes.colour[fluxes.star]
    )
    count = np.bincount(fluxes.star[rows], minlength=len(fluxes.colour))
    mean = np.bincount(fluxes.star[rows], value[rows], minlength=len(count)) / np.maximum(count, 1)
    kept = rows & (count[fluxes.star] > 3)
    return rms(value[kept] - mean[fluxes.star[kept]])


def test_three_millimagnitudes_through_clouds_colour_terms_and_flat_errors():
    fluxes, mag, truth = nights(np.random.default_rng(0), photon=0.002)
    solution = fit_joint_photometry(fluxes)
    assert repeatability(fluxes, solution) < 0.004  # photon noise of 2 to 5 mmag
    found = solution.correction(
        fluxes.visit, fluxes.detector, fluxes.pixel, fluxes.focal, fluxes.airmass, fluxes.colour[fluxes.star]
    )
    # the calibration itself: 30 visits with some 180 stars of 3 mmag fix 6 + terms each
    assert np.std(found - truth) < 0.003
    # absolute: 120 catalogue stars of 14 mmag (stated error and floor)
    assert abs(np.mean(found - truth)) < 0.005
    assert np.nanmedian(np.abs(solution.star - mag)) < 0.005


def test_errors_of_the_flux_are_recovered_as_no_excess():
    fluxes, _, _ = nights(np.random.default_rng(1))
    solution = fit_joint_photometry(fluxes)
    assert np.median(solution.excess) < 0.002
    assert solution.used.mean() > 0.995


def test_variable_stars_and_blunders_are_left_out():
    fluxes, _, truth = nights(np.random.default_rng(2), outliers=0.03)
    solution = fit_joint_photometry(fluxes)
    found = solution.correction(
        fluxes.visit, fluxes.detector, fluxes.pixel, fluxes.focal, fluxes.airmass, fluxes.colour[fluxes.star]
    )
    assert 0.95 < solution.used.mean() < 0.975
    assert np.std(found - truth) < 0.005


def test_many_parameters_by_iteration_agree_with_the_direct_solution(monkeypatch):
    from gnomon.algorithms.photometry import joint

    fluxes, _, _ = nights(np.random.default_rng(3), visits=10, stars=200)
    direct = fit_joint_photometry(fluxes)
    monkeypatch.setattr(joint, "solve", functools.partial(joint.solve, direct_limit=0))
    iterated = fit_joint_photometry(fluxes)
    assert iterated.iterations > 0
    np.testing.assert_allclose(iterated.residual, direct.residual, atol=1e-5)


def test_a_visit_with_one_star_is_held_by_its_priors():
    fluxes, _, truth = nights(np.random.default_rng(4), visits=8)
    rows = np.flatnonzero((fluxes.visit != 3) | (np.cumsum(fluxes.visit == 3) == 1))
    few = replace(fluxes, **{name: getattr(fluxes, name)[rows] for name in PER_DETECTION})
    solution = fit_joint_photometry(few)
    assert np.isfinite(solution.zero_point).all()
    one = np.flatnonzero(fluxes.visit == 3)[0]
    # the visit's own cloud and the star's noise are all that can be wrong
    assert abs(solution.zero_point[3] - truth[one]) < 0.2


def test_colours_that_are_unknown_count_as_the_pivot():
    fluxes, _, _ = nights(np.random.default_rng(5), visits=5)
    colour = fluxes.colour.copy()
    colour[::2] = np.nan
    some = replace(fluxes, colour=colour)
    assert np.isfinite(fit_joint_photometry(some, JointPhotometryOptions()).zero_point).all()


def test_without_a_catalogue_visits_agree_about_the_mean_of_their_own_zero_points():
    rng = np.random.default_rng(6)
    fluxes, _, truth = nights(rng, photon=0.002, known=0.0)
    solution = fit_joint_photometry(fluxes)
    assert solution.tied_to == 0
    assert repeatability(fluxes, solution) < 0.004  # as with a catalogue
    found = solution.correction(
        fluxes.visit, fluxes.detector, fluxes.pixel, fluxes.focal, fluxes.airmass, fluxes.colour[fluxes.star]
    )
    # a gradient over the sky is that of the own zero points: 50 mmag at 30 dithers of 0.3, 30 mmag across
    assert np.std(found - truth) < 0.03 / np.sqrt(3)
    # the common zero point: 30 of them, each 50 mmag wrong, and the detectors' 20 mmag
    assert abs(np.mean(found - truth)) < 3 * np.hypot(0.05 / np.sqrt(30), 0.02 / np.sqrt(4))


def test_a_visit_that_shares_no_star_keeps_its_own_zero_point_without_a_catalogue():
    fluxes, _, _ = nights(np.random.default_rng(7), visits=6, known=0.0)
    alone = fluxes.visit == 2
    stars = len(fluxes.colour)
    apart = replace(
        fluxes, star=np.where(alone, fluxes.star + stars, fluxes.star), own=fluxes.own + 2.0 * (np.arange(6) == 2),
        **{n: np.tile(getattr(fluxes, n), 2) for n in ("colour", "reference", "reference_err")},
    )  # fmt: skip
    solution = fit_joint_photometry(apart)
    assert solution.zero_point[2] == pytest.approx(apart.own[2], abs=0.05)


def test_no_detections_are_refused():
    fluxes, _, _ = nights(np.random.default_rng(6), visits=2)
    none = replace(fluxes, **{name: getattr(fluxes, name)[:0] for name in PER_DETECTION})
    with pytest.raises(UnprocessableData, match="no detections"):
        fit_joint_photometry(none)
