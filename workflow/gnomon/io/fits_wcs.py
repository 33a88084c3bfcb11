"""FITS world coordinates: any celestial projection in, TAN-SIP (or TPV) out."""

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.astrometry.tansip import fit_tan_sip, monomials, powers
from gnomon.containers.wcs import Wcs, tangent_wcs
from gnomon.errors import UnprocessableData

if TYPE_CHECKING:
    from astropy.coordinates import BaseCoordinateFrame
    from astropy.io import fits
    from astropy.wcs import WCS

F8 = npt.NDArray[np.float64]
Card = str | int | float
Header = Mapping[str, Any]
PixelToSky = Callable[[F8, F8], tuple[F8, F8]]

MAS = np.pi / 180 / 3.6e6
"""Radians of a milliarcsecond."""

_GOAL_MAS = 0.01  # a refit stops adding terms here: far below any centroid
_LIMIT_MAS = 5.0  # a refit that leaves more than this is not the same map
_MAX_DEGREE = 7  # the highest that TPV can write back
_GRID = 25  # points a side of the fit; the check lies between them
_SCALE_ARCSEC = (1e-4, 3600.0)  # pixel scales outside this are garbage

# TPV numbers its terms by degree; 3, 11, 23 and 39 are powers of the radius, which no polynomial needs.
_TPV_FIRST = (0, 1, 4, 7, 12, 17, 24, 31)


@dataclass(frozen=True, slots=True)
class WcsRefit:
    """A foreign projection as TAN-SIP, and how well."""

    wcs: Wcs
    """The TAN-SIP map."""
    degree: int
    """Degree of its polynomials, 1 for a plain TAN."""
    max_mas: float
    """Greatest distance to the header's own map over the detector, milliarcseconds."""


def wcs_from_header(header: Header, shape: tuple[int, int], tables: "fits.HDUList | None" = None) -> Wcs:
    """The celestial map of a FITS header as TAN-SIP.

    TAN and TAN-SIP are taken as they are; every other projection or distortion that astropy reads
    (ZPN, TPV, STG, SCAMP's TAN with PV, lookup tables, galactic axes, ...) is refitted: `refit_wcs`.
    FK5 of equinox 2000 is read as ICRS: the frames differ by 25 mas, and most headers that say FK5
    were in fact tied to a catalogue on ICRS.

    Parameters
    ----------
    header
        FITS cards; an astropy header or any mapping.
    shape
        Rows and columns of the image.
    tables
        The file, needed only where distortions are lookup tables.

    Raises
    ------
    UnprocessableData
        No celestial WCS, values that are not finite, a singular matrix, or a map that no polynomial follows.
    """
    _check_present(header)
    if _is_tan_sip(header):
        return _checked(_read_tan_sip(header))
    return refit_wcs(header, shape, tables).wcs


def refit_wcs(header: Header, shape: tuple[int, int], tables: "fits.HDUList | None" = None) -> WcsRefit:
    """TAN-SIP about the image centre, with as few terms as bring it within 0.01 mas of the header's map.

    Parameters and errors as `wcs_from_header`; a map left more than 5 mas away is refused.
    """
    _check_present(header)
    ny, nx = shape
    if min(shape) < 2:
        raise UnprocessableData(f"an image of {nx} x {ny} pixels cannot carry a map of the sky")
    sky = _foreign_map(header, tables)
    crpix, scale = ((nx - 1) / 2, (ny - 1) / 2), max(nx, ny) / 2
    fit_x, fit_y = _grid(shape, _GRID)
    check_x, check_y = _grid(shape, _GRID - 3)
    fit_sky, check_sky = sky(fit_x, fit_y), sky(check_x, check_y)
    best = None
    for degree in range(1, _MAX_DEGREE + 1):
        plane = fit_tan_sip(
            fit_x, fit_y, *fit_sky, np.ones_like(fit_x), degree=degree, crpix=crpix, scale=scale
        )
        residual = float(np.max(separation(*plane.wcs.pixel_to_sky(check_x, check_y), *check_sky))) / MAS
        if best is None or residual < best.max_mas:
            best = WcsRefit(_checked(plane.wcs), degree, residual)
        if residual < _GOAL_MAS:
            break
    if best is None or not best.max_mas <= _LIMIT_MAS:
        left = np.nan if best is None else best.max_mas
        raise UnprocessableData(
            f"no TAN-SIP of degree {_MAX_DEGREE} follows the map of the header: "
            f"{left:.3g} mas away, {_LIMIT_MAS:g} wanted"
        )
    return best


