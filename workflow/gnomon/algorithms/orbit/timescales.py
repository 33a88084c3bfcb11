"""Time scales as days of MJD: TAI (the survey), UTC (reports), TT and TDB (dynamics)."""

import erfa
import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

DAY_S = 86400.0
TT_MINUS_TAI_S = 32.184  # IAU 1991
# TT - UT in seconds before leap seconds began (Stephenson & Morrison; Astronomical Almanac), by year.
_DELTA_T_YEAR = (
    1900,
    1905,
    1910,
    1915,
    1920,
    1925,
    1930,
    1935,
    1940,
    1945,
    1950,
    1955,
    1960,
    1965,
    1970,
    1972,
)
_DELTA_T_S = (-2.7, 3.9, 10.4, 17.2, 21.2, 23.6, 24.0, 23.9, 24.3, 26.8, 29.15, 31.1, 33.15, 35.7, 40.2, 42.2)
_LEAP_MJD_1972 = 41317.0


def tai_to_tt(mjd_tai: npt.ArrayLike) -> F8:
    """TT of TAI."""
    return np.asarray(np.asarray(mjd_tai, np.float64) + TT_MINUS_TAI_S / DAY_S)


def tdb_minus_tt(mjd_tt: npt.ArrayLike) -> F8:
    """TDB - TT in days at the geocentre, good to 10 microseconds for 1980-2100 (Astronomical Almanac, B7)."""
    d = np.asarray(mjd_tt, np.float64) - 51544.5
    g = np.deg2rad(357.53 + 0.98560028 * d)
    elongation = np.deg2rad(246.11 + 0.90251792 * d)
    return np.asarray((0.001657 * np.sin(g) + 0.000022 * np.sin(elongation)) / DAY_S)


def tai_to_tdb(mjd_tai: npt.ArrayLike) -> F8:
    """TDB of TAI."""
    tt = tai_to_tt(mjd_tai)
    return tt + tdb_minus_tt(tt)


def tdb_to_tai(mjd_tdb: npt.ArrayLike) -> F8:
    """TAI of TDB; inverse of `tai_to_tdb` to 1e-10 s."""
    tdb = np.asarray(mjd_tdb, np.float64)
    return tdb - tdb_minus_tt(tdb) - TT_MINUS_TAI_S / DAY_S


def tai_minus_utc(mjd_utc: npt.ArrayLike) -> F8:
    """TAI - UTC in days; before 1972 the offset that makes TT - UTC equal Delta T, to about 0.5 s."""
    utc = np.asarray(mjd_utc, np.float64)
    starts, offsets = _leap_seconds()
    leap = offsets[np.maximum(np.searchsorted(starts, utc, side="right") - 1, 0)]
    year = 2000 + (utc - 51544.5) / 365.25
    early = np.interp(year, _DELTA_T_YEAR, _DELTA_T_S) - TT_MINUS_TAI_S
    return np.asarray(np.where(utc < _LEAP_MJD_1972, early, leap) / DAY_S)


def utc_to_tai(mjd_utc: npt.ArrayLike) -> F8:
    """TAI of UTC; inside a leap second the clock runs on."""
    utc = np.asarray(mjd_utc, np.float64)
    return utc + tai_minus_utc(utc)


def tai_to_utc(mjd_tai: npt.ArrayLike) -> F8:
    """UTC of TAI."""
    tai = np.asarray(mjd_tai, np.float64)
    utc = tai - tai_minus_utc(tai)
    return tai - tai_minus_utc(utc)


def _leap_seconds() -> tuple[F8, F8]:
    """MJD from which each offset TAI - UTC in seconds holds, from 1972."""
    table = erfa.leap_seconds.get()
    table = table[table["year"] >= 1972]
    jd1, jd2 = erfa.cal2jd(table["year"], table["month"], 1)
    return jd1 - 2400000.5 + jd2, np.asarray(table["tai_utc"], np.float64)
