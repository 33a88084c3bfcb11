"""Difference of two images of unlike PSF with white noise."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.fft

from gnomon.algorithms.difference.kernel import MatchingKernel
from gnomon.containers.image import F4, Image

F8 = npt.NDArray[np.float64]
C16 = npt.NDArray[np.complex128]
PsfOf = Callable[[F8, F8], F8]

CELL_PX = 128
"""Side of a cell with one kernel; smaller cells leave no better residuals."""

REACH_PX = 32
"""Margin of a cell: the filters have fallen below 1e-3 of their middle there."""

WINGS_PX = 4
"""What the PSF of the difference is larger on every side than that of the image: the filter carries light out."""

FLOOR = 1e-6
"""Noise power, relative to that of the science image, below which a mode is not amplified any further."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The two filters of n cells: difference = ``science`` * S - ``template`` * T, convolutions."""

    science: C16
    """(n, ny, nx / 2 + 1) transforms."""
    template: C16
    """likewise."""


@dataclass(frozen=True, slots=True)
class Planes:
    """What the filters make of two images."""

    flux: F4
    """(ny, nx) the difference."""
    template: F4
    """(ny, nx) the template as subtracted."""
    variance: F4
    """(ny, nx) of the difference."""
    psf: F4
    """(ncell, size, size) response of the science filter to a star of the science image, one per cell,"""
    x: F8
    """(ncell,) whose middle is in this column"""
    y: F8
    """(ncell,) and this row."""


