"""Stars: temperatures, colours, motions and light curves."""

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog
from gnomon.sim.bands import AB_ZERO_NJY, BAND
from gnomon.sim.optics import refraction_columns
from gnomon.sim.seds import scaled_fluxes, stellar_spectra

F8 = npt.NDArray[np.float64]

MAS = np.pi / 180 / 3_600_000
"""Radians."""
REFERENCE_MJD = 57388.5
"""Epoch J2016.0 of positions, MJD (TAI to a minute)."""

CONSTANT, RR_LYRAE, ECLIPSING, FLARE = 0, 1, 2, 3
"""Values of the column ``variable``."""

_R_BRIGHT, _R_FAINT, _SLOPE = 14.6, 25.0, 0.10
_RR_AMPLITUDE = {"u": 1.0, "g": 1.0, "r": 0.72, "i": 0.56, "z": 0.50, "y": 0.48}
_RISE = 0.15  # part of an RR Lyrae's period from minimum to maximum
_FLARE_MINUTES = 20.0
_FLARE_KELVIN_RATIO = {"u": 6.0, "g": 1.6, "r": 0.5, "i": 0.2, "z": 0.1, "y": 0.06}


def draw_stars(rng: np.random.Generator, n: int, box: F8, variable_fraction: float) -> Catalog:
    """``n`` stars in a box: truth columns of the survey catalogue.

    box : (4,) radians: ra centre, dec centre, half-width in ra cos(dec), half-width in dec.

    Columns: ra, dec (radians at `REFERENCE_MJD`), pm_ra (with cos dec), pm_dec (mas/yr), parallax (mas), teff
    (K), flux_<band> (nJy), variable, period (days), phase, amplitude.
    """
    east, north = rng.uniform(-1, 1, (2, n)) * box[2:, None]
    dec = box[1] + north
    teff = _temperatures(rng, n)
    r = _magnitudes(rng, n)
    kinds = _variables(rng, teff, r, variable_fraction)
    teff = np.where(kinds == RR_LYRAE, rng.uniform(6300, 7200, n), teff)
    spectra = stellar_spectra(teff)
    columns = {
        "ra": np.mod(box[0] + east / np.cos(dec), 2 * np.pi),
        "dec": dec,
        **_motions(rng, n, r),
        "teff": teff,
        **{f"flux_{b}": f for b, f in scaled_fluxes(spectra, "r", r).items()},
        **refraction_columns(spectra),
        "variable": kinds,
        **_light_curve_parameters(rng, kinds),
    }
    return Catalog(columns)


def position_at(stars: Catalog, mjd_tai: float, observer_au: F8) -> tuple[F8, F8]:
    """ICRS (ra, dec) in radians at a time: proper motion and parallax to first order.

    observer_au : (3,) barycentric position of the observer, au, ICRS axes.
    """
    years = (mjd_tai - REFERENCE_MJD) / 365.25
    ra, dec = stars["ra"], stars["dec"]
    x, y, z = observer_au
    # Parallax factors: projections of minus the observer's position on east and north.
    east = x * np.sin(ra) - y * np.cos(ra)
    north = x * np.cos(ra) * np.sin(dec) + y * np.sin(ra) * np.sin(dec) - z * np.cos(dec)
    d_ra = (stars["pm_ra"] * years + stars["parallax"] * east) * MAS
    d_dec = (stars["pm_dec"] * years + stars["parallax"] * north) * MAS
    return np.mod(ra + d_ra / np.cos(dec), 2 * np.pi), dec + d_dec


def flux_at(stars: Catalog, band: str, mjd_tai: float) -> F8:
    """(n,) nJy in ``band`` at a time, light curves included."""
    phase = np.mod((mjd_tai - REFERENCE_MJD) / stars["period"] + stars["phase"], 1.0)
    change = np.where(stars["variable"] == RR_LYRAE, _rr_lyrae(phase) * _RR_AMPLITUDE[band], 0.0)
    change = np.where(stars["variable"] == ECLIPSING, _eclipses(phase), change)
    factor = 10 ** (-0.4 * change * stars["amplitude"])
    flare = np.where(stars["variable"] == FLARE, _flare(phase * stars["period"]), 0.0)
    return np.asarray(
        stars[f"flux_{band}"] * (factor + flare * stars["amplitude"] * _FLARE_KELVIN_RATIO[band])
    )


