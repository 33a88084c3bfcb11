"""Packed and readable designations of the Minor Planet Center."""

import re

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_HALF_MONTHS = "ABCDEFGHJKLMNOPQRSTUVWXY"
_ORDERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
_LAST_LETTERED = 619999
_LAST_CYCLE = 619
_PROVISIONAL = re.compile(r"([A-Z])(\d\d)([A-HJ-Y])([0-9A-Za-z])(\d)([A-HJ-Z])")
_EXTENDED = re.compile(r"_([0-9A-Za-z])([A-HJ-Y])([0-9A-Za-z]{4})")
_READABLE = re.compile(r"(\d{4}) ([A-HJ-Y])([A-HJ-Z])(\d*)")
_SURVEY = re.compile(r"(PL|T1|T2|T3)S(\d{4})")


def unpack(packed: str) -> str:
    """Readable designation of a packed one; what is no packed designation (a temporary name) stays as it is.

    Numbers become digits without leading zeros, ``K24A01B`` becomes ``2024 AB1``, ``_QC0aEM`` ``2026
    CZ6190``.
    """
    text = packed.strip()
    if re.fullmatch(r"[0-9A-Za-z]\d{4}", text):
        return str(_DIGITS.index(text[0]) * 10000 + int(text[1:]))
    if re.fullmatch(r"~[0-9A-Za-z]{4}", text):
        return str(_LAST_LETTERED + 1 + _from_base62(text[1:]))
    if found := _SURVEY.fullmatch(text):
        return f"{found[2]} {found[1][0]}-{found[1][1]}"
    if found := _PROVISIONAL.fullmatch(text):
        century, year, half, tens, unit, order = found.groups()
        cycle = _DIGITS.index(tens) * 10 + int(unit)
        return f"{_DIGITS.index(century)}{year} {half}{order}{cycle or ''}"
    if found := _EXTENDED.fullmatch(text):
        cycle, order = divmod(_from_base62(found[3]), 25)
        year = 2000 + _DIGITS.index(found[1])
        return f"{year} {found[2]}{_ORDERS[order]}{cycle + _LAST_CYCLE + 1}"
    return text


def pack(designation: str) -> str:
    """Packed form of a readable designation; names of at most 7 characters that are neither stay as they are.

    Raises
    ------
    ValueError
        A longer name that is no designation.
    """
    text = designation.strip()
    if text.isdigit():
        return _pack_number(int(text))
    if found := re.fullmatch(r"(\d{4}) (P|T)-(L|1|2|3)", text):
        return f"{found[2]}{found[3]}S{found[1]}"
    if found := _READABLE.fullmatch(text):
        return _pack_provisional(int(found[1]), found[2], found[3], int(found[4] or 0))
    if len(text) <= 7:
        return text
    raise ValueError(f"{designation!r} is no designation and too long for a temporary name (7 characters)")


def _pack_number(number: int) -> str:
    if number <= _LAST_LETTERED:
        return f"{_DIGITS[number // 10000]}{number % 10000:04d}"
    return "~" + _to_base62(number - _LAST_LETTERED - 1, 4)


def _pack_provisional(year: int, half: str, order: str, cycle: int) -> str:
    if cycle > _LAST_CYCLE:
        return f"_{_DIGITS[year - 2000]}{half}" + _to_base62(
            (cycle - _LAST_CYCLE - 1) * 25 + _ORDERS.index(order), 4
        )
    return f"{_DIGITS[year // 100]}{year % 100:02d}{half}{_DIGITS[cycle // 10]}{cycle % 10}{order}"


def _from_base62(text: str) -> int:
    value = 0
    for character in text:
        value = value * 62 + _DIGITS.index(character)
    return value


def _to_base62(value: int, width: int) -> str:
    if not 0 <= value < 62**width:
        raise ValueError(f"{value} does not fit {width} base-62 digits")
    digits = [_DIGITS[value // 62**k % 62] for k in range(width - 1, -1, -1)]
    return "".join(digits)
