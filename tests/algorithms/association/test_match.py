import numpy as np
import pytest

from gnomon.algorithms.association.match import Positions, candidates, isotropic, match

ARCSEC = np.radians(1 / 3600)


def positions(ra, dec, sigma=0.1, first_id=0):
    n = len(ra)
    return Positions(
        np.arange(n) + first_id, np.asarray(ra), np.asarray(dec), isotropic(np.full(n, sigma * ARCSEC))
    )


def test_nearest_is_not_always_best_for_all():
    # b0 lies between a0 and a1; a1 has no other partner, a0 has b1.
    a = positions([0.0, 0.30 * ARCSEC], [0.0, 0.0])
    b = positions([0.14 * ARCSEC, -0.20 * ARCSEC], [0.0, 0.0])
    m = match(a, b, 1 * ARCSEC, 5)
    assert m.first.tolist() == [0, 1]
    assert m.second.tolist() == [1, 0]


def test_chi_is_mahalanobis():
    c = np.array([[[4.0, 1.5], [1.5, 1.0]]]) * ARCSEC**2
    a = Positions(np.array([1]), np.array([2 * ARCSEC]), np.array([0.5 * ARCSEC]), c)
    b = positions([0.0], [0.0], sigma=0.0)
    d = np.array([2.0, 0.5])
    want = np.sqrt(d @ np.linalg.solve(c[0] / ARCSEC**2, d))
    assert candidates(a, b, 5 * ARCSEC, 10).chi[0] == pytest.approx(want, rel=1e-8)


@pytest.mark.parametrize("where", [(0.0, 0.0), (3.0, np.pi / 2 - 1e-6), (0.0, -1.2)])
def test_matches_are_one_to_one_and_independent_of_order(where):
    rng = np.random.default_rng(0)
    n = 400
    x, y = rng.uniform(-20, 20, (2, n)) * ARCSEC
    ra = where[0] + x / max(np.cos(where[1]), 1e-3)
    a = positions(ra, where[1] + y)
    b = positions(ra + 0.05 * ARCSEC, where[1] + y - 0.05 * ARCSEC, first_id=5000)
    p, q = rng.permutation(n), rng.permutation(n)
    m = match(a, b, 1.5 * ARCSEC, 5)
    shuffled = match(
        Positions(a.identity[p], a.ra[p], a.dec[p], a.covariance[p]),
        Positions(b.identity[q], b.ra[q], b.dec[q], b.covariance[q]),
        1.5 * ARCSEC,
        5,
    )
    assert len(np.unique(m.first)) == len(np.unique(m.second)) == len(m.first)
    got = set(zip(a.identity[p][shuffled.first], b.identity[q][shuffled.second], strict=True))
    assert got == set(zip(a.identity[m.first], b.identity[m.second], strict=True))


def test_asteroid_is_matched_along_its_uncertain_track():
    along = np.array([[[25.0, 0.0], [0.0, 0.01]]]) * ARCSEC**2
    prediction = Positions(np.array([7]), np.array([1.0]), np.array([0.0]), along)
    sources = positions([1.0 + 6 * ARCSEC, 1.0], [0.0, 1.0 * ARCSEC])
    m = match(sources, prediction, 20 * ARCSEC, 4)
    assert m.first.tolist() == [0]  # 6 arcsec along the track is 1.2 sigma, 1 arcsec across is 7


def test_empty_lists_match_nothing():
    none = positions(np.zeros(0), np.zeros(0))
    for a, b in ((none, none), (none, positions([1.0], [0.0])), (positions([1.0], [0.0]), none)):
        assert len(match(a, b, ARCSEC, 5).first) == 0


def test_ten_thousand_sources_find_their_objects():
    rng = np.random.default_rng(1)
    n = 10_000
    ra, dec = rng.uniform(0, 0.02, n), rng.uniform(-0.01, 0.01, n)
    a = positions(ra, dec)
    b = positions(ra + 0.1 * ARCSEC * rng.standard_normal(n), dec + 0.1 * ARCSEC * rng.standard_normal(n))
    m = match(a, b, 2 * ARCSEC, 6)
    # 10^4 objects in 1.2 square degrees: 1 in 1500 has a stranger within an arcsecond.
    assert np.mean(m.first == m.second) > 0.995
    assert len(m.first) > 0.999 * n
