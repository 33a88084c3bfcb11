"""Robust sky statistics on a mesh, and the spline through it."""

import numpy as np
import numpy.typing as npt

from gnomon.kernels import _background

F4 = npt.NDArray[np.float32]
I4 = npt.NDArray[np.int32]
U4 = npt.NDArray[np.uint32]


def mesh_statistics(
    flux: F4, variance: F4, mask: U4, ignore: int, cells: tuple[int, int], mean: bool = False
) -> tuple[F4, F4, I4]:
    """Level and standard deviation of the sky in each cell of a mesh.

    Two passes of moments (the second within 2 sigma), then a histogram of 1024 bins over 10 sigma, clipped at
    3 sigma about its median until nothing changes. The level is ``2.5 median - 1.5 mean`` where the two differ
    by less than 0.3 sigma, otherwise the median (Bertin & Arnouts 1996, section 4); or, if asked, the mean instead of
    that mode, which lies 2.5 / 6 of a count below the mean of a Poisson distribution. The standard deviation is
    corrected for what clipping takes from a Gaussian.

    Parameters
    ----------
    flux, variance : (ny, nx) float32, C order
        Pixels without positive variance or with a NaN are left out.
    mask : (ny, nx) uint32
    ignore
        Pixels with any of these bits are left out.
    cells : (my, mx)
        Rows and columns of the mesh, of equal cells.
    mean
        Whether the level is the clipped mean: where sources are masked.

    Returns
    -------
    level, rms : (my, mx) float32, unit of flux
        NaN where a cell has fewer than two usable pixels.
    used : (my, mx) int32
        Usable pixels of each cell.

    Raises
    ------
    ValueError
        Planes that differ in shape, or more cells than pixels.
    """
    level, rms = np.empty(cells, np.float32), np.empty(cells, np.float32)
    used = np.empty(cells, np.int32)
    _background.mesh_statistics(flux, variance, mask, ignore, mean, level, rms, used)
    return level, rms, used


def spline_surface(mesh: F4, shape: tuple[int, int], out: F4 | None = None) -> F4:
    """Natural bicubic spline through values at the centres of equal cells, at every pixel.

    Parameters
    ----------
    mesh : (my, mx) float32, finite
    shape : (ny, nx)
    out : (ny, nx) float32, C order
        Written and returned when given.

    Returns
    -------
    (ny, nx) float32
        Linear beyond the outermost centres.
    """
    surface = np.empty(shape, np.float32) if out is None else out
    _background.spline_surface(mesh, surface)
    return surface


def subtract_surface(mesh: F4, flux: F4, out: F4 | None = None) -> F4:
    """``flux - spline_surface(mesh)`` in one pass; ``out`` may be ``flux`` itself."""
    difference = np.empty_like(flux) if out is None else out
    _background.subtract_surface(mesh, flux, difference)
    return difference