def wcs_to_header(wcs: Wcs, shape: tuple[int, int] | None = None) -> dict[str, Card]:
    """TAN-SIP cards (degrees, ICRS, first pixel 1) of a map.

    Parameters
    ----------
    wcs
        The map.
    shape
        Rows and columns of the image; with it, AP and BP (the inverse polynomials that DS9 wants) are
        fitted over the image and written as well. Readers that have the map itself do not need them.
    """
    sip = wcs.a.size > 1 or wcs.b.size > 1
    cards = _linear_cards(wcs, "-SIP" if sip else "")
    if sip:
        cards |= _sip_cards("A", wcs.a) | _sip_cards("B", wcs.b)
        if shape is not None:
            ap, bp = _inverse_sip(wcs, shape)
            cards |= _sip_cards("AP", ap) | _sip_cards("BP", bp)
    return cards


def tpv_header(wcs: Wcs) -> dict[str, Card]:
    """TPV cards of a map, for programs that ignore SIP silently (SExtractor, SWarp, SCAMP).

    The polynomial is the same one in other variables (Shupe et al. 2012, SPIE 8451, 84511M), so nothing
    is lost but rounding.

    Raises
    ------
    ValueError
        SIP of degree above 7, which TPV cannot write.
    """
    degree = max(len(wcs.a), len(wcs.b)) - 1
    if degree > _MAX_DEGREE:
        raise ValueError(f"TPV ends at degree {_MAX_DEGREE}, the map has {degree}")
    if degree < 1:
        return _linear_cards(wcs, "")
    cards = _linear_cards(wcs, "-TPV")
    xi, eta = _plane_polynomials(wcs, degree)
    for p, q in powers(degree):
        cards[f"PV1_{_TPV_FIRST[p + q] + q}"] = float(xi[p, q])
        cards[f"PV2_{_TPV_FIRST[p + q] + p}"] = float(eta[p, q])
    return cards


def separation(ra_1: F8, dec_1: F8, ra_2: F8, dec_2: F8) -> F8:
    """Angle between positions, radians; exact for small angles, at poles and across ra = 0."""
    half = np.sin((dec_2 - dec_1) / 2) ** 2
    half = half + np.cos(dec_1) * np.cos(dec_2) * np.sin((ra_2 - ra_1) / 2) ** 2
    angle: F8 = 2 * np.arcsin(np.sqrt(half))
    return angle


def _check_present(header: Header) -> None:
    missing = [k for k in ("CTYPE1", "CTYPE2") if not str(header.get(k, "")).strip()]
    if missing:
        raise UnprocessableData(f"no world coordinates: {' and '.join(missing)} missing")


def _is_tan_sip(header: Header) -> bool:
    """Whether the cards are a TAN or TAN-SIP on (nearly) ICRS that needs no interpretation."""
    ctypes = str(header["CTYPE1"]).strip(), str(header["CTYPE2"]).strip()
    plain = ctypes in (("RA---TAN", "DEC--TAN"), ("RA---TAN-SIP", "DEC--TAN-SIP"))
    pole = _number(header, "LONPOLE", 180.0) == 180.0
    at_pole = "LONPOLE" not in header and _number(header, "CRVAL2", 0.0) >= 90.0
    degrees = all(str(header.get(f"CUNIT{i}", "deg")).strip().lower() in ("deg", "degree") for i in (1, 2))
    extra = any(re.fullmatch(r"(PV\d_\d+|CPDIS\d|CQDIS\d|D2IMDIS\d|CROTA\d)", k) for k in header)
    return plain and pole and not at_pole and degrees and not extra and _is_icrs(header)


def _is_icrs(header: Header) -> bool:
    system = str(header.get("RADESYS", header.get("RADECSYS", ""))).strip().upper()
    text = str(header.get("EQUINOX", header.get("EPOCH", 2000.0))).strip().lstrip("JB")
    equinox = _number({"EQUINOX": text or 0.0}, "EQUINOX") or 2000.0
    return system == "ICRS" or (system in ("", "FK5") and equinox == 2000.0)


def _read_tan_sip(header: Header) -> Wcs:
    cd = np.empty((2, 2))
    for i in (0, 1):
        for j in (0, 1):
            cd[i, j] = _cd(header, i + 1, j + 1)
    crval = _number(header, "CRVAL1"), _number(header, "CRVAL2")
    crpix = _number(header, "CRPIX1") - 1, _number(header, "CRPIX2") - 1
    if not abs(crval[1]) <= 90:
        raise UnprocessableData(f"CRVAL2 = {crval[1]} is no declination")
    crval_rad = float(np.deg2rad(crval[0] % 360.0)), float(np.deg2rad(crval[1]))
    if "A_ORDER" not in header and "B_ORDER" not in header:
        return tangent_wcs(crval_rad, crpix, np.deg2rad(cd))
    return Wcs(crval_rad, crpix, np.deg2rad(cd), _read_sip(header, "A"), _read_sip(header, "B"))


