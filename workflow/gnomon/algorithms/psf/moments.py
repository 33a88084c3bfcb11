"""Adaptive second moments: the elliptical Gaussian that weights an image as the image weights itself."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

_STEPS = 40
_TOLERANCE = 1e-7  # of the moments' trace: two digits below the best PSF models


@dataclass(frozen=True, slots=True)
class Moments:
    """Centroid and covariance of the adaptive Gaussian of each of n images; NaN where none was found."""

    x: F8
    """(n,) centroid from the middle pixel, pixels."""
    y: F8
    """(n,) likewise."""
    xx: F8
    """(n,) second moments, pixels squared."""
    xy: F8
    """(n,)"""
    yy: F8
    """(n,)"""
    flux: F8
    """(n,) flux of the Gaussian, unit of the image."""

    @property
    def trace(self) -> F8:
        """T = xx + yy, pixels squared."""
        return self.xx + self.yy

    @property
    def e1(self) -> F8:
        """(xx - yy) / T."""
        return (self.xx - self.yy) / self.trace

    @property
    def e2(self) -> F8:
        """2 xy / T."""
        return 2 * self.xy / self.trace


def adaptive_moments(images: npt.NDArray[np.floating], start_sigma_px: float = 1.7) -> Moments:
    """Moments by the iteration of Bernstein & Jarvis (2002, AJ 123, 583, section 3.1) on many stamps at once.

    At the solution the weight's covariance M equals twice the weighted covariance of the image, and the
    weighted centroid is the weight's centre; the same quantities as of ``galsim.hsm.FindAdaptiveMom``.

    Parameters
    ----------
    images : (n, ny, nx), sides odd; sky subtracted
    start_sigma_px : width of the first weight

    Returns
    -------
    Moments, float64; NaN for images whose iteration left the stamp or found no positive flux.
    """
    n, ny, nx = images.shape
    y, x = np.mgrid[:ny, :nx].astype(np.float64)
    u, v = (x - nx // 2).ravel(), (y - ny // 2).ravel()
    basis = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1)
    pixels = images.reshape(n, ny * nx).astype(np.float64)
    state = np.tile([0.0, 0.0, start_sigma_px**2, 0.0, start_sigma_px**2, 0.0], (n, 1))
    active = np.arange(n)
    for _ in range(_STEPS):
        if not len(active):
            break
        new = _step(pixels[active], basis, state[active], max(nx, ny) / 2)
        with np.errstate(invalid="ignore"):
            moved = np.abs(new[:, :5] - state[active, :5]).max(1) > _TOLERANCE * (new[:, 2] + new[:, 4])
        state[active] = new
        active = active[moved & np.isfinite(new).all(1)]
    state[active] = np.nan
    return Moments(*state.T)


def _step(pixels: F8, basis: F8, state: F8, limit: float) -> F8:
    """One update of (x, y, xx, xy, yy, flux) per image; NaN where it cannot go on."""
    x0, y0, xx, xy, yy = (state[:, k, None] for k in range(5))
    determinant = xx * yy - xy * xy
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        inverse = np.concatenate([yy, -2 * xy, xx], 1) / determinant
        a, b, c = (inverse[:, k, None] for k in range(3))
        # the exponent a (u - x0)^2 + b (u - x0)(v - y0) + c (v - y0)^2, expanded in the basis
        linear = [a * x0**2 + b * x0 * y0 + c * y0**2, -2 * a * x0 - b * y0, -2 * c * y0 - b * x0, a, b, c]
        weight = np.exp(-0.5 * (np.concatenate(linear, 1) @ basis.T))
        s, sx, sy, sxx, sxy, syy = ((weight * pixels) @ basis).T
        mx, my = sx / s, sy / s
        new_x, new_y = 2 * mx - x0[:, 0], 2 * my - y0[:, 0]
        cov = [2 * (sxx / s - mx * mx), 2 * (sxy / s - mx * my), 2 * (syy / s - my * my)]
        flux = 2 * s  # of a Gaussian whose weight is itself: the integral of its square is half its product
        new = np.stack([new_x, new_y, *cov, flux], 1)
        bad = (s <= 0) | (cov[0] <= 0) | (cov[2] <= 0) | (cov[0] * cov[2] <= cov[1] ** 2)
        bad |= (np.abs(new_x) > limit) | (np.abs(new_y) > limit)
    new[bad] = np.nan
    return new