def reference_catalogue(rng: np.random.Generator, stars: Catalog, r_limit: float) -> Catalog:
    """A Gaia-like table of the constant and variable stars brighter than ``r_limit``, with errors.

    Columns: id, ra, dec (radians at `REFERENCE_MJD`), ra_err, dec_err (radians), pm_ra, pm_dec (mas/yr) and
    errors, parallax (mas) and error, mag_<band> (AB) and mag_err_<band>.
    """
    mags = {b: AB_ZERO_NJY - 2.5 * np.log10(stars[f"flux_{b}"]) for b in BAND}
    bright = stars.take(mags["r"] < r_limit)
    r, n = mags["r"][mags["r"] < r_limit], len(bright)
    error = 0.05 * 10 ** (0.2 * np.maximum(r - 15.0, 0.0))  # mas; Gaia DR3: 0.05 at 15, 0.5 at 20
    columns = {"id": bright["id"]}
    for name, rate in (("ra", 1.0), ("dec", 1.0)):
        scale = MAS / np.cos(bright["dec"]) if name == "ra" else MAS
        columns[name] = bright[name] + rng.standard_normal(n) * error * scale * rate
        columns[f"{name}_err"] = error * MAS
    for name, rate in (("pm_ra", 1.05), ("pm_dec", 0.95), ("parallax", 1.15)):
        columns[name] = bright[name] + rng.standard_normal(n) * error * rate
        columns[f"{name}_err"] = error * rate
    for band in BAND:
        m = mags[band][mags["r"] < r_limit]
        sigma = np.hypot(0.003, 0.003 * 10 ** (0.3 * np.maximum(m - 18.0, 0.0)))
        columns[f"mag_{band}"] = m + rng.standard_normal(n) * sigma
        columns[f"mag_err_{band}"] = sigma
    return Catalog(columns)


def _temperatures(rng: np.random.Generator, n: int) -> F8:
    """Halo and disc turn-off stars, K dwarfs, M dwarfs and a few hot ones."""
    kind = rng.random(n)
    t = np.where(kind < 0.60, rng.normal(5800, 450, n), rng.uniform(4000, 5200, n))
    t = np.where(kind > 0.86, rng.uniform(3000, 3900, n), t)
    return np.asarray(np.clip(np.where(kind > 0.98, rng.uniform(7000, 10000, n), t), 2900, 12000))


def _magnitudes(rng: np.random.Generator, n: int) -> F8:
    """r magnitudes with counts growing as 10^(slope m)."""
    low, high = 10 ** (_SLOPE * _R_BRIGHT), 10 ** (_SLOPE * _R_FAINT)
    return np.log10(rng.uniform(low, high, n)) / _SLOPE


def _motions(rng: np.random.Generator, n: int, r: F8) -> dict[str, F8]:
    """Distances of 10^(0.2 (r - M + 5)) pc for random M, velocities of 45 km/s per axis."""
    distance_pc = np.clip(10 ** (0.2 * (r - rng.uniform(4.0, 10.0, n) + 5)), 30.0, 2e4)
    parallax = 1e3 / distance_pc
    pm = rng.normal(0, 45.0, (2, n)) / 4.74047 * parallax
    return {"pm_ra": pm[0], "pm_dec": pm[1], "parallax": parallax}


def _variables(rng: np.random.Generator, teff: F8, r: F8, fraction: float) -> npt.NDArray[np.int64]:
    """A kind per star: flares on cool stars, RR Lyrae and eclipsing ones among the rest; r < 22 only."""
    chosen = (rng.random(len(teff)) < fraction / 0.6) & (r > 16.5) & (r < 22.5)
    kind = np.where(teff < 4000, FLARE, np.where(rng.random(len(teff)) < 0.5, RR_LYRAE, ECLIPSING))
    return np.where(chosen, kind, CONSTANT)


def _light_curve_parameters(rng: np.random.Generator, kinds: npt.NDArray[np.int64]) -> dict[str, F8]:
    n = len(kinds)
    period = np.select(
        [kinds == RR_LYRAE, kinds == ECLIPSING, kinds == FLARE],
        [rng.uniform(0.4, 0.8, n), 10 ** rng.uniform(-0.4, 0.7, n), rng.uniform(0.15, 0.8, n)],
        1.0,
    )
    amplitude = np.select(
        [kinds == RR_LYRAE, kinds == ECLIPSING, kinds == FLARE],
        [rng.uniform(0.6, 1.1, n), rng.uniform(0.2, 0.8, n), rng.exponential(0.8, n)],
        0.0,
    )
    return {"period": period, "phase": rng.random(n), "amplitude": amplitude}


def _rr_lyrae(phase: F8) -> F8:
    """Magnitudes about the mean: a fast rise and a slow decline, of peak-to-peak 1."""
    rising = 0.5 - phase / _RISE
    falling = -0.5 + (phase - _RISE) / (1 - _RISE)
    return np.asarray(np.where(phase < _RISE, rising, falling))


def _eclipses(phase: F8) -> F8:
    """Magnitudes of dimming: a primary of depth 1 and a secondary of 0.4, each of width 0.05 in phase."""

    def dip(centre: float) -> F8:
        return np.asarray(np.exp(-0.5 * ((np.mod(phase - centre + 0.5, 1) - 0.5) / 0.05) ** 2))

    return dip(0.0) + 0.4 * dip(0.5)


def _flare(days_since: F8) -> F8:
    """Excess in units of its peak: an exponential decay after a sudden start."""
    return np.asarray(np.exp(-days_since * 1440 / _FLARE_MINUTES))
