"""What a camera is: its detectors, filters and header keywords, and what was already done to its pixels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from gnomon.containers.wcs import Wcs, tangent_wcs
from gnomon.flags import MASK

_CLOSED = {"extra": "forbid"}  # a misspelt key of the YAML is refused
_ARCSEC = np.pi / 180 / 3600

ObsType = Literal["science", "bias", "dark", "flat"]
Number = str | float
"""A keyword to read a number from, or the number itself."""


@dataclass(frozen=True, slots=True)
class Detector:
    """One sensor of the focal plane."""

    id: int
    """Number, 0 to 999; the axis inside a visit."""
    name: str
    """What the observatory calls it; the value of the header keyword where that is not the number."""
    shape: tuple[int, int]
    """Rows and columns of the assembled detector."""
    centre_px: tuple[float, float] = (0.0, 0.0)
    """(X, Y) of its centre in the focal plane, pixels."""
    rotation_deg: float = 0.0
    """Anticlockwise turn of its rows against the focal plane's X, degrees."""

    def __post_init__(self) -> None:
        if not 0 <= self.id <= 999:
            raise ValueError(f"found detector id {self.id}, wanted 0 to 999")
        if min(self.shape) < 1:
            raise ValueError(f"detector {self.id} has shape {self.shape}, wanted positive rows and columns")


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """Where the facts of a visit stand: keywords tried in order, the HDU's own before the primary's."""

    visit: tuple[str, ...] = ()
    """Exposure number; empty: made of the start of the exposure, YYYYMMDDhhmmss."""
    night: tuple[str, ...] = ()
    """Local-noon date; empty: of the start and the site's longitude."""
    obstype: tuple[str, ...] = ()
    filter: tuple[str, ...] = ()
    exptime: tuple[str, ...] = ("EXPTIME",)
    """Seconds."""
    darktime: tuple[str, ...] = ()
    """Seconds; empty: the exposure time."""
    start: tuple[str, ...] = ("MJD-OBS", "DATE-OBS")
    """Opening of the shutter: MJD, or an ISO date and time; 'DATE-OBS+UT' joins a date and a time card."""
    middle: tuple[str, ...] = ()
    """Middle of the exposure; empty: start plus half the exposure time."""
    ra: tuple[str, ...] = ("RA",)
    """Degrees, or hours where the card is sexagesimal text."""
    dec: tuple[str, ...] = ("DEC",)
    rotation: tuple[str, ...] = ()
    """Position angle of the focal plane's +Y, east of north, degrees; empty: 0."""
    airmass: tuple[str, ...] = ("AIRMASS",)
    detector: tuple[str, ...] = ()
    """Number or name of the detector of an HDU; empty: the instrument has one detector."""
    zero_point: tuple[str, ...] = ()
    """AB magnitude of one ADU in the exposure, where an earlier calibration gave one."""


@dataclass(frozen=True, slots=True)
class RawLayout:
    """How an amplifier is written: every image HDU is one."""

    datasec: str = "DATASEC"
    """Keyword of the light's section, or the section itself."""
    biassec: str = "BIASSEC"
    """Keyword of the serial overscan, or the section itself; empty: there is none."""
    detsec: str = "DETSEC"
    """Keyword of the place in the detector, or the section itself; empty: the light is the detector."""
    gain: Number = "GAIN"
    """Electrons per ADU."""
    read_noise: Number = "RDNOISE"
    """Electrons."""
    saturation: Number = "SATURATE"
    """ADU above bias at and above which a pixel is saturated."""
    suspect_fraction: float = 1.0
    """Part of the saturation above which a pixel is suspect; 1: none."""
    linearity: tuple[float, ...] = ()
    """c0, c1, ... of ``true = v + v^2 (c0 + c1 v + ...)``, v in ADU above bias; at most four."""
    crosstalk: tuple[tuple[float, ...], ...] = ()
    """[victim][source] part of a source's ADU seen by a victim, same pixel in read order; empty: none."""
    overscan: Literal["row", "smooth", "polynomial", "median"] = "row"
    """How the zero level follows the rows: each its own, 65 at a time, a polynomial, one for all."""
    overscan_degree: int = 3
    """Degree of the polynomial."""
    saturation_radius: int = 1
    """Margin about saturated pixels and their bleed trails, pixels."""
    brighter_fatter: float = 0.0
    """Part of its area that a pixel loses by an electron of its own charge, about 2e-6; 0: not corrected."""

    def __post_init__(self) -> None:
        if not 0 <= self.brighter_fatter < 1e-4:
            raise ValueError(f"found brighter_fatter {self.brighter_fatter}, wanted 0 to 1e-4 per electron")
        if len(self.linearity) > 4:
            raise ValueError(f"found {len(self.linearity)} linearity coefficients, wanted at most 4")
        if not 0 < self.suspect_fraction <= 1:
            raise ValueError(f"found suspect_fraction {self.suspect_fraction}, wanted above 0, at most 1")
        if any(len(row) != len(self.crosstalk) for row in self.crosstalk):
            raise ValueError("crosstalk wants as many columns as rows")


