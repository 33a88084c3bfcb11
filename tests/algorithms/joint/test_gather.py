"""From tables to the joint fits and their truth."""

import numpy as np
import pytest

from algorithms.astrometry.survey import ARCSEC, MAS, make_survey
from gnomon.algorithms.astrometry.joint import JointAstrometryOptions, fit_joint_astrometry
from gnomon.algorithms.joint.gather import gather_astrometry, gather_photometry
from gnomon.algorithms.photometry.joint import JointPhotometryOptions, fit_joint_photometry
from gnomon.containers.wcs import sky_to_plane
from gnomon.errors import UnprocessableData
from joint_scene import tables


@pytest.fixture(scope="module")
def gathered():
    rng = np.random.default_rng(0)
    survey = make_survey(rng, visits=6, n_stars=300, rms_air=0)
    parts = tables(survey, rng)
    return survey, parts, gather_astrometry(*parts[:4], 1.5 * ARCSEC)


def test_maps_fitted_from_tables_are_right(gathered):
    survey, _, g = gathered
    solution = fit_joint_astrometry(g.exposures, g.sources, g.stars, JointAstrometryOptions(turbulence=False))
    place = np.empty((len(g.sources), 2))
    for k, wcs in enumerate(solution.wcs):
        rows = g.sources.exposure == k
        sky = wcs.pixel_to_sky(g.sources.x[rows], g.sources.y[rows])
        place[rows] = np.stack(sky_to_plane(*sky, survey.centre), -1) / MAS
    error = (place - survey.true_plane[g.row]) / (g.sources.error * 200)[:, None]
    assert np.sqrt(np.mean(error**2)) < 1.35  # centroids, and polynomials of half their noise


def test_zero_points_fitted_from_tables_are_right(gathered):
    _, (star, source, _, reference, truth), g = gathered
    fluxes = gather_photometry(g, source, reference, "r", ("g", "r"))
    solution = fit_joint_photometry(fluxes, JointPhotometryOptions(cloud_degree=1, illumination_degree=1))
    # visit v was 1 + 0.02 (v - 4) too bright
    expected = 31.4 + 2.5 * np.log10(1 + 0.02 * (np.arange(6) - 4))
    np.testing.assert_allclose(solution.zero_point, expected, atol=0.01)
    true = np.array([truth[i] for i in star["isolatedStarId"]])
    assert np.nanmedian(np.abs(solution.star - true)) < 0.01


def test_detections_that_cannot_be_used_are_left_out(gathered):
    _, (star, source, facts, reference, _), g = gathered
    bad = source.with_columns(
        coord_raErr=np.where(np.arange(len(source)) < 10, np.nan, source["coord_raErr"])
    )
    fewer = {k: v for k, v in facts.items() if k[0] != 2003}
    part = gather_astrometry(star, bad, fewer, reference, ARCSEC)
    assert not (source["visit"][part.row] == 2003).any()
    assert part.row.min() >= 10
    assert len(part.exposures) == len(g.exposures) - 4


def test_without_a_catalogue_nothing_is_tied(gathered):
    _, (star, source, facts, reference, _), _ = gathered
    none = gather_astrometry(star, source, facts, reference.take(np.zeros(0, int)), ARCSEC)
    assert np.isinf(none.stars.error).all()
    assert (none.reference == -1).all()


def test_nothing_usable_is_refused(gathered):
    _, (star, source, _, reference, _), g = gathered
    with pytest.raises(UnprocessableData, match="known exposure"):
        gather_astrometry(star, source, {}, reference, ARCSEC)
    with pytest.raises(UnprocessableData, match="flux in z"):
        gather_photometry(g, source, reference, "z", ("g", "r"))
