"""Joint maps against the truth of a made-up survey; the turbulent one is in tests/science."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from algorithms.astrometry.survey import MAS, make_survey
from gnomon.algorithms.astrometry.joint import JointAstrometryOptions, fit_joint_astrometry
from gnomon.containers.joint import JointSources
from gnomon.containers.wcs import sky_to_plane
from gnomon.errors import UnprocessableData

CALM = JointAstrometryOptions(turbulence=False)


def map_errors(survey, solution):
    """(n, 2) mas: where the final maps put the detections, less where the stars truly were."""
    sources, place = survey.sources, np.empty((len(survey.sources), 2))
    for k, wcs in enumerate(solution.wcs):
        rows = sources.exposure == k
        sky = wcs.pixel_to_sky(sources.x[rows], sources.y[rows])
        place[rows] = np.stack(sky_to_plane(*sky, survey.centre), -1) / MAS
    return place - survey.true_plane


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


@pytest.mark.parametrize("crval", [(1.0, -0.5), (6.2831, 1.4)])
def test_distortion_of_camera_and_visits_is_found(crval):
    survey = make_survey(np.random.default_rng(0), visits=6, n_stars=300, rms_air=0, crval=crval)
    solution = fit_joint_astrometry(survey.exposures, survey.sources, survey.stars, CALM)
    error = map_errors(survey, solution)
    sigma = survey.sources.error * 200  # mas
    # what is left is the centroid noise and that of the polynomials (half as much at these few stars)
    assert rms(error / sigma[:, None]) < 1.35
    assert np.all(np.abs(np.mean(error, axis=0)) < 0.8)  # 750 centroids of ~6 mas: 0.22 mas
    assert solution.used.mean() > 0.995
    star = np.stack(sky_to_plane(solution.ra, solution.dec, survey.centre), -1)
    star -= np.stack(sky_to_plane(survey.true_ra, survey.true_dec, survey.centre), -1)
    known = np.isfinite(survey.stars.error)
    assert rms(star[known] / MAS) < 1.2  # catalogue 0.5 mas per axis, and proper motion


def test_refraction_of_stars_of_different_colour_is_found():
    survey = make_survey(np.random.default_rng(6), visits=6, n_stars=400, rms_air=0, chromatic=20.0)
    solution = fit_joint_astrometry(survey.exposures, survey.sources, survey.stars, CALM)
    # 80 stars of 4 detectors a visit, errors of 6 mas and a colour scatter of 0.5: 0.5 to 1 mas per magnitude; what
    # all visits share is told from the stars' own places by the catalogue alone (120 stars of 0.5 mas)
    assert rms(solution.chromatic_mas - survey.chromatic_mas) < 1.5
    visit = np.array([e.visit for e in survey.exposures])[survey.sources.exposure]
    colour = survey.stars.colour[survey.sources.star, None]
    error = map_errors(survey, solution) - colour * solution.chromatic_mas[visit]
    assert rms(error / (survey.sources.error[:, None] * 200)) < 1.35
    assert rms(solution.residual_mas / (survey.sources.error[:, None] * 200)) < 1.2


def test_the_order_of_detections_does_not_matter():
    survey = make_survey(np.random.default_rng(1), visits=3, n_stars=80, rms_air=0)
    order = np.random.default_rng(2).permutation(len(survey.sources))
    s = survey.sources
    mixed = JointSources(s.exposure[order], s.star[order], s.x[order], s.y[order], s.error[order])
    one = fit_joint_astrometry(survey.exposures, s, survey.stars, CALM)
    two = fit_joint_astrometry(survey.exposures, mixed, survey.stars, CALM)
    np.testing.assert_allclose(one.ra, two.ra, rtol=1e-13)
    np.testing.assert_allclose(one.residual_mas[order], two.residual_mas, atol=1e-4)


def test_false_pairs_are_left_out():
    survey = make_survey(np.random.default_rng(3), visits=6, n_stars=200, rms_air=0)
    s, rng = survey.sources, np.random.default_rng(4)
    wrong = rng.random(len(s)) < 0.02
    moved = JointSources(s.exposure, s.star, s.x + np.where(wrong, 2.0, 0.0), s.y, s.error)
    solution = fit_joint_astrometry(survey.exposures, moved, survey.stars, CALM)
    assert not solution.used[wrong].any()
    assert solution.used[~wrong].mean() > 0.98


def repeatability(survey, error):
    """Scatter of the detections of each star about their mean, in units of the centroids' errors."""
    star, sigma = survey.sources.star, survey.sources.error * 200
    weight = 1 / sigma**2
    total = np.bincount(star, weight, len(survey.stars))
    mean = np.stack(
        [np.bincount(star, weight * e, len(total)) / np.maximum(total, 1e-9) for e in error.T], -1
    )
    several = np.bincount(star, minlength=len(total))[star] > 3
    return rms(((error - mean[star]) / sigma[:, None])[several])


def test_visits_without_a_catalogue_agree_and_stay_where_their_own_maps_are():
    survey = make_survey(np.random.default_rng(5), visits=6, n_stars=300, rms_air=0)
    none = replace(survey.stars, error=np.full(len(survey.stars), np.inf))
    solution = fit_joint_astrometry(survey.exposures, survey.sources, none, CALM)
    before = map_errors(survey, SimpleNamespace(wcs=[e.wcs for e in survey.exposures]))
    after = map_errors(survey, solution)
    assert repeatability(survey, before) > 10  # pointing and camera
    # six detections have less scatter about their mean than one error
    assert repeatability(survey, after) < 1.0
    # the frame is the mean of the maps: those of 6 visits scatter by 46 mas rms about the truth
    assert np.all(np.abs(after.mean(axis=0) - before.mean(axis=0)) < 3 * 46 / np.sqrt(6))


def test_a_visit_with_few_stars_is_shifted_and_not_bent():
    survey = make_survey(np.random.default_rng(6), visits=4, n_stars=200, rms_air=0)
    s = survey.sources
    last = s.exposure >= 12
    keep = ~last | (np.cumsum(last) <= 4)
    few = JointSources(s.exposure[keep], s.star[keep], s.x[keep], s.y[keep], s.error[keep])
    static = replace(CALM, camera_prior_px=1e-6)
    solution = fit_joint_astrometry(survey.exposures, few, survey.stars, static)
    x, y = np.meshgrid([0.0, 750.0, 1499.0], [0.0, 750.0, 1499.0])
    moved = [
        np.stack(sky_to_plane(*w.pixel_to_sky(x.ravel(), y.ravel()), survey.centre), -1) / MAS
        for w in (solution.wcs[12], survey.exposures[12].wcs)
    ]
    shift = moved[0] - moved[1]
    # polynomials through 4 stars bent it by what 500 mas a term allow
    assert np.ptp(shift, axis=0).max() < 1.0
    assert np.abs(shift).max() > 1


def test_no_detections_are_refused():
    survey = make_survey(np.random.default_rng(5), visits=2, n_stars=30, rms_air=0)
    s = survey.sources
    none = JointSources(s.exposure[:0], s.star[:0], s.x[:0], s.y[:0], s.error[:0])
    with pytest.raises(UnprocessableData, match="no detections"):
        fit_joint_astrometry(survey.exposures, none, survey.stars, CALM)
