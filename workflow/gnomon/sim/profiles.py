"""Galaxy profiles in Fourier space, and how far a source's wings reach."""

from functools import cache

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

_EDGE = 0.02  # surface brightness at a stamp's border, in standard deviations of the sky per pixel
_DEV_B = 7.669  # b_4 of the de Vaucouleurs law
_DEV_NORM = 22.67  # total flux = 22.67 I_e r_e^2
_KOLMOGOROV_WING = 0.025  # I(r) -> 0.024 FWHM^(5/3) r^(-11/3) far out, for unit flux


def disc_transfer(k2: F8) -> F8:
    """Transform of the exponential disc at squared frequency ``k2`` in units of 1 / scale length."""
    return np.asarray((1 + k2) ** -1.5)


def bulge_transfer(k2: F8) -> F8:
    """Transform of the de Vaucouleurs profile at ``k2`` in units of 1 / half-light radius, squared."""
    log_k, value = _bulge_table()
    return np.asarray(np.interp(0.5 * np.log(np.maximum(k2, np.exp(2 * log_k[0]))), log_k, value))


def edge_radius(flux: F8, fwhm_px: F8, disc: F8, bulge: F8, bulge_fraction: F8, noise: float) -> F8:
    """(n,) pixels beyond which a source is fainter than the threshold; arguments as `render.Profiles`."""
    limit = _EDGE * max(noise, 1.0)
    wing = (_KOLMOGOROV_WING * np.maximum(flux, 1e-3) * fwhm_px ** (5 / 3) / limit) ** (3 / 11)
    return 2 * fwhm_px + np.maximum(
        wing, np.maximum(_disc_radius(flux, disc, limit), _bulge_radius(flux * bulge_fraction, bulge, limit))
    )


def _disc_radius(flux: F8, disc: F8, limit: float) -> F8:
    area, longest = np.abs(np.linalg.det(disc)), np.linalg.norm(disc, axis=(1, 2))
    centre = flux / (2 * np.pi * np.maximum(area, 1e-6))
    return np.asarray(np.where(area > 0, longest * np.log(np.maximum(centre / limit, 1.0)), 0.0))


def _bulge_radius(flux: F8, bulge: F8, limit: float) -> F8:
    area, longest = np.abs(np.linalg.det(bulge)), np.linalg.norm(bulge, axis=(1, 2))
    at_half = flux / (_DEV_NORM * np.maximum(area, 1e-6))
    root = np.maximum(1 + np.log(np.maximum(at_half, 1e-300) / limit) / _DEV_B, 0.0)
    return np.asarray(np.where(area > 0, longest * root**4, 0.0))


@cache
def _bulge_table() -> tuple[F8, F8]:
    """log k and transform of GalSim's de Vaucouleurs profile of half-light radius 1."""
    import galsim  # here: 0.7 s that calibration exposures and the plan need not spend

    log_k = np.linspace(np.log(1e-4), np.log(3e3), 600)
    profile = galsim.DeVaucouleurs(half_light_radius=1.0)
    return log_k, np.array([profile.kValue(float(k), 0.0).real for k in np.exp(log_k)])
