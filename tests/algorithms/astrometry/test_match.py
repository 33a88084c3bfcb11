"""Matching finds the true pairs from a bad start, and refuses what chance would match."""

import numpy as np
import pytest

from algorithms.astrometry.sky import ARCSEC, camera, make_field, spoil
from gnomon.algorithms.astrometry.match import MatchLimits, match_stars
from gnomon.containers.stars import Detections, Reference
from gnomon.errors import UnprocessableData

NEAR = MatchLimits(offset=3 * ARCSEC, rotation=0.001, scale=0.001, any_orientation=False)


def right_share(field, match):
    return np.mean(field.row[match.detection] == match.reference)


@pytest.mark.parametrize("stars", [8, 40, 900, 5000])
@pytest.mark.parametrize("mirror", [False, True])
def test_two_arcminutes_one_degree_two_percent_and_parity_are_found(stars, mirror):
    field = make_field(np.random.default_rng(stars), stars)
    start = spoil(field.wcs, (80.0, -80.0), 0.9, 1.018, mirror=mirror)
    match = match_stars(field.detections, field.reference, start, field.shape, MatchLimits())
    assert right_share(field, match) > 0.97
    assert match.mirrored == mirror
    # scatter of a similarity through n >= 5 stars displaced by up to 0.8" of distortion over a 10' field
    assert match.scale == pytest.approx(1 / 1.018, abs=2e-3)
    assert match.offset == pytest.approx(np.hypot(80, 80) * ARCSEC, abs=2 * ARCSEC)
    # the returned map lands each pair within the tolerance
    x, y = match.wcs.sky_to_pixel(field.reference.ra[match.reference], field.reference.dec[match.reference])
    away = np.hypot(x - field.detections.x[match.detection], y - field.detections.y[match.detection])
    assert np.max(away) * field.wcs.pixel_scale() < 1.6 * ARCSEC


@pytest.mark.parametrize("crval", [(0.0, 0.3), (0.3, np.pi / 2), (2.0, -np.pi / 2 + 1e-4), (6.28318, 0.9)])
def test_poles_and_the_wrap_are_like_everywhere(crval):
    field = make_field(np.random.default_rng(3), 200, wcs=camera(crval))
    start = spoil(field.wcs, (70.0, 60.0), 0.5, 0.99)
    match = match_stars(field.detections, field.reference, start, field.shape, MatchLimits())
    assert right_share(field, match) > 0.97


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_quarter_turns_are_found(quarter):
    field = make_field(np.random.default_rng(4), 100)
    match = match_stars(
        field.detections, field.reference, spoil(field.wcs, quarter=quarter), field.shape, MatchLimits()
    )
    assert right_share(field, match) == 1
    assert abs(np.angle(np.exp(1j * (match.rotation + quarter * np.pi / 2)))) < 1e-3


def test_three_false_detections_per_star_do_no_harm():
    field = make_field(np.random.default_rng(5), 900, false=3.0, found=0.5, colour_mag=1.0)
    start = spoil(field.wcs, (80.0, -80.0), 0.9, 1.018)
    match = match_stars(field.detections, field.reference, start, field.shape, MatchLimits())
    assert right_share(field, match) > 0.95


def test_a_crowded_field_is_matched_by_its_brightest():
    field = make_field(np.random.default_rng(6), 40000)
    match = match_stars(
        field.detections, field.reference, spoil(field.wcs, (2, 2)), field.shape, MatchLimits()
    )
    assert right_share(field, match) > 0.97


def test_few_stars_match_when_the_start_is_good():
    field = make_field(np.random.default_rng(8), 5, found=1.0)
    assert 2 <= len(field.detections) <= 10
    start = spoil(field.wcs, (1.0, -1.0), keep_sip=True)
    match = match_stars(field.detections, field.reference, start, field.shape, NEAR)
    assert right_share(field, match) == 1
    assert match.rotation == 0


@pytest.mark.parametrize("stars", [5, 30, 900])
def test_another_piece_of_sky_is_refused(stars):
    rng = np.random.default_rng(9)
    field, other = make_field(rng, stars), make_field(rng, stars)
    with pytest.raises(UnprocessableData, match="no match"):
        match_stars(field.detections, other.reference, field.wcs, field.shape, MatchLimits())


def test_a_doubled_exposure_is_refused_as_ambiguous():
    field = make_field(np.random.default_rng(10), 300, false=0.0)
    d = field.detections
    twice = Detections(
        np.concatenate([d.x, d.x + 40]),
        np.concatenate([d.y, d.y - 25]),
        np.tile(d.error, 2),
        np.tile(d.flux, 2),
    )
    with pytest.raises(UnprocessableData, match="two different matches"):
        match_stars(twice, field.reference, field.wcs, field.shape, MatchLimits())


def test_order_of_inputs_does_not_matter():
    field = make_field(np.random.default_rng(11), 150)
    order = np.random.default_rng(0).permutation(len(field.detections))
    one = match_stars(field.detections, field.reference, field.wcs, field.shape, MatchLimits())
    two = match_stars(field.detections.take(order), field.reference, field.wcs, field.shape, MatchLimits())
    assert sorted(zip(one.detection, one.reference, strict=True)) == sorted(
        zip(order[two.detection], two.reference, strict=True)
    )


def test_nothing_to_match_is_refused():
    field = make_field(np.random.default_rng(12), 50)
    none = Detections(*(np.zeros(0),) * 4)
    nan = Detections(*(np.full(5, np.nan),) * 4)
    far = Reference(
        field.reference.ra + np.pi, -field.reference.dec, field.reference.error, field.reference.flux
    )
    for detections, reference in ((none, field.reference), (nan, field.reference), (field.detections, far)):
        with pytest.raises(UnprocessableData):
            match_stars(detections, reference, field.wcs, field.shape, MatchLimits())
