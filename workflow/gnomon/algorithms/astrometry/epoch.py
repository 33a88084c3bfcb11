"""Catalogue positions at another epoch: proper motion and parallax."""

import erfa
import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

MAS = np.pi / 180 / 3.6e6
"""Radians of a milliarcsecond."""
JULIAN_YEAR_DAYS = 365.25
MJD_ZERO = 2400000.5
"""Julian date of MJD 0."""
TT_MINUS_TAI_DAYS = 32.184 / 86400


def apply_space_motion(
    ra: F8,
    dec: F8,
    pm_ra: F8,
    pm_dec: F8,
    parallax: F8,
    epoch: npt.ArrayLike,
    mjd_tai: float,
) -> tuple[F8, F8]:
    """Astrometric ICRS direction from the Earth at a date, for stars known at their catalogue epoch.

    ``u = u0 + mu dt - parallax r_earth``, normalised (Urban & Seidelmann 2013, eq. 7.33 without radial
    velocity). Vectors, so that poles are ordinary places. Light deflection (4 mas at 90 degrees from the Sun)
    and aberration are left to the map, which takes their slow part.

    Parameters
    ----------
    ra, dec
        (n,) float64 ICRS at the catalogue epoch, radians.
    pm_ra, pm_dec
        (n,) proper motion along right ascension (cos dec included) and declination, mas / yr; NaN means
        unknown and counts as none.
    parallax
        (n,) mas; NaN or negative counts as none.
    epoch
        (n,) or scalar catalogue epoch, TAI MJD.
    mjd_tai
        Date of the exposure.

    Returns
    -------
    (n,) ra in [0, 2 pi) and dec, radians.
    """
    u, east, north = _triad(np.asarray(ra, np.float64), np.asarray(dec, np.float64))
    years = (mjd_tai - np.asarray(epoch, np.float64)) / JULIAN_YEAR_DAYS
    mu_east, mu_north = (np.nan_to_num(np.asarray(p, np.float64)) * MAS * years for p in (pm_ra, pm_dec))
    shift = np.maximum(np.nan_to_num(np.asarray(parallax, np.float64)), 0.0) * MAS
    moved = u + mu_east[:, None] * east + mu_north[:, None] * north
    moved = moved - shift[:, None] * earth_position(mjd_tai)[None, :]
    x, y, z = moved.T
    return np.mod(np.arctan2(y, x), 2 * np.pi), np.arctan2(z, np.hypot(x, y))


def position_error_at(
    error: F8, pm_error: npt.ArrayLike, parallax_error: npt.ArrayLike, epoch: npt.ArrayLike, mjd_tai: float
) -> F8:
    """Standard error per axis at a date, radians.

    Parameters
    ----------
    error
        (n,) at the catalogue epoch, radians.
    pm_error, parallax_error
        (n,) or scalar, mas / yr and mas; NaN counts as none.
    epoch, mjd_tai
        As `apply_space_motion`.
    """
    years = (mjd_tai - np.asarray(epoch, np.float64)) / JULIAN_YEAR_DAYS
    drift = np.nan_to_num(np.asarray(pm_error, np.float64)) * MAS * years
    wobble = np.nan_to_num(np.asarray(parallax_error, np.float64)) * MAS
    return np.asarray(np.sqrt(np.asarray(error, np.float64) ** 2 + drift**2 + wobble**2 / 2), np.float64)


def earth_position(mjd_tai: float) -> F8:
    """(3,) barycentric ICRS position of the Earth, au (ERFA epv00, 11 km rms)."""
    _, barycentric = erfa.epv00(MJD_ZERO, mjd_tai + TT_MINUS_TAI_DAYS)
    return np.asarray(barycentric["p"], np.float64)


def _triad(ra: F8, dec: F8) -> tuple[F8, F8, F8]:
    """Unit vectors to the star, east and north; (n, 3) each."""
    cos_a, sin_a, cos_d, sin_d = np.cos(ra), np.sin(ra), np.cos(dec), np.sin(dec)
    u = np.stack([cos_d * cos_a, cos_d * sin_a, sin_d], -1)
    east = np.stack([-sin_a, cos_a, np.zeros_like(ra)], -1)
    north = np.stack([-sin_d * cos_a, -sin_d * sin_a, cos_d], -1)
    return u, east, north
