"""What a coadd was made of, cell by cell, and which cell each HEALPix pixel of a tract lies in."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.coadd import CoaddInputs
from gnomon.containers.healpix import centre_of, pixels_near
from gnomon.containers.skymap import SkyMap

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

_AB_NJY = 31.4
_FWHM = 2.3548200450309493  # of a Gaussian over its standard deviation
FINER = 4  # pixels along the side of one, that tell how much of it is covered
_COARSE = 64  # nside whose pixels are tried one by one


@dataclass(frozen=True, slots=True)
class TractPixels:
    """The HEALPix pixels whose middle belongs to a tract; those of all tracts together are the whole sky, once."""

    pixel: I8
    """(n,) sorted, nested."""
    patch: I8
    """(n,) primary patch."""
    cell: I8
    """(n,) index of the cell in it."""


def tract_pixels(skymap: SkyMap, tract: int, nside: int) -> TractPixels:
    """Pixels of a tract, and the cell that the patch takes each from."""
    coarse = min(nside, _COARSE)
    centre = float(skymap.ra[tract]), float(skymap.dec[tract])
    near = pixels_near(coarse, *centre, float(skymap.tract_radii()[tract]))
    while coarse < nside and len(near):
        near, coarse = (4 * near[:, None] + np.arange(4)).ravel(), 2 * coarse
        near = _around(skymap, tract, near, coarse)
    ra, dec = centre_of(nside, near)
    owner, patch = skymap.patch_of(ra, dec)
    x, y = skymap.tract_pixel(np.full(len(near), tract), ra, dec)
    box = skymap.tract_bbox(tract)
    mine = (owner == tract) & (x >= -0.5) & (y >= -0.5) & (x < box.nx - 0.5) & (y < box.ny - 0.5)
    grid, patch = skymap.grid, patch[mine]
    row, column = np.divmod(patch, int(skymap.nx[tract]))
    inside = ((v[mine] - of * grid.patch_inner + 0.5) // grid.cell_inner for v, of in ((x, column), (y, row)))
    i, j = (v.astype(np.int64) + grid.cells_border for v in inside)
    side = grid.cells_inner + 2 * grid.cells_border
    return TractPixels(near[mine], patch, j * side + i)


def covered_share(pixels: TractPixels, finer: TractPixels, covered: Mapping[int, F8]) -> F8:
    """Share of each pixel's area that has information, of the part of it that belongs to the tract.

    Parameters
    ----------
    pixels : of a tract
    finer : those that each pixel is cut into, a power of four
    covered : (n_cells,) share of a cell's pixels that have information, by patch; what is not there has none

    Returns
    -------
    (n,) 0 to 1, to a finer pixel at the edge
    """
    inside = np.zeros(len(finer.pixel))
    for patch, share in covered.items():
        mine = finer.patch == patch
        inside[mine] = share[finer.cell[mine]]
    parent = finer.pixel // FINER**2
    row = np.searchsorted(pixels.pixel, parent)
    row = np.minimum(row, len(pixels.pixel) - 1)
    known = pixels.pixel[row] == parent
    n = len(pixels.pixel)
    count = np.bincount(row[known], minlength=n)
    return np.asarray(np.bincount(row[known], inside[known], n) / np.maximum(count, 1))


def _around(skymap: SkyMap, tract: int, pixel: I8, nside: int) -> I8:
    """Those pixels whose middle lies within the tract or a pixel beside it."""
    x, y = skymap.tract_pixel(np.full(len(pixel), tract), *centre_of(nside, pixel))
    reach = (
        2.0 / nside / skymap.grid.pixel_scale
    )  # a pixel's corners lie within 1.2 / nside; the plane stretches
    box = skymap.tract_bbox(tract)
    with np.errstate(invalid="ignore"):
        return pixel[(x > -reach) & (y > -reach) & (x < box.nx + reach) & (y < box.ny + reach)]


def cell_statistics(inputs: CoaddInputs, values: Mapping[str, F8], n_cells: int) -> dict[str, F8]:
    """Least, mean and greatest value over the inputs of each cell, and the mean by their weights in the coadd.

    NaN for cells without inputs.

    Parameters
    ----------
    values : (n,) by name, one an input; an unknown one, NaN, is left out
    n_cells : cells of the patch

    Returns
    -------
    (n_cells,) by ``<name>_min``, ``<name>_max``, ``<name>_mean``, ``<name>_weighted_mean``
    """
    found: dict[str, F8] = {}
    for name, value in values.items():
        known = np.isfinite(value)
        cell, some, weight = inputs.cell[known], value[known], inputs.weight[known]
        least, greatest = np.full(n_cells, np.inf), np.full(n_cells, -np.inf)
        np.minimum.at(least, cell, some)
        np.maximum.at(greatest, cell, some)
        count = np.bincount(cell, minlength=n_cells)
        mean = np.bincount(cell, some, n_cells) / np.maximum(count, 1)
        total = np.bincount(cell, weight, n_cells)
        weighted = np.bincount(cell, weight * some, n_cells) / np.where(count > 0, total, 1)
        found[f"{name}_weighted_mean"] = np.where(count > 0, weighted, np.nan)
        for kind, of in (("min", least), ("max", greatest), ("mean", mean)):
            found[f"{name}_{kind}"] = np.where(count > 0, of, np.nan)
    return found


def cell_depth(inputs: CoaddInputs, psf: F4) -> dict[str, F8]:
    """Number of inputs, depth and PSF size of each cell.

    The variance of the mean is the inverse of the sum of the weights, for a weight is the inverse of an input's
    variance; noise of pixels taken as independent.

    Parameters
    ----------
    psf : (n_cells, size, size) PSF images of unit total flux

    Returns
    -------
    (n_cells,) ``n_exposure``; ``depth``, AB magnitude of a point source at five standard deviations; ``psf_fwhm``,
    pixels, of the Gaussian with the PSF's noise-equivalent area; NaN for cells without inputs
    """
    n_cells = len(psf)
    count = np.bincount(inputs.cell, minlength=n_cells).astype(np.float64)
    weight = np.bincount(inputs.cell, inputs.weight, n_cells)
    images = psf.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        area = images.sum(axis=(1, 2)) ** 2 / (images**2).sum(axis=(1, 2))
        flux_error = np.sqrt(1 / (images**2).sum(axis=(1, 2)) / weight)
        depth = _AB_NJY - 2.5 * np.log10(5 * flux_error)
    none = count == 0
    seen = {"n_exposure": count, "depth": depth, "psf_fwhm": _FWHM * np.sqrt(area / (4 * np.pi))}
    return {name: np.where(none, np.nan, of) for name, of in seen.items()}


def turned_ellipticity(e1: F8, e2: F8, x: F8, y: F8) -> tuple[F8, F8]:
    """Ellipticities measured along the axes of detectors, along those of the coadd.

    Parameters
    ----------
    e1, e2 : (n,) (ixx - iyy, 2 ixy) / (ixx + iyy) on the detectors
    x, y : (n, 4) their corners on the coadd, lower left, lower right, upper right, upper left

    Returns
    -------
    the same two on the coadd; detectors are taken as parallelograms with sides of equal scale
    """
    u = np.stack([x[:, 1] + x[:, 2] - x[:, 0] - x[:, 3], y[:, 1] + y[:, 2] - y[:, 0] - y[:, 3]], -1)
    v = np.stack([x[:, 3] + x[:, 2] - x[:, 0] - x[:, 1], y[:, 3] + y[:, 2] - y[:, 0] - y[:, 1]], -1)
    u /= np.linalg.norm(u, axis=-1, keepdims=True)
    v /= np.linalg.norm(v, axis=-1, keepdims=True)
    xx, yy, xy = (
        (1 + e1) * u[:, a] * u[:, b]
        + (1 - e1) * v[:, a] * v[:, b]
        + e2 * (u[:, a] * v[:, b] + v[:, a] * u[:, b])
        for a, b in ((0, 0), (1, 1), (0, 1))
    )
    return (xx - yy) / (xx + yy), 2 * xy / (xx + yy)
