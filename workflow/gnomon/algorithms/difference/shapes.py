"""Dipoles and trails fitted to the difference around a detection."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon import flags
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

SLOPE_STEP_PX = 0.1
"""Step of the differences that give the PSF's slope: error 2e-3 of it for a sigma of 1 px."""

POINTS_PER_PX = 1.0
"""Stars a trail is drawn with, per pixel: ripples stay below 1e-4 for a sigma above 1 px."""

LONGEST_PX = 60.0
"""No longer trail is fitted."""

FIT_SIGMAS = 4.0
"""Reach of a fit beyond the source, in standard deviations of the PSF."""


@dataclass(frozen=True, slots=True)
class LinearFit:
    """A linear model fitted to the pixels of one stamp."""

    value: F8
    """(nparameter,)."""
    error: F8
    """(nparameter,) standard errors."""
    chi2: float
    ndata: int
    """Usable pixels; with none the values are NaN."""


@dataclass(frozen=True, slots=True)
class Trail:
    """A line of uniform brightness seen through the PSF."""

    flux: float
    flux_err: float
    length: float
    """Pixels."""
    length_err: float
    angle: float
    """Radians from +x to +y, in (-pi/2, pi/2]."""
    chi2: float
    ndata: int


NO_TRAIL = Trail(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, 0)


def fit_linear(image: Image, ix: int, iy: int, models: F8) -> LinearFit:
    """Amplitudes of images around the pixel (ix, iy), weighted by inverse variance.

    Parameters
    ----------
    models : (n, side, side), middle pixel on (ix, iy)
    """
    half = models.shape[-1] // 2
    ny, nx = image.shape
    y0, y1, x0, x1 = max(iy - half, 0), min(iy + half + 1, ny), max(ix - half, 0), min(ix + half + 1, nx)
    none = np.full(len(models), np.nan)
    if y1 <= y0 or x1 <= x0:
        return LinearFit(none, none, np.nan, 0)
    part = image.section(slice(y0, y1), slice(x0, x1))
    weight = part.weight(flags.UNUSABLE).astype(np.float64).ravel()
    a = models[:, y0 - iy + half : y1 - iy + half, x0 - ix + half : x1 - ix + half].reshape(len(models), -1)
    normal = (a * weight) @ a.T
    count = int((weight > 0).sum())
    if count <= len(models) or np.linalg.matrix_rank(normal) < len(models):
        return LinearFit(none, none, np.nan, count)
    covariance = np.linalg.inv(normal)
    data = part.flux.astype(np.float64).ravel()
    value = covariance @ ((a * weight) @ data)
    chi2 = float((weight * (data - value @ a) ** 2).sum())
    return LinearFit(value, np.sqrt(np.diag(covariance)), chi2, count)


def fit_dipole(image: Image, psf: PsfModel, x: float, y: float) -> LinearFit:
    """Total flux and dipole moment about a point: D = F P - m . grad P.

    A star of flux f that moved by d leaves F = 0 and m = f d, to second order in d over the PSF's width; flux
    and shift cannot be told apart from the difference alone (Reiss 2016, DMTN-007).

    Returns
    -------
    LinearFit : values (F, m_x, m_y) in nJy, nJy px, nJy px
    """
    ix, iy = round(x), round(y)
    dx, dy = x - ix, y - iy
    h = SLOPE_STEP_PX
    moved = psf.stamps(
        [x] * 5, [y] * 5, np.array([0, h, -h, 0, 0]) + dx, np.array([0, 0, 0, h, -h]) + dy
    ).astype(np.float64)
    # The stamp of a star moved by +h less that moved by -h is -2h dP/dx: the sign of m is in it.
    models = np.stack([moved[0], (moved[1] - moved[2]) / (2 * h), (moved[3] - moved[4]) / (2 * h)])
    half = psf.size // 2
    reach = min(half, _reach(psf))
    middle = slice(half - reach, half + reach + 1)
    return fit_linear(image, ix, iy, models[:, middle, middle])


def _reach(psf: PsfModel) -> int:
    """`FIT_SIGMAS` of the Gaussian with the noise-equivalent area of the PSF, pixels."""
    image = psf.samples(*psf.centre)[0]
    return int(np.ceil(FIT_SIGMAS / np.sqrt(4 * np.pi * (image**2).sum())))


def fit_trail(image: Image, psf: PsfModel, x: float, y: float, length: float, angle: float) -> Trail:
    """The trail through (x, y) that fits best, searched about a first guess.

    Length and angle are searched on a grid that narrows; the flux is linear. The error of the length is from
    the curvature of chi2.

    Parameters
    ----------
    length, angle : first guess, pixels and radians
    """
    length = float(np.clip(length, 1.0, LONGEST_PX))
    half = int(0.75 * length) + _reach(psf)

    def tried(length: float, angle: float) -> _Tried:
        models = trail_image(psf, x, y, max(length, 0.0), angle, half)[None]
        return fit_linear(image, round(x), round(y), models), length, angle

    best = tried(length, angle)
    for spread in (0.5, 0.25, 0.12, 0.06):
        for scale in (1 - spread, 1 + spread):
            best = min(best, tried(min(length * scale, LONGEST_PX), angle), key=_chi2)
        length = best[1]
        turn = spread * np.clip(6.0 / length, 0.1, 1.0)
        for step in (-turn, turn):
            best = min(best, tried(length, angle + step), key=_chi2)
        angle = best[2]
    fit = best[0]
    if not np.isfinite(fit.chi2):
        return NO_TRAIL
    step = max(0.1 * length, 0.3)
    beside = [tried(length + s, angle)[0].chi2 for s in (-step, step)]
    curvature = (sum(beside) - 2 * fit.chi2) / step**2
    error = float(np.sqrt(2 / curvature)) if curvature > 0 else float("nan")
    turned = float(np.pi / 2 - (np.pi / 2 - angle) % np.pi)
    return Trail(float(fit.value[0]), float(fit.error[0]), length, error, turned, fit.chi2, fit.ndata)


_Tried = tuple[LinearFit, float, float]


def _chi2(tried: _Tried) -> float:
    return tried[0].chi2 if np.isfinite(tried[0].chi2) else np.inf


def trail_image(psf: PsfModel, x: float, y: float, length: float, angle: float, half: int) -> F8:
    """(2 half + 1, 2 half + 1) image of a trail of unit flux centred on (x, y); the middle pixel is the nearest.

    Stars in a row, each standing for an equal part of the trail.
    """
    n = max(2, int(np.ceil(length * POINTS_PER_PX)) + 1)
    along = ((np.arange(n) + 0.5) / n - 0.5) * length
    px = x - round(x) + along * np.cos(angle)
    py = y - round(y) + along * np.sin(angle)
    ix, iy = np.rint(px).astype(np.intp), np.rint(py).astype(np.intp)
    stamps = psf.stamps(np.full(n, x), np.full(n, y), px - ix, py - iy)
    wide = psf.size // 2 + max(half, int(np.ceil(0.5 * length)) + 1)
    canvas = np.zeros((2 * wide + 1, 2 * wide + 1))
    for stamp, a, b in zip(stamps, ix, iy, strict=True):
        y0, x0 = wide + b - psf.size // 2, wide + a - psf.size // 2
        canvas[y0 : y0 + psf.size, x0 : x0 + psf.size] += stamp
    middle = slice(wide - half, wide + half + 1)
    return np.asarray(canvas[middle, middle] / n, np.float64)
