import numpy as np

from gnomon.algorithms.linking.tracklets import MotionLimits, find_tracklets

ARCSEC = np.deg2rad(1 / 3600)
SIGMA = 0.05 * ARCSEC


def night(movers, times, static=0, seed=1, ra0=1.0, dec0=0.2):
    """Detections of movers on straight lines and of things that stand still, shuffled; owner -1 is static."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(-0.02, 0.02, (movers, 2))
    rate = rng.normal(0, np.deg2rad(0.2), (movers, 2))
    still = rng.uniform(-0.02, 0.02, (static, 2))
    rows = [(t, *(place[k] + rate[k] * t), k) for k in range(movers) for t in times]
    rows += [(t, *still[k], -1) for k in range(static) for t in times]
    rows = np.array(rows)[rng.permutation(len(rows))]
    x, y = rows[:, 1:3].T + rng.normal(0, SIGMA, (2, len(rows)))
    return 60000 + rows[:, 0], ra0 + x / np.cos(dec0), dec0 + y, rows[:, 3].astype(int)


def found_in(mjd, ra, dec, limits=None, number=None):
    nights = np.zeros(len(mjd), int) if number is None else number
    return find_tracklets(mjd, ra, dec, np.full(len(mjd), SIGMA), nights, limits or MotionLimits())


def members(tracklets):
    return [
        tracklets.member[a:b].tolist() for a, b in zip(tracklets.start, tracklets.start[1:], strict=False)
    ]


def test_every_mover_gives_one_tracklet_of_all_its_detections():
    mjd, ra, dec, owner = night(30, [0.0, 0.02, 0.045])
    found = found_in(mjd, ra, dec)
    whole = [m for m in members(found) if len(set(owner[m])) == 1 and len(m) == 3]
    assert sorted(owner[m[0]] for m in whole) == list(range(30))
    assert np.all([np.all(np.diff(mjd[m]) > 0) for m in members(found)])


def test_what_stands_still_gives_none():
    mjd, ra, dec, owner = night(0, [0.0, 0.03, 0.06], static=100)
    # 5 sigma of a pair are 0.35", 0.06 d at 7" a day 0.42": told; 1 in 10^5 stars moves 5 sigma by chance
    assert len(found_in(mjd, ra, dec, MotionLimits(least_motion_sigma=5.0))) == 0
    assert (owner == -1).all()


def test_slow_movers_are_no_stars_for_two_exposures_that_follow_each_other():
    # 1" an hour: 0.3" in the 18 minutes of the first two exposures, 1.4" in all
    rate = 24 * ARCSEC
    times = np.array([0.0, 0.0125, 0.06])
    found = found_in(60000 + times, np.ones(3), rate * times, MotionLimits(least_motion_sigma=5.0))
    assert members(found) == [[0, 1, 2]]


def test_rate_and_its_error():
    mjd, ra, dec, _ = night(1, [0.0, 0.03])
    found = found_in(mjd, ra, dec)
    first, last = np.argsort(mjd)
    np.testing.assert_allclose(
        found.dec_rate[0], (dec[last] - dec[first]) / (mjd[last] - mjd[first]), rtol=1e-3
    )
    np.testing.assert_allclose(found.rate_sigma[0], np.sqrt(2) * SIGMA / 0.03, rtol=1e-6)


def test_order_of_detections_does_not_matter():
    mjd, ra, dec, _ = night(20, [0.0, 0.02, 0.05], static=30)
    turn = np.random.default_rng(2).permutation(len(mjd))
    straight = {frozenset(m) for m in members(found_in(mjd, ra, dec))}
    shuffled = {frozenset(turn[m].tolist()) for m in members(found_in(mjd[turn], ra[turn], dec[turn]))}
    assert straight == shuffled


def test_nights_do_not_mix_and_limits_hold():
    mjd, ra, dec, _ = night(1, [0.0, 0.03])
    assert len(found_in(mjd, ra, dec, number=np.array([0, 1]))) == 0
    assert len(found_in(mjd, ra, dec, MotionLimits(longest_days=0.02))) == 0
    assert len(found_in(mjd, ra, dec, MotionLimits(fastest_rad_per_day=1e-6))) == 0


def test_across_the_wrap_and_near_the_pole():
    for ra0, dec0 in ((0.0, 0.0), (2.0, np.pi / 2 - 0.03)):
        mjd, ra, dec, _ = night(5, [0.0, 0.03], ra0=ra0, dec0=dec0)
        found = found_in(mjd, np.mod(ra, 2 * np.pi), dec)
        assert len(found) >= 5 and np.isfinite(found.ra_rate).all()


def test_nothing_and_one_detection():
    none = np.zeros(0)
    assert len(found_in(none, none, none)) == 0
    assert len(found_in(np.zeros(1), np.zeros(1), np.zeros(1))) == 0