def whitening_filters(
    kernel: F8, preconvolution: F8 | None, science_variance: F8, template_variance: F8, size: int
) -> Filters:
    """Filters of a difference with white noise in which a star of the science image keeps its flux.

    With P the preconvolution, K the kernel, s and t the noise, the plain difference P S - K T has the
    noise power s |P|^2 + t |K|^2. Division by its root (Reiss & Lupton 2016, DMTN-021, eq. 9; with P =
    the template's PSF this is Zackay, Ofek & Gal-Yam 2016, eq. 13) makes it white. Where P and K both have died
    away, the root is not taken below `FLOOR` and the noise that is missing is taken from the template,
    which has no power there: the noise stays white and no mode of a star is amplified.

    Parameters
    ----------
    kernel : (n, k, k)
    preconvolution : (p, p) with sum 1, or None
    science_variance, template_variance : (n,) per pixel, positive and not negative
    size : side of the transforms, even
    """
    s, t = science_variance[:, None, None], template_variance[:, None, None]
    k = _transform(kernel, size)
    p = np.ones_like(k[:1]) if preconvolution is None else _transform(preconvolution[None], size)
    total = s + t * np.abs(k[:, :1, :1]) ** 2
    power = s * np.abs(p) ** 2 + t * np.abs(k) ** 2 + FLOOR * total
    psi = np.sqrt(total * (1 + FLOOR) / power)
    science = psi * p
    missing = np.maximum(total - s * np.abs(science) ** 2 - t * np.abs(psi * k) ** 2, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        filled = np.sqrt(np.where(t > 0, missing / np.where(t > 0, t, 1), 0) + np.abs(psi * k) ** 2)
    direction = k + FLOOR * np.abs(k[:, :1, :1])
    return Filters(science, filled * direction / np.abs(direction))


def _transform(images: F8, size: int) -> C16:
    """Transforms of centred images on a grid of ``size``."""
    half = images.shape[-1] // 2
    padded = np.zeros((len(images), size, size))
    padded[:, : images.shape[1], : images.shape[2]] = images
    return np.asarray(scipy.fft.rfft2(np.roll(padded, (-half, -half), axis=(1, 2))), np.complex128)


def subtract_cells(
    science: Image, template: Image, kernel: MatchingKernel, preconvolution: F8 | None, psf_of: PsfOf
) -> Planes:
    """Difference of two images cell by cell, its variance, and the template as it was subtracted.

    Pixels without information (variance 0) take part with flux 0 and the cell's typical variance.

    Parameters
    ----------
    psf_of : positions (x, y) to (n, size, size) PSF of the science image
    """
    ny, nx = science.shape
    planes = [np.zeros((ny, nx), np.float32) for _ in range(3)]
    rows, columns = _cells(ny), _cells(nx)
    middle = np.array([(0.5 * (x0 + x1 - 1), 0.5 * (y0 + y1 - 1)) for y0, y1 in rows for x0, x1 in columns])
    psfs = []
    typical = _typical(science.variance), _typical(template.variance)
    for row, (y0, y1) in enumerate(rows):
        here = slice(row * len(columns), (row + 1) * len(columns))
        kernels = kernel.at(middle[here, 0], middle[here, 1])
        cuts = [_cut(i, (y0, y1), columns, v) for i, v in zip((science, template), typical, strict=True)]
        levels = [np.array([np.median(c) for c in cut[1]], np.float64) for cut in cuts]
        filters = whitening_filters(kernels, preconvolution, levels[0], levels[1], cuts[0][0].shape[-1])
        for plane, cells in zip(planes, _apply(filters, cuts), strict=True):
            for (x0, x1), cell in zip(columns, cells, strict=True):
                plane[y0:y1, x0:x1] = cell[REACH_PX : REACH_PX + y1 - y0, REACH_PX : REACH_PX + x1 - x0]
        psfs.append(_filtered_psf(psf_of(middle[here, 0], middle[here, 1]), filters.science))
    flux, taken, variance = planes
    return Planes(flux, taken, variance, np.concatenate(psfs), middle[:, 0], middle[:, 1])


def _cells(n: int) -> list[tuple[int, int]]:
    """Borders of about equal cells."""
    edges = np.linspace(0, n, max(1, round(n / CELL_PX)) + 1).round().astype(int).tolist()
    return list(pairwise(edges))


def _typical(variance: F4) -> float:
    known = variance[variance > 0]
    return float(np.median(known)) if known.size else 0.0


def _cut(
    image: Image, rows: tuple[int, int], columns: list[tuple[int, int]], fallback: float
) -> tuple[F4, F4]:
    """(n, size, size) flux and variance of a row of cells with their margins; mirrored at the border."""
    widest = max(rows[1] - rows[0], *(x1 - x0 for x0, x1 in columns))
    size = int(scipy.fft.next_fast_len(widest + 2 * REACH_PX, real=True))
    size += size % 2
    ys = _mirror(np.arange(rows[0] - REACH_PX, rows[0] - REACH_PX + size), image.shape[0])
    xs = _mirror(
        np.array([np.arange(x0 - REACH_PX, x0 - REACH_PX + size) for x0, _ in columns]), image.shape[1]
    )
    index = ys[None, :, None], xs[:, None, :]
    flux, variance = image.flux[index], image.variance[index]
    known = variance > 0
    level = [np.median(v[k]) if k.any() else fallback for v, k in zip(variance, known, strict=True)]
    filled = np.where(known, variance, np.array(level, np.float32)[:, None, None])
    return np.where(known, flux, np.float32(0)), filled


def _mirror(index: npt.NDArray[np.intp], n: int) -> npt.NDArray[np.intp]:
    """Indices beyond the border turned back inside."""
    period = max(2 * (n - 1), 1)
    folded = np.abs(index) % period
    return np.where(folded >= n, period - folded, folded)


def _apply(filters: Filters, cuts: list[tuple[F4, F4]]) -> tuple[F4, F4, F4]:
    """Difference, subtracted template and variance of a row of cells."""
    (s, s_var), (t, t_var) = cuts
    size = s.shape[-1]
    a, b = filters.science.astype(np.complex64), filters.template.astype(np.complex64)
    shape = (size, size)
    taken = scipy.fft.irfft2(scipy.fft.rfft2(t) * b, shape)
    kept = scipy.fft.irfft2(scipy.fft.rfft2(s) * a, shape)
    noise = scipy.fft.rfft2(s_var) * _squared(a, shape) + scipy.fft.rfft2(t_var) * _squared(b, shape)
    return kept - taken, taken, np.maximum(scipy.fft.irfft2(noise, shape), np.float32(0))


def _squared(transform: npt.NDArray[np.complex64], shape: tuple[int, int]) -> npt.NDArray[np.complex64]:
    """Transform of the square of a filter: what it does to a variance."""
    return np.asarray(scipy.fft.rfft2(scipy.fft.irfft2(transform, shape) ** 2), np.complex64)


def _filtered_psf(psf: F8, science: C16) -> F4:
    """PSF after the science filter, unit sum, `WINGS_PX` larger on every side."""
    size = 2 * (science.shape[-1] - 1)
    side = psf.shape[-1] + 2 * WINGS_PX
    whole = scipy.fft.irfft2(_transform(psf, size) * science, (size, size))
    centred = np.roll(whole, (side // 2, side // 2), axis=(1, 2))[:, :side, :side]
    return np.asarray(centred / centred.sum(axis=(1, 2), keepdims=True), np.float32)
