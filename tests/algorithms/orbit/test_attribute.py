import numpy as np
import pytest

from gnomon.algorithms.orbit.attribute import attribute

ARCSEC = np.deg2rad(1 / 3600)


def predictions(ra, dec, exposure, sigma=(0.2, 0.0, 0.2)):
    covariance = np.tile([sigma[0] ** 2, sigma[1], sigma[2] ** 2], (len(ra), 1)) * ARCSEC**2
    return np.asarray(ra), np.asarray(dec), covariance, np.asarray(exposure)


def test_pairs_follow_the_ellipse_not_the_distance():
    # an error ellipse 2" long to the east: 3" east is 1.5 sigma, 1" north is 5 sigma
    ra, dec = np.array([1.0]), np.array([0.0])
    covariance = np.array([[4.0, 0.0, 0.03]]) * ARCSEC**2
    seen = (
        np.array([1.0 + 3 * ARCSEC, 1.0]),
        np.array([0.0, 1.5 * ARCSEC]),
        np.full(2, 0.1 * ARCSEC),
        np.zeros(2, int),
    )
    found = attribute((ra, dec, covariance, np.zeros(1, int)), seen)
    assert found.detection.tolist() == [0]
    assert found.offset[0, 0] == pytest.approx(3 * ARCSEC, rel=1e-6)


def test_one_detection_goes_to_the_nearer_of_two_predictions():
    ra = np.array([1.0, 1.0 + 0.5 * ARCSEC])
    seen = np.array([1.0 + 0.4 * ARCSEC]), np.zeros(1), np.full(1, 0.1 * ARCSEC), np.zeros(1, int)
    found = attribute(predictions(ra, np.zeros(2), np.zeros(2, int)), seen)
    assert (found.prediction.tolist(), found.detection.tolist()) == ([1], [0])


def test_exposures_do_not_mix():
    seen = np.array([1.0, 2.0]), np.zeros(2), np.full(2, 0.1 * ARCSEC), np.array([8, 7])
    found = attribute(predictions([1.0, 2.0], [0.0, 0.0], [7, 8]), seen)
    assert len(found.detection) == 0


def test_order_of_the_rows_does_not_matter():
    rng = np.random.default_rng(3)
    ra, dec = rng.uniform(0, 60 * ARCSEC, 50), rng.uniform(0, 60 * ARCSEC, 50)
    seen_ra, seen_dec = ra + rng.normal(0, 0.2 * ARCSEC, 50), dec + rng.normal(0, 0.2 * ARCSEC, 50)
    exposure, sigma = np.zeros(50, int), np.full(50, 0.1 * ARCSEC)
    straight = attribute(predictions(ra, dec, exposure), (seen_ra, seen_dec, sigma, exposure))
    turned = attribute(
        predictions(ra[::-1], dec[::-1], exposure), (seen_ra[::-1], seen_dec[::-1], sigma, exposure)
    )
    pairs = set(zip(straight.prediction.tolist(), straight.detection.tolist(), strict=True))
    assert pairs == {(49 - p, 49 - d) for p, d in zip(turned.prediction, turned.detection, strict=True)}
    assert len(set(straight.prediction.tolist())) == len(straight.prediction)


def test_unknown_error_is_taken_as_told_and_across_the_pole_and_the_wrap():
    for ra, dec, ra_seen in (
        (0.0, np.pi / 2 - 0.1 * ARCSEC, np.pi),
        (2 * np.pi - 0.2 * ARCSEC, 0.0, 0.2 * ARCSEC),
    ):
        unknown = np.full((1, 3), np.nan)
        seen = np.array([ra_seen]), np.array([dec]), np.full(1, 0.1 * ARCSEC), np.zeros(1, int)
        found = attribute((np.array([ra]), np.array([dec]), unknown, np.zeros(1, int)), seen)
        assert found.detection.tolist() == [0]


def test_nothing_to_pair():
    none = np.zeros(0)
    found = attribute((none, none, np.zeros((0, 3)), none.astype(int)), (none, none, none, none.astype(int)))
    assert len(found.detection) == 0
