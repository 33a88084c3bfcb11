"""Names of nights and of what is found in them: pure functions of the night and a count."""

from datetime import date

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.timescales import tdb_minus_tt

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MJD_ZERO = date(1858, 11, 17).toordinal()
_DAY_ZERO = date(2000, 1, 1).toordinal()
_PER_NIGHT = 62**3
_TRACKLETS_PER_NIGHT = 10**7

LONE = 0
"""Identifier of the tracklet of detections that are in none."""


def night_epoch(night: str) -> float:
    """MJD TDB of the midnight (0h TT) that follows the noon at which a night YYYYMMDD begins."""
    midnight = float(_ordinal(night) + 1 - _MJD_ZERO)
    return midnight + float(tdb_minus_tt(midnight))


def link_names(night: str, count: int) -> npt.NDArray[np.str_]:
    """Names of 7 characters for objects linked in a night: ``g``, three digits of the night, three of the
    count.

    Raises
    ------
    ValueError
        More than 62^3 objects in a night.
    """
    if count > _PER_NIGHT:
        raise ValueError(f"{count} objects in a night are more than the {_PER_NIGHT} names there are")
    head = "g" + _base62(_ordinal(night) - _DAY_ZERO)
    return np.array([head + _base62(k) for k in range(count)], "U7")


def tracklet_ids(night: str, count: int) -> npt.NDArray[np.int64]:
    """Identifiers of a night's tracklets."""
    return int(night) * _TRACKLETS_PER_NIGHT + np.arange(count, dtype=np.int64)


def _ordinal(night: str) -> int:
    return date(int(night[:4]), int(night[4:6]), int(night[6:])).toordinal()


def _base62(value: int) -> str:
    return "".join(_DIGITS[value // 62**k % 62] for k in (2, 1, 0))