def _cd(header: Header, i: int, j: int) -> float:
    """Element of the linear map in degrees per pixel, from CD or from PC and CDELT."""
    if any(re.fullmatch(r"CD\d_\d", k) for k in header):
        return _number(header, f"CD{i}_{j}", 0.0)
    return _number(header, f"CDELT{i}", 1.0) * _number(header, f"PC{i}_{j}", float(i == j))


def _read_sip(header: Header, name: str) -> F8:
    order = int(_number(header, f"{name}_ORDER", 0.0))
    if not 0 <= order <= 9:
        raise UnprocessableData(f"{name}_ORDER = {order}, 0 to 9 wanted")
    c = np.zeros((order + 1, order + 1))
    for p, q in powers(order):
        c[p, q] = _number(header, f"{name}_{p}_{q}", 0.0)
    return c


def _number(header: Header, key: str, default: float | None = None) -> float:
    value: Any = header.get(key, default)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UnprocessableData(f"world coordinates need a number in {key}, found {value!r}") from None
    if not np.isfinite(number):
        raise UnprocessableData(f"{key} = {number} is not finite")
    return number


def _checked(wcs: Wcs) -> Wcs:
    """The map, if it is one."""
    area = abs(float(np.linalg.det(wcs.cd)))
    scale = np.rad2deg(np.sqrt(area)) * 3600
    condition = np.linalg.cond(wcs.cd) if area > 0 else np.inf
    if not (_SCALE_ARCSEC[0] < scale < _SCALE_ARCSEC[1] and condition < 1e6):
        raise UnprocessableData(f"the CD matrix is no map of the sky: {wcs.cd.tolist()} radians per pixel")
    return wcs


def _grid(shape: tuple[int, int], n: int) -> tuple[F8, F8]:
    """n x n positions from edge to edge of the image."""
    y, x = np.meshgrid(
        np.linspace(-0.5, shape[0] - 0.5, n), np.linspace(-0.5, shape[1] - 0.5, n), indexing="ij"
    )
    return x.ravel(), y.ravel()


def _foreign_map(header: Header, tables: "fits.HDUList | None") -> PixelToSky:
    """Pixels to ICRS radians by astropy, whatever the header says."""
    from astropy.wcs import WCS  # 0.3 s of import that plain TAN-SIP headers do without
    from astropy.wcs.utils import wcs_to_celestial_frame

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # astropy tells of every card it mends
        try:
            wcs = WCS(_astropy_header(header), fobj=tables)
            if not wcs.has_celestial:
                raise ValueError("the axes are not on the sky")
            wcs = wcs if wcs.naxis == 2 else wcs.celestial
            equatorial = wcs.wcs.lngtyp.strip() == "RA" and _is_icrs(header)
            frame = None if equatorial else wcs_to_celestial_frame(wcs)
        except (ValueError, KeyError, AssertionError, MemoryError) as error:
            raise UnprocessableData(f"unreadable world coordinates: {_one_line(error)}") from None

    def to_sky(x: F8, y: F8) -> tuple[F8, F8]:
        try:
            ra, dec = (
                wcs.all_pix2world(x, y, 0, ra_dec_order=True) if frame is None else _icrs(wcs, frame, x, y)
            )
        except ValueError as error:
            raise UnprocessableData(f"the map fails on the image: {_one_line(error)}") from None
        if not np.all(np.isfinite(ra) & np.isfinite(dec)):
            raise UnprocessableData("part of the image is outside the sky")
        return np.deg2rad(ra), np.deg2rad(dec)

    return to_sky


def _icrs(wcs: "WCS", frame: "BaseCoordinateFrame", x: F8, y: F8) -> tuple[F8, F8]:
    """Degrees on ICRS of pixels whose header is in another frame."""
    from astropy import units
    from astropy.coordinates import SkyCoord

    world = wcs.all_pix2world(x, y, 0)
    place = SkyCoord(
        world[wcs.wcs.lng],
        world[wcs.wcs.lat],
        unit=units.deg,
        frame=frame,
    ).icrs
    return place.ra.deg, place.dec.deg


