"""The fitted map against the true one."""

import numpy as np
import pytest

from algorithms.astrometry.sky import ARCSEC, MAS, camera, make_field, spoil
from gnomon.algorithms.astrometry.fit import FitOptions, fit_astrometry, solve_astrometry
from gnomon.algorithms.astrometry.match import MatchLimits
from gnomon.containers.stars import Reference
from gnomon.containers.wcs import sky_to_plane
from gnomon.errors import UnprocessableData

NEAR = MatchLimits(offset=3 * ARCSEC, rotation=0.001, scale=0.001, any_orientation=False)


def error_mas(field, wcs):
    """(40, 40, 2) fitted minus true map over the detector."""
    x, y = np.meshgrid(np.linspace(0, field.shape[1] - 1, 40), np.linspace(0, field.shape[0] - 1, 40))
    centre = tuple(float(v) for v in field.wcs.pixel_to_sky(field.shape[1] / 2, field.shape[0] / 2))
    true = np.stack(sky_to_plane(*field.wcs.pixel_to_sky(x, y), centre), -1)
    return (np.stack(sky_to_plane(*wcs.pixel_to_sky(x, y), centre), -1) - true) / MAS


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def test_unknown_distortion_is_fitted_to_half_a_milliarcsecond():
    # 913 stars of 1.7 mas with centroids of 0.6 to 4 mas: 2.7 mas rms x sqrt(10 terms / 800) = 0.3 mas
    field = make_field(np.random.default_rng(1), 913, noise_px=0.008)
    solution, _ = solve_astrometry(
        field.detections, field.reference, spoil(field.wcs, (2, 2), 0.05), field.shape
    )
    assert solution.degree == 3
    assert rms(error_mas(field, solution.wcs)) < 0.5
    assert np.mean(field.row[solution.detection] == solution.reference) > 0.998


@pytest.mark.parametrize("crval", [(0.0, 0.2), (1.0, np.pi / 2), (6.2831, -1.5)])
def test_formal_errors_are_true(crval):
    pulls = []
    for seed in range(12):
        field = make_field(np.random.default_rng(seed), 300, wcs=camera(crval))
        start = spoil(field.wcs, (0, 0), keep_sip=True)
        solution = fit_astrometry(
            field.detections, field.reference, start, field.shape, 1.5 * ARCSEC, FitOptions()
        )
        x, y = np.meshgrid(np.linspace(0, 4095, 40)[::6], np.linspace(0, 4095, 40)[::6])
        sigma = solution.error_mas(x.ravel(), y.ravel())
        pulls.append(error_mas(field, solution.wcs)[::6, ::6].reshape(-1, 2) / sigma[:, None])
    # 12 fits x 2 axes x 10 coefficients: rms of pulls known to 1 / sqrt(480) = 5 %, correlations double it
    assert rms(pulls) == pytest.approx(1.0, abs=0.15)


def test_excess_scatter_is_measured():
    rng = np.random.default_rng(2)
    field = make_field(rng, 900)
    r = field.reference
    turbulence = rng.normal(0, 20 * MAS, (2, len(r)))
    moved = Reference(r.ra + turbulence[0] / np.cos(r.dec), r.dec + turbulence[1], r.error, r.flux)
    solution, _ = solve_astrometry(field.detections, moved, field.wcs, field.shape)
    assert solution.excess_mas == pytest.approx(20, rel=0.08)  # 1600 residuals: 1.8 % x 4
    assert solution.chi2_dof > 5


@pytest.mark.parametrize(
    "stars, degree, kind", [(4, 0, "shift"), (12, 1, "affine"), (32, 2, "polynomial"), (90, 3, "polynomial")]
)
def test_the_degree_follows_the_number_of_stars(stars, degree, kind):
    field = make_field(np.random.default_rng(21), 100, found=1.0, false=0.0)
    start = spoil(field.wcs, (1.0, -1.5), keep_sip=True)
    few = field.detections.take(np.arange(stars))
    solution, _ = solve_astrometry(few, field.reference, start, field.shape, NEAR)
    assert (solution.degree, solution.kind) == (degree, kind)
    # single stars are good to 6 mas per axis
    assert rms(error_mas(field, solution.wcs)) < 12


def test_one_star_shifts_the_map_and_nothing_else():
    field = make_field(np.random.default_rng(30), 30, found=1.0, false=0.0)
    start = spoil(field.wcs, (0.24, 0.0), keep_sip=True)
    one = field.detections.take(np.array([3]))
    solution = fit_astrometry(one, field.reference, start, field.shape, ARCSEC, FitOptions())
    assert (solution.kind, solution.stars) == ("shift", 1)
    # the whole offset goes, to the error of one star
    assert np.max(np.abs(error_mas(field, solution.wcs))) < 30
    assert np.isnan(solution.chi2_dof)


def test_outliers_are_left_out():
    rng = np.random.default_rng(4)
    field = make_field(rng, 400)
    r = field.reference
    wrong = rng.random(len(r)) < 0.15
    moved = Reference(r.ra + np.where(wrong, 0.3 * ARCSEC, 0.0), r.dec, r.error, r.flux)
    solution, _ = solve_astrometry(field.detections, moved, field.wcs, field.shape)
    assert np.mean(wrong[solution.reference]) < 0.01
    assert rms(error_mas(field, solution.wcs)) < 1.5


def test_stars_in_one_corner_do_not_bend_the_rest():
    field = make_field(np.random.default_rng(5), 2000, noise_px=0.3)
    corner = (field.detections.x < 500) & (field.detections.y < 500)
    start = spoil(field.wcs, keep_sip=True)
    solution = fit_astrometry(
        field.detections.take(corner), field.reference, start, field.shape, ARCSEC, FitOptions()
    )
    # the cubic that 25 stars would allow extrapolates wildly; the fit stops at what holds the far corner
    assert solution.degree <= 1
    assert np.max(np.abs(error_mas(field, solution.wcs))) < 250  # 5 formal errors of 50 mas


def test_a_map_that_is_nowhere_near_is_refused():
    field = make_field(np.random.default_rng(6), 20)
    start = spoil(field.wcs, (300.0, 300.0))
    with pytest.raises(UnprocessableData, match="no star within"):
        fit_astrometry(field.detections, field.reference, start, field.shape, 0.5 * ARCSEC, FitOptions())
