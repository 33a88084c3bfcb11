"""Dates as the Minor Planet Center writes them."""

import re
from datetime import date

_CENTURIES = {"I": 1800, "J": 1900, "K": 2000, "L": 2100}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_MJD_ZERO = date(1858, 11, 17).toordinal()
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d(?:\.\d*)?)Z?")
_DAY_US = 86_400_000_000


def from_packed_date(text: str) -> float:
    """MJD of a packed date such as ``K24AH`` (2024 October 17).

    Raises
    ------
    ValueError
        The text is no packed date.
    """
    text = text.strip()
    if len(text) != 5 or text[0] not in _CENTURIES or text[3] not in _DIGITS or text[4] not in _DIGITS:
        raise ValueError(f"{text!r} is no packed date")
    year = _CENTURIES[text[0]] + int(text[1:3])
    return float(date(year, _DIGITS.index(text[3]), _DIGITS.index(text[4])).toordinal() - _MJD_ZERO)


def to_packed_date(mjd: int) -> str:
    """Packed form of a whole MJD."""
    day = date.fromordinal(mjd + _MJD_ZERO)
    century = {value: key for key, value in _CENTURIES.items()}[day.year // 100 * 100]
    return f"{century}{day.year % 100:02d}{_DIGITS[day.month]}{_DIGITS[day.day]}"


def from_decimal_date(text: str) -> float:
    """MJD of ``YYYY MM DD.ddd``.

    Raises
    ------
    ValueError
        The text is no such date.
    """
    year, month, day = text.split()
    whole, _, fraction = day.partition(".")
    mjd = date(int(year), int(month), int(whole)).toordinal() - _MJD_ZERO
    return mjd + float(f"0.{fraction or '0'}")


def to_decimal_date(mjd: float, digits: int = 6) -> str:
    """``YYYY MM DD.dddddd`` of an MJD, rounded."""
    ticks = round(mjd * 10**digits)
    day = date.fromordinal(ticks // 10**digits + _MJD_ZERO)
    return f"{day.year:04d} {day.month:02d} {day.day:02d}.{ticks % 10**digits:0{digits}d}"


def from_iso(text: str) -> float:
    """MJD of ``YYYY-MM-DDThh:mm:ss.sssZ``.

    Raises
    ------
    ValueError
        The text is no such time.
    """
    found = _ISO.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no time YYYY-MM-DDThh:mm:ss.sssZ")
    mjd = date(int(found[1]), int(found[2]), int(found[3])).toordinal() - _MJD_ZERO
    return mjd + (int(found[4]) * 3600 + int(found[5]) * 60 + float(found[6])) / 86400


def to_iso(mjd: float) -> str:
    """``YYYY-MM-DDThh:mm:ss.sssZ`` of an MJD, rounded to the millisecond."""
    whole = int(mjd // 1)
    milliseconds = round((mjd - whole) * _DAY_US / 1000)
    whole, milliseconds = whole + milliseconds // 86_400_000, milliseconds % 86_400_000
    seconds, milli = divmod(milliseconds, 1000)
    day = date.fromordinal(whole + _MJD_ZERO).isoformat()
    return f"{day}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milli:03d}Z"