def _astropy_header(header: Header) -> "fits.Header":
    from astropy.io import fits

    if isinstance(header, fits.Header):
        return header
    cards = {k: v for k, v in header.items() if len(k) <= 8 and isinstance(v, str | int | float)}
    return fits.Header([(k, v) for k, v in cards.items() if v == v])  # NaN has no FITS card


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


def _linear_cards(wcs: Wcs, suffix: str) -> dict[str, Card]:
    return {
        "WCSAXES": 2,
        "CTYPE1": f"RA---TAN{suffix}" if suffix != "-TPV" else "RA---TPV",
        "CTYPE2": f"DEC--TAN{suffix}" if suffix != "-TPV" else "DEC--TPV",
        "CUNIT1": "deg",
        "CUNIT2": "deg",
        "CRVAL1": _degrees(wcs.crval[0]),
        "CRVAL2": _degrees(wcs.crval[1]),
        "CRPIX1": float(wcs.crpix[0]) + 1,
        "CRPIX2": float(wcs.crpix[1]) + 1,
        "CD1_1": _degrees(wcs.cd[0, 0]),
        "CD1_2": _degrees(wcs.cd[0, 1]),
        "CD2_1": _degrees(wcs.cd[1, 0]),
        "CD2_2": _degrees(wcs.cd[1, 1]),
        "LONPOLE": 180.0,
        "RADESYS": "ICRS",
    }


def _degrees(radians: float) -> float:
    """The degrees that read back as the same radians, to the last bit."""
    first = float(np.rad2deg(radians))
    for value in (first, float(np.nextafter(first, -np.inf)), float(np.nextafter(first, np.inf))):
        if float(np.deg2rad(value)) == radians:
            return value
    return first


def _sip_cards(name: str, c: F8) -> dict[str, Card]:
    order = len(c) - 1
    cards: dict[str, Card] = {f"{name}_ORDER": order}
    for p, q in powers(order):
        if c[p, q] != 0:
            cards[f"{name}_{p}_{q}"] = float(c[p, q])
    return cards


def _inverse_sip(wcs: Wcs, shape: tuple[int, int]) -> tuple[F8, F8]:
    """AP and BP, one degree above A and B, fitted over the image (Shupe et al. 2005, eq. 4)."""
    x, y = _grid(shape, _GRID)
    u, v = x - wcs.crpix[0], y - wcs.crpix[1]
    xi, eta = wcs.pixel_to_plane(x, y)
    f, g = np.linalg.solve(wcs.cd, np.stack([xi, eta]))
    degree = min(max(len(wcs.a), len(wcs.b)), 9)
    scale = float(np.max(np.abs([f, g])))
    coefficients = np.linalg.lstsq(
        monomials(f / scale, g / scale, degree), np.stack([u - f, v - g], -1), rcond=None
    )[0]
    inverse = np.zeros((2, degree + 1, degree + 1))
    for k, (p, q) in enumerate(powers(degree)):
        inverse[:, p, q] = coefficients[k] / scale ** (p + q)
    return inverse[0], inverse[1]


def _plane_polynomials(wcs: Wcs, degree: int) -> tuple[F8, F8]:
    """Standard coordinates as polynomials (degrees) of the linear intermediate coordinates (degrees)."""
    cd = np.rad2deg(wcs.cd)
    (f_x, f_y), (g_x, g_y) = np.linalg.inv(cd)
    f, g = np.zeros((degree + 1, degree + 1)), np.zeros((degree + 1, degree + 1))
    f[1, 0], f[0, 1], g[1, 0], g[0, 1] = f_x, f_y, g_x, g_y
    for p, q in powers(degree):
        product = np.zeros((degree + 1, degree + 1))
        product[0, 0] = 1.0
        for by_x, by_y in [(f_x, f_y)] * p + [(g_x, g_y)] * q:
            product = _times_linear(product, by_x, by_y)
        f += _term(wcs.a, p, q) * product
        g += _term(wcs.b, p, q) * product
    return cd[0, 0] * f + cd[0, 1] * g, cd[1, 0] * f + cd[1, 1] * g


def _times_linear(c: F8, by_x: float, by_y: float) -> F8:
    """Coefficients of a polynomial times ``by_x x + by_y y``."""
    product = np.zeros_like(c)
    product[1:] += by_x * c[:-1]
    product[:, 1:] += by_y * c[:, :-1]
    return product


def _term(c: F8, p: int, q: int) -> float:
    return float(c[p, q]) if max(p, q) < len(c) else 0.0
