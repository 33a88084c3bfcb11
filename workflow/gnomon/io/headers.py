"""What a header says of an exposure, in the instrument's own keywords."""

import math
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from astropy.time import Time

from gnomon.containers.exposure import VisitFacts
from gnomon.containers.instrument import Instrument
from gnomon.errors import UnprocessableData

Header = Mapping[str, Any]

_DAY_S = 86400.0
_SEXAGESIMAL = re.compile(r"^\s*([+-]?)\s*(\d+)\s*[:hd\s]\s*(\d+)\s*[:m'\s]\s*(\d+\.?\d*)\s*[s\"]?\s*$")
_OLD_DATE = re.compile(r"^\s*(\d\d)/(\d\d)/(\d\d)(?=T|\s*$)")
"""Day, month and year of the 20th century, as FITS wrote dates before 2000."""
_MJD_RANGE = (30000.0, 100000.0)  # 1941 to 2132: what lies outside is not the date of an exposure
_UNBANDED = ("bias", "dark")
UNKNOWN_BAND = "none"
"""Band of an exposure for which no filter matters."""


def translate(instrument: Instrument, header: Header) -> VisitFacts:
    """The facts of an exposure.

    Parameters
    ----------
    instrument
        Says which keyword gives what.
    header
        Cards of the primary header and of an HDU together.

    Raises
    ------
    UnprocessableData
        A fact that is needed is missing or is not what it should be; one sentence names the keyword.
    """
    check_instrument(instrument, header)
    obstype = _obstype(instrument, header)
    exptime = _exptime(instrument, header)
    start, middle = _times(instrument, header, exptime)
    ra, dec = _boresight(instrument, header)
    physical = str(_fact(instrument, header, "filter") or "").strip()
    return VisitFacts(
        visit=_visit(instrument, header, start),
        night=_night(instrument, header, start),
        obstype=obstype,
        band=_band(instrument, physical, obstype),
        physical_filter=physical,
        exptime=exptime,
        darktime=_number(instrument, header, "darktime", exptime),
        mjd_tai=middle,
        ra=ra,
        dec=dec,
        rotation=math.radians(_number(instrument, header, "rotation", 0.0)),
        airmass=_number(instrument, header, "airmass", math.nan),
    )


def check_instrument(instrument: Instrument, header: Header) -> None:
    """See that the header has the cards by which the instrument is known.

    Raises
    ------
    UnprocessableData
        A card is missing or says something else.
    """
    for key, wanted in instrument.match.items():
        found = header.get(key)
        if str(found).strip() != wanted:
            what = f"{key} = {str(found).strip()!r}" if found is not None else f"no {key}"
            raise UnprocessableData(f"found {what}, wanted {wanted!r} of {instrument.name}")


def optional_number(instrument: Instrument, header: Header, name: str) -> float:
    """A fact that need not be there, NaN where it is not."""
    return _number(instrument, header, name, math.nan)


def _fact(instrument: Instrument, header: Header, name: str) -> Any:  # noqa: ANN401
    """Value of the first keyword that is there; else the instrument's constant; else None."""
    for key in getattr(instrument.headers, name):
        parts = [header.get(k) for k in key.split("+")]
        if all(p is not None and str(p).strip() for p in parts):
            return parts[0] if len(parts) == 1 else _joined(name, [str(p).strip() for p in parts])
    return instrument.constants.get(name)


def _joined(name: str, parts: list[str]) -> str:
    """Several cards as one text: a date and its time, which a date may hold already; words of other facts."""
    if name not in ("start", "middle"):
        return " ".join(parts)
    return parts[0] if "T" in parts[0] else "T".join(parts)


def _keys(instrument: Instrument, name: str) -> str:
    return " or ".join(getattr(instrument.headers, name)) or name


def _number(instrument: Instrument, header: Header, name: str, default: float) -> float:
    value = _fact(instrument, header, name)
    if value is None:
        return default
    try:
        return float(value)
    except ValueError:
        raise UnprocessableData(
            f"found {value!r} in {_keys(instrument, name)}, wanted a number ({name})"
        ) from None


def _obstype(instrument: Instrument, header: Header) -> str:
    value = _fact(instrument, header, "obstype")
    if value is None:
        raise UnprocessableData(f"found no {_keys(instrument, 'obstype')}, wanted the kind of exposure")
    known = {k.lower(): v for k, v in instrument.obstypes.items()}
    found = str(value).strip()
    if found.lower() not in known:
        raise UnprocessableData(f"found an exposure of kind {found!r}, wanted one of {', '.join(known)}")
    return known[found.lower()]


def _exptime(instrument: Instrument, header: Header) -> float:
    value = _number(instrument, header, "exptime", math.nan)
    if not 0 <= value < math.inf:
        raise UnprocessableData(
            f"found {value:g} in {_keys(instrument, 'exptime')}, wanted an exposure time in seconds"
        )
    return value


