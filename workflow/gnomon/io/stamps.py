"""Alert stamps as FITS: the layout of astropy's CCDData, written a thousand times faster."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.containers.alerts import LocalMap, Stamps

F4 = npt.NDArray[np.float32]
Card = tuple[str, "str | int | float | bool"]

BLOCK, CARD = 2880, 80
"""Bytes of a FITS block and of a header card (FITS 4.0, section 3)."""


def stamp_bytes(stamps: Stamps, k: int) -> bytes:
    """Stamp ``k`` as a FITS file: flux, variance (``UNCERT``), PSF (``PSFIMAGE``) if there is one."""
    flux, variance, psf = stamps.flux[k], stamps.variance[k], stamps.psf[k]
    where = _map_cards(stamps.maps[k])
    primary: list[Card] = [("SIMPLE", True), *_shape(flux), ("EXTEND", True), ("BUNIT", "nJy"), *where]
    uncertainty: list[Card] = [("XTENSION", "IMAGE"), *_shape(variance), ("PCOUNT", 0), ("GCOUNT", 1)]
    uncertainty += [("EXTNAME", "UNCERT"), ("UTYPE", "VarianceUncertainty"), ("BUNIT", "nJy2")]
    parts = [_unit(primary, flux), _unit(uncertainty, variance)]
    if psf.size:
        beam: list[Card] = [("XTENSION", "IMAGE"), *_shape(psf), ("PCOUNT", 0), ("GCOUNT", 1)]
        parts.append(_unit([*beam, ("EXTNAME", "PSFIMAGE")], psf))
    return b"".join(parts)


def _shape(pixels: F4) -> list[Card]:
    ny, nx = pixels.shape
    return [("BITPIX", -32), ("NAXIS", 2), ("NAXIS1", nx), ("NAXIS2", ny)]


def _map_cards(m: LocalMap) -> list[Card]:
    out: list[Card] = [("WCSAXES", 2), ("RADESYS", "ICRS")]
    for k, (kind, pixel, value) in enumerate(zip(("RA---TAN", "DEC--TAN"), m.crpix, m.crval, strict=True), 1):
        out += [(f"CTYPE{k}", kind), (f"CUNIT{k}", "deg"), (f"CRPIX{k}", pixel), (f"CRVAL{k}", value)]
    return out + [(f"CD{i}_{j}", m.cd[2 * (i - 1) + j - 1]) for i in (1, 2) for j in (1, 2)]


def _unit(cards: Sequence[Card], pixels: F4) -> bytes:
    """Header and data of one unit, each filled up to whole blocks."""
    header = "".join(_card(*c) for c in cards) + "END".ljust(CARD)
    data = np.ascontiguousarray(pixels, ">f4").tobytes()
    return _filled(header.encode("ascii"), b" ") + _filled(data, b"\0")


def _card(key: str, value: str | int | float | bool) -> str:
    match value:
        case bool():
            text = f"{'T' if value else 'F':>20}"
        case str():
            text = f"'{value:<8}'"
        case float():
            text = f"{repr(float(value)).upper():>20}"
        case _:
            text = f"{value:>20}"
    return f"{key:<8}= {text}".ljust(CARD)


def _filled(data: bytes, with_byte: bytes) -> bytes:
    return data + with_byte * (-len(data) % BLOCK)
