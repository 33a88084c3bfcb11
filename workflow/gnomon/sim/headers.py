"""The header cards of a simulated raw exposure."""

import numpy as np

from gnomon.containers.raw import HeaderValue
from gnomon.sim.optics import nominal_wcs
from gnomon.sim.recipe import SurveyRecipe
from gnomon.sim.schedule import SITE_HEIGHT_M, SITE_LATITUDE_DEG, SITE_LONGITUDE_DEG, Visit

INSTRUMENT = "gnomonsim"
"""Value of INSTRUME."""

_DAY_S = 86400.0


def visit_header(recipe: SurveyRecipe, visit: Visit) -> dict[str, HeaderValue]:
    """Cards of the exposure: what the telescope believed."""
    start = visit.mjd_tai - 0.5 * visit.exptime / _DAY_S
    return {
        "OBSID": visit.visit, "DAYOBS": visit.night, "OBSTYPE": visit.obstype,
        "INSTRUME": INSTRUMENT, "TELESCOP": "gnomon 6.4m", "OBJECT": _object(visit), "FILTER": visit.band,
        "EXPTIME": visit.exptime, "DARKTIME": visit.exptime,
        "TIMESYS": "TAI", "MJD-OBS": start, "MJD-AVG": visit.mjd_tai, "DATE-OBS": iso_date(start),
        "RADESYS": "ICRS", "EQUINOX": 2000.0,
        "RA": _degrees(visit.believed_ra), "DEC": _degrees(visit.believed_dec),
        "ROTPA": _degrees(visit.believed_rotation),
        "AIRMASS": round(visit.airmass, 6), "HA": _degrees(visit.hour_angle),
        "ZD": _degrees(visit.zenith_distance), "PARANGLE": _degrees(visit.parallactic_angle),
        "SITELONG": SITE_LONGITUDE_DEG, "SITELAT": SITE_LATITUDE_DEG, "SITEELEV": SITE_HEIGHT_M,
        "NDET": recipe.camera.n_detectors, "NAMP": int(recipe.camera.amplifiers), "SIMSEED": recipe.seed,
    }  # fmt: skip


def detector_header(recipe: SurveyRecipe, visit: Visit, detector: int) -> dict[str, HeaderValue]:
    """The nominal world coordinates of the assembled detector, FITS pixel origin 1."""
    wcs = nominal_wcs(recipe.camera, visit, detector)
    cd = np.degrees(wcs.cd)
    return {
        "WCSAXES": 2, "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CUNIT1": "deg", "CUNIT2": "deg",
        "CRVAL1": _degrees(wcs.crval[0]), "CRVAL2": _degrees(wcs.crval[1]),
        "CRPIX1": wcs.crpix[0] + 1, "CRPIX2": wcs.crpix[1] + 1,
        "CD1_1": float(cd[0, 0]), "CD1_2": float(cd[0, 1]),
        "CD2_1": float(cd[1, 0]), "CD2_2": float(cd[1, 1]),
    }  # fmt: skip


def iso_date(mjd: float) -> str:
    """``YYYY-MM-DDThh:mm:ss.sss`` of a date in its own time scale."""
    moment = np.datetime64("1858-11-17") + np.timedelta64(round(mjd * _DAY_S * 1e3), "ms")
    return str(moment)


def _object(visit: Visit) -> str:
    return "field" if visit.obstype == "science" else visit.obstype


def _degrees(radians: float) -> float:
    return round(float(np.degrees(radians)), 10)