@dataclass(frozen=True, slots=True)
class CalibratedLayout:
    """What an earlier pipeline wrote: detrended pixels, and perhaps a weight and a mask beside them."""

    image_mark: str = ""
    """Part of an image's file name that tells it from its weight and mask; empty: every file is an image."""
    weight_mark: str = ""
    """What stands there in the name of the weight file; empty: no such file."""
    mask_mark: str = ""
    """What stands there in the name of the mask file; empty: no such file."""
    mask_kind: Literal["codes", "bits"] = "codes"
    """A mask value is one code, or a sum of bits."""
    mask_planes: Mapping[int, str] = field(default_factory=dict)
    """Code or bit value to plane of `gnomon.flags.MASK`; a value not named is ignored."""
    gain: tuple[Number, ...] = ("GAIN",)
    """Electrons per ADU, averaged over the amplifiers named."""
    inverse_variance: tuple[str, ...] = ()
    """Where there is no weight file: keyword of the sky's inverse variance, ADU^-2; empty: measured."""
    nominal_zero_point: Mapping[str, float] = field(default_factory=dict)
    """AB magnitude of one ADU per second by band, for exposures whose header gives no zero point."""
    saturation: Number = 0.0
    """ADU at and above which a pixel is saturated; 0: the mask says."""
    saturation_radius: int = 1
    """Margin about such pixels, pixels."""

    def __post_init__(self) -> None:
        if (self.weight_mark or self.mask_mark) and not self.image_mark:
            raise ValueError("weight_mark and mask_mark want an image_mark to replace")
        unknown = sorted(set(self.mask_planes.values()) - set(MASK))
        if unknown:
            raise ValueError(f"mask_planes names {', '.join(unknown)}, wanted planes among {', '.join(MASK)}")


@dataclass(frozen=True, slots=True)
class Conditions:
    """A clear dark night in one band, seen at the zenith: what exposures are measured against."""

    zero_point: float
    """AB magnitude of a source that gives one electron a second."""
    extinction: float
    """Magnitudes that an airmass takes."""
    sky: float
    """AB magnitude per square arcsecond."""
    seeing: float
    """FWHM, arcseconds."""

    def __post_init__(self) -> None:
        if not self.seeing > 0:
            raise ValueError(f"found a reference seeing of {self.seeing} arcsec, wanted above 0")


@dataclass(frozen=True, slots=True)
class Instrument:
    """A camera on a telescope, as `config/instruments/<name>.yaml` describes it."""

    name: str
    """Token of the data ids."""
    match: Mapping[str, str]
    """Cards that an exposure of this instrument has, keyword to exact text."""
    detectors: tuple[Detector, ...]
    pixel_scale_arcsec: float
    """Side of a pixel on the sky, arcseconds."""
    filters: Mapping[str, str]
    """Physical filter, as in the header, to band."""
    obstypes: Mapping[str, ObsType]
    """Kind of exposure, as in the header, to ours; kinds not named are not used."""
    headers: HeaderMap = field(default_factory=HeaderMap)
    constants: Mapping[str, str | float] = field(default_factory=dict)
    """Facts that the header does not give, by the names of `HeaderMap`."""
    pixels: Literal["raw", "calibrated"] = "raw"
    """What has been done to the pixels."""
    wcs: Literal["header", "boresight"] = "header"
    """First guess of the astrometry: the header's, or the boresight and the geometry of the focal plane."""
    time_scale: Literal["UTC", "TAI"] = "UTC"
    """Of the times in the header."""
    longitude_deg: float = 0.0
    """Of the site, east positive, degrees: for the local night."""
    latitude_deg: float = float("nan")
    """Geodetic latitude of the site, degrees; NaN: moving objects are seen from the geocentre."""
    height_m: float = 0.0
    """Of the site above the ellipsoid, metres."""
    mpc_code: str = ""
    """Observatory code of the Minor Planet Center; empty: none, and reports say XXX."""
    reference: Mapping[str, Conditions] = field(default_factory=dict)
    """By band; one that is not named has neither transparency nor effective time."""
    steps: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Options of steps that this instrument wants otherwise than by default; a campaign may go further."""
    raw: RawLayout = field(default_factory=RawLayout)
    calibrated: CalibratedLayout = field(default_factory=CalibratedLayout)

    def __post_init__(self) -> None:
        ids = [d.id for d in self.detectors]
        if not ids or len(set(ids)) < len(ids):
            raise ValueError(f"found detector ids {ids}, wanted at least one and none twice")
        if not self.pixel_scale_arcsec > 0:
            raise ValueError(f"found pixel_scale_arcsec {self.pixel_scale_arcsec}, wanted above 0")
        unknown = sorted(set(self.constants) - set(HeaderMap.__dataclass_fields__))
        if unknown:
            raise ValueError(f"constants names {', '.join(unknown)}, which are not facts of a visit")

    def detector(self, key: int | str) -> Detector | None:
        """The detector of this number or name; None when the instrument has no such detector."""
        for one in self.detectors:
            if key == one.id or str(key).strip() in (one.name, str(one.id)):
                return one
        return None


for _part in (Detector, HeaderMap, RawLayout, CalibratedLayout, Conditions, Instrument):
    setattr(_part, "__pydantic_config__", _CLOSED)  # noqa: B010  read by pydantic's TypeAdapter


def boresight_wcs(
    instrument: Instrument, detector: Detector, boresight: tuple[float, float], rotation: float
) -> Wcs:
    """Tangent projection of a detector from where the telescope pointed.

    Parameters
    ----------
    instrument, detector
        For the pixel scale and the place of the detector in the focal plane.
    boresight
        ICRS right ascension and declination of the focal plane's centre, radians.
    rotation
        Position angle, east of north, of the focal plane's +Y, radians. At 0 north is up and east is left.
    """
    ny, nx = detector.shape
    turn = np.deg2rad(detector.rotation_deg)
    to_plane = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    sine, cosine = np.sin(rotation), np.cos(rotation)
    to_sky = instrument.pixel_scale_arcsec * _ARCSEC * np.array([[-cosine, sine], [sine, cosine]])
    offset = to_plane.T @ np.asarray(detector.centre_px)
    crpix = ((nx - 1) / 2 - float(offset[0]), (ny - 1) / 2 - float(offset[1]))
    return tangent_wcs(boresight, crpix, to_sky @ to_plane)
