"""Galaxies: counts, redshifts, colours, shapes, and their shear by a known halo."""

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog
from gnomon.sim.optics import refraction_columns
from gnomon.sim.recipe import SkyRecipe
from gnomon.sim.seds import galaxy_spectra, scaled_fluxes

F8 = npt.NDArray[np.float64]
C16 = npt.NDArray[np.complex128]

_I_BRIGHT, _I_FAINT, _SLOPE = 17.0, 25.3, 0.33
_ELLIPTICITY = 0.24  # rms per component of the intrinsic shape |e| = (a - b) / (a + b)
_HALF_LIGHT_PER_SCALE = 1.678  # of an exponential disc
_HUBBLE_MPC = 4283.0  # c / H0 for H0 = 70 km/s/Mpc
_OMEGA_M = 0.3
_MAX_SHEAR = 0.6


def draw_galaxies(rng: np.random.Generator, n: int, box: F8, sky: SkyRecipe) -> Catalog:
    """``n`` galaxies in a box (as for `stars.draw_stars`): truth columns of the survey catalogue.

    Columns: ra, dec (radians, lensed position), redshift, young, dust, flux_<band> (nJy), half_light
    (arcsec, disc), bulge_fraction, e1, e2 (shape as seen, east-north frame), e1_intrinsic, e2_intrinsic,
    shear1, shear2 (reduced).
    Ellipticity is (a - b) / (a + b) exp(2 i phi), phi from east to north.
    """
    east, north = rng.uniform(-1, 1, (2, n)) * box[2:, None]
    dec = box[1] + north
    i_mag = np.log10(rng.uniform(10 ** (_SLOPE * _I_BRIGHT), 10 ** (_SLOPE * _I_FAINT), n)) / _SLOPE
    redshift = _redshifts(rng, i_mag)
    early = rng.random(n) < np.clip(0.45 - 0.35 * (i_mag - 19) / 5, 0.08, 0.45)
    young = np.where(early, rng.uniform(0.0, 0.08, n), rng.beta(1.5, 1.5, n) * 0.85 + 0.1)
    dust = np.where(early, 0.0, np.minimum(rng.exponential(0.12, n), 0.5))
    spectra = galaxy_spectra(young, dust, redshift)
    shear = halo_shear(east, north, redshift, sky)
    intrinsic = _intrinsic(rng, n)
    seen = (intrinsic + shear) / (1 + np.conj(shear) * intrinsic)  # Seitz & Schneider 1997, eq. 3.2
    columns = {
        "ra": np.mod(box[0] + east / np.cos(dec), 2 * np.pi), "dec": dec, "redshift": redshift,
        "young": young, "dust": dust,
        **{f"flux_{b}": f for b, f in scaled_fluxes(spectra, "i", i_mag).items()},
        **refraction_columns(spectra),
        "half_light": _sizes(rng, i_mag),
        "bulge_fraction": np.where(early, rng.uniform(0.5, 0.9, n), rng.uniform(0.0, 0.3, n)),
        "e1": seen.real, "e2": seen.imag, "e1_intrinsic": intrinsic.real, "e2_intrinsic": intrinsic.imag,
        "shear1": shear.real, "shear2": shear.imag,
    }  # fmt: skip
    return Catalog(columns)


def halo_shear(east: F8, north: F8, redshift: F8, sky: SkyRecipe) -> C16:
    """Reduced shear g1 + i g2 (east-north frame) of a singular isothermal sphere.

    east, north : (n,) radians from the field centre. gamma = kappa = theta_E / (2 theta), tangential,
    theta_E scaled by D_ls / D_s in a flat universe (Bartelmann & Schneider 2001, eqs. 3.17-3.18).
    """
    offset = np.radians(np.array(sky.halo_offset_arcsec) / 3600)
    z = (east - offset[0]) + 1j * (north - offset[1])
    lens = comoving_distance(np.array([sky.halo_redshift]))[0]
    efficiency = np.maximum(0.0, 1 - lens / np.maximum(comoving_distance(redshift), lens))
    einstein = np.radians(sky.halo_einstein_arcsec / 3600) * efficiency
    kappa = einstein / (2 * np.maximum(np.abs(z), 1e-12))
    g = np.minimum(kappa / np.maximum(1 - kappa, 1e-3), _MAX_SHEAR)
    return np.asarray(-g * np.exp(2j * np.angle(z)))


def comoving_distance(redshift: F8) -> F8:
    """Mpc in flat LambdaCDM (H0 = 70, Omega_m = 0.3), by trapezoids of 0.01 in redshift."""
    grid = np.arange(0.0, 8.0, 0.01)
    inverse = 1 / np.sqrt(_OMEGA_M * (1 + grid) ** 3 + 1 - _OMEGA_M)
    distance = np.concatenate([[0.0], np.cumsum(0.5 * (inverse[1:] + inverse[:-1]) * 0.01)])
    return np.asarray(np.interp(redshift, grid, distance) * _HUBBLE_MPC)


def ellipse_matrix(size: F8, e1: F8, e2: F8) -> F8:
    """(n, 2, 2) map of the unit circle to an ellipse of geometric-mean radius ``size`` and shape e."""
    norm = size / np.sqrt(1 - e1**2 - e2**2)
    return np.stack([np.stack([1 + e1, e2], -1), np.stack([e2, 1 - e1], -1)], -2) * norm[:, None, None]


def profile_matrices(galaxies: Catalog) -> tuple[F8, F8]:
    """(n, 2, 2) matrices of disc (scale length) and bulge (half-light radius), radians, east-north frame."""
    arcsec = np.pi / 180 / 3600
    half_light = galaxies["half_light"] * arcsec
    disc = ellipse_matrix(half_light / _HALF_LIGHT_PER_SCALE, galaxies["e1"], galaxies["e2"])
    return disc, ellipse_matrix(0.6 * half_light, galaxies["e1"], galaxies["e2"])


def _redshifts(rng: np.random.Generator, i_mag: F8) -> F8:
    """p(z | i) of z^2 exp(-(z / z0)^1.5), z0 growing with magnitude: a median of 0.75 at i = 24."""
    z0 = np.clip(0.045 + 0.085 * (i_mag - 18.5), 0.06, None)
    # (z / z0)^1.5 is gamma distributed with shape 3 / 1.5 = 2
    return np.asarray(np.minimum(z0 * rng.gamma(2.0, 1.0, len(i_mag)) ** (1 / 1.5) + 0.01, 4.0))


def _sizes(rng: np.random.Generator, i_mag: F8) -> F8:
    """Half-light radius of the disc, arcsec: log-normal, smaller for fainter galaxies."""
    mean = 0.30 * 10 ** (-0.11 * (i_mag - 25.0))
    return np.asarray(np.clip(mean * np.exp(0.3 * rng.standard_normal(len(i_mag))), 0.1, 4.0))


def _intrinsic(rng: np.random.Generator, n: int) -> C16:
    e = _ELLIPTICITY * (rng.standard_normal(n) + 1j * rng.standard_normal(n))
    return np.asarray(e * np.minimum(1.0, 0.8 / np.maximum(np.abs(e), 1e-9)))