def _band(instrument: Instrument, physical: str, obstype: str) -> str:
    if obstype in _UNBANDED:
        return UNKNOWN_BAND
    if physical not in instrument.filters:
        known = ", ".join(instrument.filters)
        raise UnprocessableData(f"found filter {physical!r}, wanted one of {instrument.name}: {known}")
    return instrument.filters[physical]


def _times(instrument: Instrument, header: Header, exptime: float) -> tuple[float, float]:
    """Start (as the header counts) and middle (TAI) of the exposure, MJD."""
    half = exptime / 2 / _DAY_S
    if instrument.headers.middle and _fact(instrument, header, "middle") is not None:
        middle = _time(instrument, header, "middle")
        start = middle - half
    else:
        start = _time(instrument, header, "start")
        middle = start + half
    return start, middle if instrument.time_scale == "TAI" else _tai_of_utc(middle)


def _time(instrument: Instrument, header: Header, name: str) -> float:
    """MJD in the header's own time scale."""
    value = _fact(instrument, header, name)
    if value is None:
        raise UnprocessableData(f"found no {_keys(instrument, name)}, wanted the time of the exposure")
    mjd = _as_number(value)
    mjd = _mjd_of_iso(str(value)) if math.isnan(mjd) else mjd
    if not _MJD_RANGE[0] < mjd < _MJD_RANGE[1]:
        raise UnprocessableData(
            f"found {value!r} in {_keys(instrument, name)}, wanted an MJD or a date like 2024-05-06T07:08:09"
        )
    return mjd


def _as_number(value: object) -> float:
    """A number, or a text that is one; NaN for all else."""
    try:
        return math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        return math.nan


def _mjd_of_iso(text: str) -> float:
    """MJD of an ISO date and time, NaN where it is none or has no time of day."""
    if ":" not in text:
        return math.nan
    iso = _OLD_DATE.sub(r"19\3-\2-\1", text).strip()
    return _quietly(lambda: float(Time(iso, format="isot", scale="tai").mjd), math.nan)


def _tai_of_utc(mjd: float) -> float:
    return _quietly(lambda: float(Time(mjd, format="mjd", scale="utc").tai.mjd), math.nan)


def _quietly(make: Callable[[], float], otherwise: float) -> float:
    """Astropy's answer without its warnings (dubious years); `otherwise` where it has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return make()
        except ValueError:
            return otherwise


def _boresight(instrument: Instrument, header: Header) -> tuple[float, float]:
    """Radians; NaN where the header does not say."""
    ra, dec = _fact(instrument, header, "ra"), _fact(instrument, header, "dec")
    if ra is None or dec is None:
        return math.nan, math.nan
    alpha, delta = _angle(ra, 15.0), _angle(dec, 1.0)
    if not (0 <= alpha <= 360 and -90 <= delta <= 90):
        raise UnprocessableData(f"found the boresight at ({ra!r}, {dec!r}), wanted a place on the sky")
    return math.radians(alpha % 360.0), math.radians(delta)


def _angle(value: object, degrees_per_unit: float) -> float:
    """Degrees of a number, or of sexagesimal text in units of `degrees_per_unit`; NaN if neither."""
    number = _as_number(value)
    if not math.isnan(number):
        return number
    match = _SEXAGESIMAL.match(str(value))
    if match is None:
        return math.nan
    sign, whole, minutes, seconds = match.groups()
    size = float(whole) + float(minutes) / 60 + float(seconds) / 3600
    return (-size if sign == "-" else size) * degrees_per_unit


def _visit(instrument: Instrument, header: Header, start: float) -> int:
    """The exposure number; where the camera has none, date and second of the day: YYYYMMDDsssss."""
    if not instrument.headers.visit:
        return int(_date(start)) * 100000 + int((start % 1) * _DAY_S)
    value = _fact(instrument, header, "visit")
    digits = re.sub(r"\D", "", str(value)) if value is not None else ""
    if not digits or len(digits) > 13:
        raise UnprocessableData(
            f"found {value!r} in {_keys(instrument, 'visit')}, wanted an exposure number of at most 13 digits"
        )
    return int(digits)


def _night(instrument: Instrument, header: Header, start: float) -> str:
    """The card's date, else that of the noon before the exposure, by the site's longitude."""
    value = _fact(instrument, header, "night")
    digits = re.sub(r"\D", "", str(value))[:8] if value is not None else ""
    if len(digits) == 8:
        return digits
    return _date(start + instrument.longitude_deg / 360.0 - 0.5)


def _date(mjd: float) -> str:
    """YYYYMMDD of the day that holds an MJD."""
    day = np.datetime64("1858-11-17") + np.timedelta64(math.floor(mjd), "D")
    return str(day).replace("-", "")
