"""What tells a cosmic ray from a star in the 7 x 7 pixels around a pixel."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.cosmicray.width import SIGMA_PER_FWHM

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

REACH_PX = 3
SIDE_PX = 2 * REACH_PX + 1
MIDDLE = SIDE_PX**2 // 2

N_FEATURES = 2 * SIDE_PX**2 + 2 * 10 + 2
"""Columns of `features`."""

_NOISE = (0.003, 0.3)  # variance of the noise over that of the sky's structure: bright and faint neighbours
_NARROWER = 0.95  # the PSF varies over the detector
_FLOOR_SIGMA = 3.0  # added to a height, so that a faint one does not blow up its shape
_USUAL_FWHM_PX = 3.5

_Y, _X = (axis.ravel() for axis in np.mgrid[-REACH_PX : REACH_PX + 1, -REACH_PX : REACH_PX + 1])
_OUTSIDE = (
    np.abs(_Y) > 1,
    np.abs(_X) > 1,
    np.abs(_X - _Y) > 1,
    np.abs(_X + _Y) > 1,
    np.maximum(abs(_X), abs(_Y)) > 1,
)
"""Pixels that a track through the middle leaves alone, for four directions and for a point."""


def features(patches: F4, sigma: F4, psf_fwhm_px: float) -> F4:
    """Features (n, N_FEATURES) of n pixels.

    Heights over the noise, compressed; heights over the middle one; what the middle one has more than the best
    linear prediction from the pixels outside a track through it (four directions, and a point; two levels of noise),
    over its noise and over the middle; the noise over the middle; the width of the PSF. The prediction is that of
    `interpolate`: a sky of Gaussian PSFs has a correlation of sqrt(2) times their width.

    Parameters
    ----------
    patches : (n, SIDE_PX^2) heights above the sky, rows first
    sigma : (n,) noise of a pixel
    psf_fwhm_px : full width at half maximum of the sharpest stars, pixels
    """
    weights = _predictions(psf_fwhm_px)
    sigma = sigma[:, None]
    scale = np.abs(patches[:, MIDDLE : MIDDLE + 1]) + _FLOOR_SIGMA * sigma
    excess = patches @ weights.T
    noise = sigma * np.sqrt((weights**2).sum(1))
    width = np.full_like(sigma, np.log(psf_fwhm_px / _USUAL_FWHM_PX))
    parts = (
        _log(patches / sigma),
        patches / scale,
        _log(excess / noise),
        excess / scale,
        np.log(sigma / scale),
        width,
    )
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _log(x: F4) -> F4:
    """The inverse hyperbolic sine, in float32."""
    size = np.abs(x)
    out: F4 = np.copysign(np.log(size + np.sqrt(size * size + np.float32(1))), x)
    return out


def _predictions(psf_fwhm_px: float) -> F4:
    """(10, SIDE_PX^2) weights that leave the middle pixel less its prediction."""
    sigma = _NARROWER * psf_fwhm_px * SIGMA_PER_FWHM
    together = np.exp(-((_Y[:, None] - _Y) ** 2 + (_X[:, None] - _X) ** 2) / (4 * sigma**2))
    middle, rows = len(_Y) // 2, []
    for noise in _NOISE:
        for outside in _OUTSIDE:
            used = np.flatnonzero(outside)
            row = np.zeros(len(_Y))
            row[used] = -np.linalg.solve(
                together[np.ix_(used, used)] + noise * np.eye(len(used)), together[used, middle]
            )
            row[middle] = 1
            rows.append(row)
    return np.array(rows, np.float32)


def symmetries() -> I8:
    """(8, N_FEATURES) columns of the features of a patch turned and mirrored, in the features of the patch."""
    grid = np.arange(SIDE_PX**2).reshape(SIDE_PX, SIDE_PX)
    return np.array([_columns(np.rot90(g, k).ravel()) for g in (grid, grid.T) for k in range(4)])


def _columns(pixels: I8) -> I8:
    moved = [_mask_of(pixels, outside) for outside in _OUTSIDE]
    kinds = np.array(moved + [len(_OUTSIDE) + m for m in moved])
    area = SIDE_PX**2
    blocks = (
        pixels,
        area + pixels,
        2 * area + kinds,
        2 * area + 10 + kinds,
        [N_FEATURES - 2, N_FEATURES - 1],
    )
    return np.concatenate(blocks).astype(np.int64)


def _mask_of(pixels: I8, outside: npt.NDArray[np.bool_]) -> int:
    """Which of the masks holds the pixels that ``outside`` holds after the move."""
    held = np.zeros(len(pixels), bool)
    held[pixels[outside]] = True
    return next(i for i, other in enumerate(_OUTSIDE) if np.array_equal(other, held))
