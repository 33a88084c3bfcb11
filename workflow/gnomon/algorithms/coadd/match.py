"""Warps convolved to one PSF."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft2, next_fast_len, rfft2

from gnomon.algorithms.coadd.stack import EXCLUDED, WarpStack

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

_RIDGE = 1e-5  # of the power of the PSF at frequency 0: what the PSF does not hold is not invented


def matched_stack(stack: WarpStack, fill: F4, sigma_px: float) -> WarpStack:
    """The warps with the round Gaussian PSF of ``sigma_px``, each convolved with its matching kernel.

    The kernel is that of Wiener: ``T conj(P) / (|P|^2 + ridge)`` for each Fourier mode, scaled to unit sum, so
    that fluxes are kept. Variances are convolved with its square: the noise of neighbours is correlated by more
    than the plane says.

    Parameters
    ----------
    stack : narrower PSFs than the Gaussian
    fill : (ny, nx) stands for pixels without information, and for excluded ones
    sigma_px : of the Gaussian, pixels
    """
    pad, (ny, nx) = stack.psf.shape[1] // 2, stack.flux.shape[1:]
    shape = next_fast_len(ny + 2 * pad), next_fast_len(nx + 2 * pad)
    target = _gaussian(stack.psf.shape[1], sigma_px)
    flux, variance = np.empty_like(stack.flux), np.empty_like(stack.variance)
    psf = np.empty_like(stack.psf)
    for k in range(len(stack)):
        unknown = (stack.variance[k] <= 0) | ((stack.mask[k] & np.uint32(EXCLUDED)) != 0)
        kernel = _kernel(stack.psf[k], target, shape)
        square = rfft2(np.square(irfft2(kernel, shape)))
        flux[k] = _convolved(np.where(unknown, fill, stack.flux[k]), kernel, pad, shape)
        smooth = _convolved(np.maximum(stack.variance[k], 0), square, pad, shape)
        variance[k] = np.where(stack.variance[k] > 0, np.maximum(smooth, 0), 0)
        psf[k] = _convolved(stack.psf[k], kernel, 0, shape)
    return replace(stack, flux=flux, variance=variance, psf=psf)


def _gaussian(size: int, sigma: float) -> F8:
    """(size, size) of unit sum about the middle pixel."""
    line = np.exp(-0.5 * ((np.arange(size) - size // 2) / sigma) ** 2)
    return np.asarray(np.outer(line, line) / line.sum() ** 2)


def _kernel(psf: F4, target: F8, shape: tuple[int, int]) -> npt.NDArray[np.complex128]:
    """Transform of the kernel about pixel (0, 0)."""
    given, wanted = rfft2(psf.astype(np.float64) / psf.sum(dtype=np.float64), shape), rfft2(target, shape)
    kernel = wanted * given.conj() / (np.abs(given) ** 2 + _RIDGE)
    return np.asarray(kernel / kernel[0, 0].real)


def _convolved(
    plane: npt.NDArray[np.floating], kernel: npt.NDArray[np.complex128], pad: int, shape: tuple[int, int]
) -> F8:
    """The plane, mirrored at its border, convolved with a kernel about pixel (0, 0)."""
    ny, nx = plane.shape
    wide = np.pad(plane.astype(np.float64), pad, mode="reflect") if pad else plane.astype(np.float64)
    return np.asarray(irfft2(rfft2(wide, shape) * kernel, shape)[pad : pad + ny, pad : pad + nx])
