import numpy as np
import pytest

from gnomon.algorithms.orbit.timescales import (
    tai_minus_utc,
    tai_to_tdb,
    tai_to_utc,
    tdb_minus_tt,
    tdb_to_tai,
    utc_to_tai,
)  # fmt: skip


@pytest.mark.parametrize("mjd, seconds", [(41317.0, 10), (57753.9, 36), (57754.0, 37), (61000.0, 37)])
def test_leap_seconds(mjd, seconds):
    assert tai_minus_utc(mjd) * 86400 == pytest.approx(seconds, abs=1e-9)


def test_utc_round_trip_across_a_leap_second():
    utc = 57754.0 + np.array([-1.0, -1e-3, 0.0, 1e-3, 400.0])
    np.testing.assert_allclose(tai_to_utc(utc_to_tai(utc)), utc, atol=1e-10)


def test_tdb_round_trip():
    tai = np.linspace(40000, 70000, 101)
    np.testing.assert_allclose(tdb_to_tai(tai_to_tdb(tai)), tai, atol=1e-11)


def test_tdb_against_the_full_series():
    erfa = pytest.importorskip("erfa")
    tt = np.linspace(48000, 66000, 200)
    full = np.array([erfa.dtdb(2400000.5, t, 0.0, 0.0, 0.0, 0.0) for t in tt])
    # ERFA's 787 terms; the short formula states 10 microseconds, 50 hold the terms of Jupiter and Saturn
    np.testing.assert_allclose(tdb_minus_tt(tt) * 86400, full, atol=5e-5)


def test_before_leap_seconds_tt_follows_the_turning_earth():
    # TT - UT of 1938 was 24.1 s (Astronomical Almanac)
    assert tai_minus_utc(29000.0) * 86400 + 32.184 == pytest.approx(24.1, abs=0.3)
