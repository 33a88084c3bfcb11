"""Astrometry in the Minor Planet Center's 80-column format, with the second lines of satellites and
rovers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gnomon.constants import AU_KM
from gnomon.errors import UnprocessableData
from gnomon.io.calendar import from_decimal_date, to_decimal_date
from gnomon.io.designations import pack, unpack

F8 = npt.NDArray[np.float64]
Text = npt.NDArray[np.str_]

_COMMENTS = ("COD", "CON", "OBS", "MEA", "TEL", "NET", "ACK", "AC2", "COM", "NUM", "BND", "STD")
_DATE = re.compile(r"\d{4} \d\d \d\d[. ]")
_HALF_UNITS = {"hours": 15.0, "degrees": 1.0}


@dataclass(frozen=True, slots=True)
class Observations:
    """m optical observations as reported."""

    designation: Text
    """(m,) readable; number, provisional or temporary designation."""
    mjd_utc: F8
    """(m,) days."""
    ra: F8
    """(m,) radians."""
    dec: F8
    """(m,) radians."""
    magnitude: F8
    """(m,) NaN where not given."""
    band: Text
    """(m,) letter, empty where not given."""
    station: Text
    """(m,) observatory code."""
    technique: Text
    """(m,) note 2: C CCD, S satellite, V roving and others."""
    position: F8
    """(m, 3) geocentric ICRF place of a satellite, au; NaN for observatories on the ground."""
    geodetic: F8
    """(m, 3) east longitude and latitude in radians, height in metres, of a roving observer; NaN
    otherwise.
    """

    def __len__(self) -> int:
        return len(self.mjd_utc)


def read_obs80(path: Path) -> tuple[Observations, int]:
    """Optical observations of a file, and the number of radar observations left out.

    Headers, comments and blank lines are skipped.

    Raises
    ------
    UnprocessableData
        A line of 80 columns has a field that cannot be read, or a second line is missing: names the line.
    """
    rows: list[tuple[int, str, str]] = []
    radar, lines = 0, path.read_text("latin-1").splitlines()
    waiting: tuple[int, str] | None = None
    for number, line in enumerate(lines, start=1):
        if not _is_record(line):
            continue
        kind = line[14]
        if kind in "svr":
            if waiting is None or waiting[1][14] != kind.upper():
                raise UnprocessableData(
                    f"{path.name} line {number}: a second line {kind!r} without its first"
                )
            if kind == "r":
                radar += 1
            else:
                rows.append((waiting[0], waiting[1], line))
            waiting = None
        elif waiting is not None:
            raise UnprocessableData(
                f"{path.name} line {waiting[0]}: the second line of {waiting[1][14]!r} is missing"
            )
        elif kind in "SVR":
            waiting = (number, line)
        else:
            rows.append((number, line, ""))
    if waiting is not None:
        raise UnprocessableData(
            f"{path.name} line {waiting[0]}: the second line of {waiting[1][14]!r} is missing"
        )
    return _columns(rows, path.name), radar


def format_obs80(found: Observations) -> list[str]:
    """Lines of 80 columns; ground-based observations only.

    Raises
    ------
    ValueError
        An observation has a place of its own, or a designation does not fit.
    """
    if np.isfinite(found.position).any() or np.isfinite(found.geodetic).any():
        raise ValueError("satellite and roving observations need two lines; write them as ADES")
    return [_format(found, k) for k in range(len(found))]


def _is_record(line: str) -> bool:
    """Whether a line is an observation: 80 columns and a date where it belongs."""
    return len(line.rstrip()) >= 77 and not line.startswith(_COMMENTS) and bool(_DATE.match(line, 15))


def _columns(rows: Sequence[tuple[int, str, str]], name: str) -> Observations:
    values = [_record(number, first, second, name) for number, first, second in rows]
    floats = np.array([v[1] for v in values], np.float64).reshape(-1, 10)
    texts = [np.array([v[0][k] for v in values], "U12") for k in range(4)]
    return Observations(
        texts[0], floats[:, 0], floats[:, 1], floats[:, 2], floats[:, 3], texts[1], texts[2], texts[3],
        floats[:, 4:7], floats[:, 7:10],
    )  # fmt: skip


def _record(number: int, first: str, second: str, name: str) -> tuple[tuple[str, ...], list[float]]:
    try:
        mjd = from_decimal_date(first[15:32])
        ra, dec = _angle(first[32:44], "hours"), _angle(first[44:56], "degrees")
        magnitude = float(first[65:70]) if first[65:70].strip() else np.nan
        position, geodetic = _place(second)
    except ValueError as error:
        raise UnprocessableData(f"{name} line {number}: {error} in {first.rstrip()!r}") from None
    packed = first[:5] if first[:5].strip() else first[5:12]
    texts = (unpack(packed), first[70].strip(), first[77:80].strip(), first[14].strip())
    return texts, [mjd, ra, dec, magnitude, *position, *geodetic]


def _angle(text: str, unit: str) -> float:
    """Radians of sexagesimal text with two or three fields."""
    sign = -1.0 if text.strip().startswith("-") else 1.0
    fields = text.replace("+", " ").replace("-", " ").split()
    if not 2 <= len(fields) <= 3:
        raise ValueError(f"{text!r} is no angle")
    value = sum(float(f) / 60**k for k, f in enumerate(fields))
    return float(np.deg2rad(sign * value * _HALF_UNITS[unit]))


def _place(second: str) -> tuple[list[float], list[float]]:
    """Geocentric place and geodetic place that a second line gives."""
    nothing = [np.nan] * 3
    if not second:
        return nothing, nothing
    if second[14] == "v":
        longitude, latitude, height = float(second[34:44]), float(second[45:55]), float(second[56:61])
        return nothing, [float(np.deg2rad(longitude)), float(np.deg2rad(latitude)), height]
    unit = {"1": AU_KM, "2": 1.0}.get(second[32])
    if unit is None:
        raise ValueError(f"unit {second[32]!r} of the parallax vector is neither 1 (km) nor 2 (au)")
    return [float(second[k : k + 12].replace(" ", "")) / unit for k in (34, 46, 58)], nothing


def _format(found: Observations, k: int) -> str:
    packed = pack(str(found.designation[k]))
    name = f"{packed:<5}{'':7}" if len(packed) == 5 else f"{'':5}{packed:<7}"
    hours = _sexagesimal(np.rad2deg(found.ra[k]) % 360 / 15, 3)
    sign = "-" if found.dec[k] < 0 else "+"
    degrees = sign + _sexagesimal(abs(np.rad2deg(found.dec[k])), 2)
    magnitude = f"{found.magnitude[k]:5.2f}" if np.isfinite(found.magnitude[k]) else " " * 5
    note = str(found.technique[k]) or "C"
    date = to_decimal_date(float(found.mjd_utc[k]))
    band = str(found.band[k])[:1] or " "
    return f"{name}  {note}{date}{hours:<12}{degrees:<12}{'':9}{magnitude}{band}{'':6}{found.station[k]:>3}"


def _sexagesimal(value: float, digits: int) -> str:
    """``HH MM SS.sss`` of a number of hours or degrees, rounded."""
    ticks = round(value * 3600 * 10**digits)
    seconds, fraction = divmod(ticks, 10**digits)
    return f"{seconds // 3600:02d} {seconds // 60 % 60:02d} {seconds % 60:02d}.{fraction:0{digits}d}"
