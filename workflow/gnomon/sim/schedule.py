"""The visit table of a recipe: when, where and under which sky the camera looked."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gnomon.containers.catalog import Catalog
from gnomon.sim.bands import BAND
from gnomon.sim.recipe import NightRecipe, SurveyRecipe

SITE_LONGITUDE_DEG = -70.7494  # Cerro Pachon
SITE_LATITUDE_DEG = -30.2446
SITE_HEIGHT_M = 2663.0
TAI_MINUS_UTC_S = 37.0
"""Since 2017; assumed to stay."""

MJD_J2000 = 51544.5
_HOUR = 1 / 24
_DAY_S = 86400.0
_FIRST_SCIENCE = 1001  # sequence numbers below are calibrations
_POINTING_ERROR_ARCSEC = 2.5
_ROTATION_ERROR_DEG = 0.01
DARK_S, _FLAT_S = 60.0, 5.0


@dataclass(frozen=True, slots=True)
class Visit:
    """One exposure, as it was (the telescope believes a slightly different pointing)."""

    visit: int
    """13 digits YYYYMMDDnnnnn."""
    night: str
    """Date YYYYMMDD, local noon to noon."""
    obstype: str
    """science, bias, dark or flat."""
    band: str
    """Filter; "none" for bias and dark."""
    mjd_tai: float
    """Midpoint."""
    exptime: float
    """Open shutter, or integration of a dark, s."""
    ra: float
    """True boresight, ICRS radians."""
    dec: float
    """True boresight, ICRS radians."""
    rotation: float
    """True position angle, east of north, of the focal plane's +Y axis, radians."""
    believed_ra: float
    """Boresight in the header, radians."""
    believed_dec: float
    """Boresight in the header, radians."""
    believed_rotation: float
    """Rotation in the header, radians."""
    hour_angle: float
    """Of the boresight, radians."""
    airmass: float
    """Secant of the zenith distance."""
    zenith_distance: float
    """Radians."""
    parallactic_angle: float
    """Position angle of the zenith, east of north, radians."""
    seeing_arcsec: float
    """FWHM of the atmosphere in this band at this airmass."""
    sky_mag: float
    """Sky brightness, AB magnitude per square arcsec."""
    cloud_mag: float
    """Grey extinction."""


def random_generator(recipe: SurveyRecipe, *key: int) -> np.random.Generator:
    """Random numbers of their own for each ``key``, from the seed of the recipe."""
    return np.random.default_rng([recipe.seed, *key])


def visits(recipe: SurveyRecipe) -> tuple[Visit, ...]:
    """All exposures of the survey in order of visit number."""
    return tuple(v for night in recipe.nights for v in _night(recipe, night))


def visit_table(recipe: SurveyRecipe) -> Catalog:
    """`visits` as a table: one column per field of `Visit`, angles in radians."""
    rows = visits(recipe)
    columns = {name: np.array([getattr(v, name) for v in rows]) for name in Visit.__dataclass_fields__}
    return Catalog(columns)


def find_visit(recipe: SurveyRecipe, visit: int) -> Visit:
    """The exposure of this number.

    Raises
    ------
    ValueError
        The survey has no such visit.
    """
    for row in visits(recipe):
        if row.visit == visit:
            return row
    raise ValueError(f"visit {visit} is not in the survey of seed {recipe.seed}")


def _night(recipe: SurveyRecipe, night: NightRecipe) -> Iterator[Visit]:
    calibrations = [("bias", "none", 0.0)] * night.biases + [("dark", "none", DARK_S)] * night.darks
    calibrations += [("flat", band, _FLAT_S) for band in recipe.bands for _ in range(night.flats)]
    for k, (obstype, band, exptime) in enumerate(calibrations):
        mjd = local_hour_to_mjd(night.night, -8.0 + k / 60)
        yield _calibration(int(night.night) * 100_000 + 1 + k, night.night, obstype, band, exptime, mjd)
    for k, (band, hour) in enumerate(night.exposures):
        yield _science(recipe, night.night, int(night.night) * 100_000 + _FIRST_SCIENCE + k, band, hour)


