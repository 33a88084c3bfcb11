"""Joint maps against the truth of a made-up survey; the turbulent one is in tests/science."""

import numpy as np
import pytest

from algorithms.astrometry.survey import MAS, make_survey
from gnomon.algorithms.astrometry.joint import JointAstrometryOptions, fit_joint_astrometry
from gnomon.containers.joint import JointSources, JointStars
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


def test_a_field_without_catalogue_stars_is_refused():
    survey = make_survey(np.random.default_rng(5), visits=2, n_stars=30, rms_air=0)
    s = survey.stars
    none = JointStars(
        s.ra, s.dec, np.full(len(s), np.inf), s.pm_ra, s.pm_dec, s.pm_error, s.parallax, s.epoch, s.colour
    )
    with pytest.raises(UnprocessableData, match="tie"):
        fit_joint_astrometry(survey.exposures, survey.sources, none, CALM)
