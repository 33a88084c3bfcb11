"""Measured Earth rotation from the tables that astropy ships (package ``astropy-iers-data``); nothing is
fetched.
"""

from functools import cache

import numpy as np
from astropy.utils.iers import IERS_A, IERS_B

from gnomon.algorithms.orbit.observer import EarthRotation


@cache
def shipped_earth_rotation() -> EarthRotation:
    """UT1 - UTC and polar motion: IERS-B from 1962, continued by the rapid service's IERS-A and its
    predictions.

    Outside their span the nearest value holds; the release of ``astropy-iers-data`` decides about recent
    dates, so a campaign that must be remade byte for byte pins it.
    """
    parts = [_columns(IERS_B.open(), ("UT1_UTC", "PM_x", "PM_y"))]
    rapid = _columns(IERS_A.open(), ("UT1_UTC", "PM_x", "PM_y"))
    newer = rapid[0] > parts[0][0][-1]
    parts.append(tuple(column[newer] for column in rapid))
    mjd, ut1, x, y = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return EarthRotation(mjd, ut1, x, y)


def _columns(table: IERS_A | IERS_B, names: tuple[str, str, str]) -> tuple[np.ndarray, ...]:
    """MJD, seconds, radians, radians of the rows that have values."""
    ut1, x, y = (table[name] for name in names)
    values = [
        np.asarray(table["MJD"].value, np.float64),
        np.ma.filled(ut1.to_value("s"), np.nan),
        np.ma.filled(x.to_value("rad"), np.nan),
        np.ma.filled(y.to_value("rad"), np.nan),
    ]
    good = np.all(np.isfinite(values), axis=0)
    return tuple(np.asarray(v, np.float64)[good] for v in values)
