"""Supernovae in galaxies: a cooling fireball whose colour and brightness follow from redshift and age."""

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog
from gnomon.sim.bands import band_flux, fluxes
from gnomon.sim.galaxies import comoving_distance, profile_matrices
from gnomon.sim.seds import fireball_spectra

F8 = npt.NDArray[np.float64]

_PEAK_MAG = -19.2  # AB, rest-frame 400-450 nm
_SCATTER_MAG = 0.25
_RISE_DAYS, _FALL_DAYS = 4.5, 24.0  # e-folding, Bazin et al. (2009), eq. 1
_Z_RANGE = (0.05, 0.65)
_MAX_OFFSET = 2.5  # half-light radii


def draw_transients(
    rng: np.random.Generator, n: int, galaxies: Catalog, window: tuple[float, float]
) -> Catalog:
    """``n`` supernovae whose maxima fall in ``window`` (MJD TAI), each in a galaxy of fitting redshift.

    Columns: ra, dec (radians), host (row of ``galaxies``), redshift, peak_mjd, peak_mag (absolute AB).
    """
    z = galaxies["redshift"]
    hosts = np.flatnonzero((z > _Z_RANGE[0]) & (z < _Z_RANGE[1]))
    n = min(n, len(hosts))
    # Nearer hosts are as likely as distant ones: the survey then has bright and faint transients.
    host = np.sort(rng.choice(hosts, n, replace=False)) if n else np.zeros(0, np.int64)
    unit = rng.uniform(0.2, _MAX_OFFSET, n) * np.exp(2j * np.pi * rng.random(n))
    matrix = profile_matrices(galaxies.take(host))[0]
    offset = np.einsum("nij,nj->ni", matrix, np.stack([unit.real, unit.imag], -1))
    columns = {
        "ra": galaxies["ra"][host] + offset[:, 0] / np.cos(galaxies["dec"][host]),
        "dec": galaxies["dec"][host] + offset[:, 1],
        "host": host,
        "redshift": z[host],
        "peak_mjd": rng.uniform(*window, n),
        "peak_mag": _PEAK_MAG + _SCATTER_MAG * rng.standard_normal(n),
    }
    return Catalog(columns)


def flux_at(transients: Catalog, band: str, mjd_tai: float) -> F8:
    """(n,) nJy in ``band`` at a time; 0 long before the explosion."""
    z = transients["redshift"]
    age = (mjd_tai - transients["peak_mjd"]) / (1 + z)
    spectra = fireball_spectra(temperature(age), z)
    at_peak = fireball_spectra(temperature(np.zeros_like(age)), np.zeros_like(z))
    modulus = 5 * np.log10(comoving_distance(z) * (1 + z) * 1e5)
    shape = band_flux(spectra, band) / band_flux(at_peak, "g")
    # f_lambda of a source at z is fainter by (1 + z)^3 at the stretched wavelength than at d_L alone:
    # L_lambda dlambda is conserved, d_L holds (1 + z)^2, one (1 + z) is the stretch.
    return np.asarray(fluxes(transients["peak_mag"] + modulus) * shape * light_curve(age) / (1 + z))


def temperature(age_days: F8) -> F8:
    """Kelvin at a rest-frame age from maximum: from 14,000 early down to 5,500."""
    return np.asarray(5500 + 8500 / (1 + np.exp((np.asarray(age_days) + 2) / 9.0)))


def light_curve(age_days: F8) -> F8:
    """Brightness in units of the maximum, constant temperature aside; 0 more than 25 days before it."""
    age = np.asarray(age_days, np.float64)
    with np.errstate(over="ignore"):
        shape = np.exp(-age / _FALL_DAYS) / (1 + np.exp(-age / _RISE_DAYS))
    peak_age = _RISE_DAYS * np.log(_FALL_DAYS / _RISE_DAYS - 1)
    peak = np.exp(-peak_age / _FALL_DAYS) / (1 + np.exp(-peak_age / _RISE_DAYS))
    return np.where(age > -25, shape / peak, 0.0)