def _calibration(visit: int, night: str, obstype: str, band: str, exptime: float, mjd: float) -> Visit:
    """An exposure of the dome: the telescope is parked at the zenith."""
    ra, dec = local_sidereal_angle(mjd), np.radians(SITE_LATITUDE_DEG)
    pointing = (ra, dec, 0.0) * 2
    return Visit(visit, night, obstype, band, mjd, exptime, *pointing, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def _science(recipe: SurveyRecipe, night: str, visit: int, band: str, hour: float) -> Visit:
    rng = random_generator(recipe, visit, 0)
    mjd = local_hour_to_mjd(night, hour)
    ra, dec = _dithered(recipe, rng)
    rotation = 0.5 * np.pi * rng.integers(4) + np.radians(rng.uniform(-10, 10))
    believed = _believed(ra, dec, rotation, rng)
    hour_angle, zenith_distance, parallactic = horizon(ra, dec, mjd)
    airmass = 1 / np.cos(zenith_distance)
    seeing = _seeing(recipe, BAND[band].centre_nm, airmass, rng)
    sky = BAND[band].sky - 0.3 * (airmass - 1) + 0.1 * rng.standard_normal()
    cloud = float(rng.exponential(0.1)) if rng.random() < 0.2 else 0.0
    return Visit(
        visit, night, "science", band, mjd, recipe.exptime_s, ra, dec, rotation, *believed,
        hour_angle, airmass, zenith_distance, parallactic, seeing, float(sky), cloud,
    )  # fmt: skip


def _dithered(recipe: SurveyRecipe, rng: np.random.Generator) -> tuple[float, float]:
    east, north = np.radians(rng.uniform(-1, 1, 2) * recipe.dither_arcsec / 3600)
    dec = np.radians(recipe.dec_deg) + north
    return float(np.mod(np.radians(recipe.ra_deg) + east / np.cos(dec), 2 * np.pi)), float(dec)


def _believed(ra: float, dec: float, rotation: float, rng: np.random.Generator) -> tuple[float, float, float]:
    """Boresight and rotation with the errors of the telescope's encoders."""
    east, north = np.radians(rng.normal(0, _POINTING_ERROR_ARCSEC, 2) / 3600)
    turn = np.radians(rng.normal(0, _ROTATION_ERROR_DEG))
    return float(np.mod(ra + east / np.cos(dec), 2 * np.pi)), float(dec + north), float(rotation + turn)


def _seeing(recipe: SurveyRecipe, wavelength_nm: float, airmass: float, rng: np.random.Generator) -> float:
    """Kolmogorov scaling: wavelength^-0.2... with an outer scale -0.3, airmass^0.6."""
    zenith = max(0.55, recipe.seeing_arcsec * np.exp(0.12 * rng.standard_normal()))
    return float(zenith * (wavelength_nm / 620.0) ** -0.3 * airmass**0.6)


def local_hour_to_mjd(night: str, hour: float) -> float:
    """MJD (TAI) of ``hour`` hours after the local mean midnight of a night YYYYMMDD."""
    date = np.datetime64(f"{night[:4]}-{night[4:6]}-{night[6:]}") - np.datetime64("1858-11-17")
    utc = float(date.astype(int)) + 1 + (hour - SITE_LONGITUDE_DEG / 15) * _HOUR
    return utc + TAI_MINUS_UTC_S / _DAY_S


def local_sidereal_angle(mjd_tai: float) -> float:
    """Earth rotation angle plus precession in right ascension, radians: good to an arcminute (IAU 2000)."""
    days = mjd_tai - TAI_MINUS_UTC_S / _DAY_S - MJD_J2000
    era = 0.7790572732640 + 1.00273781191135448 * days
    precession_deg = 4612.156534 / 3600 * days / 36525
    return float(np.mod(2 * np.pi * era + np.radians(precession_deg + SITE_LONGITUDE_DEG), 2 * np.pi))


def horizon(ra: float, dec: float, mjd_tai: float) -> tuple[float, float, float]:
    """Hour angle, zenith distance and position angle of the zenith, radians.

    The equinox of date is put on right ascension only: airmass and refraction need no better.
    """
    years = (mjd_tai - MJD_J2000) / 365.25
    ra_date = ra + np.radians((46.1 + 20.0 * np.sin(ra) * np.tan(dec)) * years / 3600)
    dec_date = dec + np.radians(20.0 * np.cos(ra) * years / 3600)
    h = (local_sidereal_angle(mjd_tai) - ra_date + np.pi) % (2 * np.pi) - np.pi
    phi = np.radians(SITE_LATITUDE_DEG)
    cos_z = np.sin(phi) * np.sin(dec_date) + np.cos(phi) * np.cos(dec_date) * np.cos(h)
    q = np.arctan2(np.sin(h), np.tan(phi) * np.cos(dec_date) - np.sin(dec_date) * np.cos(h))
    return float(h), float(np.arccos(cos_z)), float(q)
