"""Convergence from shear on the tangent plane of a tract."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MassMap:
    """Maps of one tract, experimental."""

    kappa_e: F8
    """(ny, nx) convergence, mean 0."""
    kappa_b: F8
    """(ny, nx) the part that lensing cannot make; its scatter is the noise."""
    n: I8
    """(ny, nx) galaxies per pixel."""


def binned_shear(
    x: F8, y: F8, g1: F8, g2: F8, weight: F8, shape: tuple[int, int], pixel: float
) -> tuple[F8, F8, I8]:
    """Weighted mean shear of the galaxies in each map pixel, 0 where there are none.

    Parameters
    ----------
    x, y : (n,) position on the plane, unit of ``pixel``, from the corner of the map.
    g1, g2, weight : (n,) shear along x and y, and its weight; NaN leaves a galaxy out.
    shape : rows and columns of the map.
    """
    with np.errstate(invalid="ignore"):
        i, j = np.floor(y / pixel), np.floor(x / pixel)
        inside = (i >= 0) & (i < shape[0]) & (j >= 0) & (j < shape[1]) & np.isfinite(g1 + g2 + weight)
    flat = (i[inside] * shape[1] + j[inside]).astype(np.int64)
    size = shape[0] * shape[1]
    total = np.bincount(flat, weights=weight[inside], minlength=size)
    safe = np.where(total > 0, total, 1.0)
    one, two = (np.bincount(flat, weights=(weight * g)[inside], minlength=size) / safe for g in (g1, g2))
    return one.reshape(shape), two.reshape(shape), np.bincount(flat, minlength=size).reshape(shape)


def kaiser_squires(g1: F8, g2: F8, smoothing: float = 0.0) -> tuple[F8, F8]:
    """E and B convergence of shear maps (Kaiser & Squires 1993, eq. 2.1.13), periodic, mean 0.

    Parameters
    ----------
    g1, g2 : (ny, nx) shear; zero-pad maps whose edges matter.
    smoothing : Gaussian sigma in pixels; unsmoothed maps of noisy shear have infinite variance.
    """
    ny, nx = g1.shape
    ky, kx = np.fft.fftfreq(ny)[:, None], np.fft.fftfreq(nx)[None, :]
    k2 = kx**2 + ky**2
    k2[0, 0] = 1.0
    d = ((kx**2 - ky**2) + 2j * kx * ky) / k2
    kappa = np.conj(d) * np.fft.fft2(g1 + 1j * g2)
    kappa[0, 0] = 0.0
    kappa *= np.exp(-2 * (np.pi * smoothing) ** 2 * (kx**2 + ky**2))
    back = np.fft.ifft2(kappa)
    return np.asarray(back.real, np.float64), np.asarray(back.imag, np.float64)


def mass_map(
    x: F8, y: F8, g1: F8, g2: F8, weight: F8, shape: tuple[int, int], pixel: float, smoothing: float
) -> MassMap:
    """Bin, pad by half a map on each side, invert, cut; arguments as `binned_shear` and `kaiser_squires`."""
    one, two, n = binned_shear(x, y, g1, g2, weight, shape, pixel)
    pad = [(s // 2, s // 2) for s in shape]
    e, b = kaiser_squires(np.pad(one, pad), np.pad(two, pad), smoothing)
    window = tuple(slice(p[0], p[0] + s) for p, s in zip(pad, shape, strict=True))
    return MassMap(e[window], b[window], n)
