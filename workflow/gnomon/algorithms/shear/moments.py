"""Ellipticities from moments of the deconvolved image, with their analytic response to shear.

Experimental: detection and selection are not part of the response, neighbours are not removed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
F4 = npt.NDArray[np.float32]
B1 = npt.NDArray[np.bool_]

PSF_FLOOR = 1e-3
"""Smallest modulus of the PSF's transform that is divided by; the weight is far smaller there."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """Ellipticities of n objects; NaN where pixels were unusable or the flux moment is not positive."""

    e1: F8
    """(n,) elongation along x minus y."""
    e2: F8
    """(n,) along the diagonal."""
    response1: F8
    """(n,) derivative of ``e1`` by the first shear component."""
    response2: F8
    """(n,) derivative of ``e2`` by the second."""
    flux: F8
    """(n,) flux moment, unit of the stamps."""


def wave_numbers(side: int) -> tuple[F8, F8]:
    """kx and ky of a full transform, radians per pixel, (side, side) each."""
    k = 2 * np.pi * np.fft.fftfreq(side)
    return np.broadcast_to(k, (side, side)), np.broadcast_to(k[:, None], (side, side))


def weights(side: int, sigma: float) -> F8:
    """Weights in Fourier space of the moments and of their derivatives by shear, (5, side, side).

    In order: W0 = exp(-sigma^2 k^2 / 2), W1, W2 and the derivatives of W1 by shear 1 and of W2 by shear 2.
    W1 and W2 are themselves the derivatives of W0: a shear of the image moves k, so moments of a sheared
    image are moments with sheared weights (Li, Katayama, Oguri & More 2018, section 2.2).
    """
    kx, ky = wave_numbers(side)
    s2, k2 = sigma**2, kx**2 + ky**2
    w0 = np.exp(-0.5 * s2 * k2)
    plus, cross = s2 * (kx**2 - ky**2), 2 * s2 * kx * ky
    return np.stack([w0, plus * w0, cross * w0, (plus**2 - 2 * s2 * k2) * w0, (cross**2 - 2 * s2 * k2) * w0])


def moments(stamps: F4, psf: F4, sigma: float, offsets: F8 | None = None) -> tuple[F8, F8]:
    """The five weighted moments of deconvolved stamps, and their covariance for white noise of unit variance.

    Parameters
    ----------
    stamps : (n, side, side) background-subtracted, object near the middle pixel.
    psf : (n, side, side) unit sum, centred on the middle pixel.
    sigma : Gaussian scale of the weight, pixels; larger than that of the PSF.
    offsets : (n, 2) x and y of the object from the middle pixel; None for 0.

    Returns
    -------
    (n, 5) and (n, 5, 5) float64.
    """
    side = stamps.shape[-1]
    w = weights(side, sigma)
    norm = w[0].sum()
    p = np.fft.fft2(np.asarray(psf, np.float64))
    power = np.maximum(np.abs(p) ** 2, PSF_FLOOR**2)
    seen = np.fft.fft2(np.asarray(stamps, np.float64))
    if offsets is not None:
        kx, ky = wave_numbers(side)
        seen *= np.exp(1j * (kx * offsets[:, :1, None] + ky * offsets[:, 1:, None]))
    deconvolved = (seen * np.conj(p) / power).real
    m = np.einsum("nyx,wyx->nw", deconvolved, w) / norm
    cov = np.einsum("nyx,wyx,vyx->nwv", side**2 / power, w, w, optimize=True) / norm**2
    return m, cov


def shapes(
    stamps: F4,
    variance: npt.ArrayLike,
    psf: F4,
    sigma: float,
    softening: float,
    offsets: F8 | None = None,
) -> Shapes:
    """Ellipticities and responses, corrected for noise bias to second order.

    e = -M1 / (M0 + C): the softening C keeps faint objects from diverging and gives them little weight
    (Zhang 2011; Li & Zhang 2021). A sample's shear is mean(e) / mean(response).

    Parameters
    ----------
    stamps, psf, sigma, offsets : as `moments`; a stamp with a NaN is not measured.
    variance : (n,) or scalar, of a pixel.
    softening : C, unit of flux; about the flux at signal-to-noise 10.
    """
    usable: B1 = np.asarray((np.isfinite(stamps) & np.isfinite(psf)).all(axis=(1, 2)), np.bool_)
    clean, beam = (np.where(usable[:, None, None], v, np.float32(0)) for v in (stamps, psf))
    m, cov = moments(clean, beam, sigma, offsets)
    cov = cov * np.broadcast_to(np.asarray(variance, np.float64), len(m))[:, None, None]
    d = m[:, 0] + softening
    ok: B1 = usable & (m[:, 0] > 0)
    safe = np.where(ok, d, 1.0)
    e1, r1 = _ratio(m, cov, safe, 1, 3)
    e2, r2 = _ratio(m, cov, safe, 2, 4)
    parts = (np.where(ok, v, np.nan) for v in (e1, e2, r1, r2, m[:, 0]))
    return Shapes(*parts)


def _ratio(m: F8, cov: F8, d: F8, a: int, b: int) -> tuple[F8, F8]:
    """Ellipticity -m_a / d and its response -m_b / d + (m_a / d)^2, without their second-order noise bias."""
    v00, va0, vb0, vaa = cov[:, 0, 0], cov[:, a, 0], cov[:, b, 0], cov[:, a, a]
    x, y = m[:, a] / d, m[:, b] / d
    e = -(x * (1 - v00 / d**2) + va0 / d**2)
    linear = -(y * (1 - v00 / d**2) + vb0 / d**2)
    square = x**2 - vaa / d**2 - 3 * x**2 * v00 / d**2 + 4 * x * va0 / d**2
    return e, linear + square


def mean_shear(s: Shapes) -> tuple[float, float, float]:
    """Shear of a sample and the error of a component; NaN of an empty one."""
    ok = np.isfinite(s.e1)
    n = int(ok.sum())
    if not n:
        return np.nan, np.nan, np.nan
    r1, r2 = float(s.response1[ok].mean()), float(s.response2[ok].mean())
    scatter = float(np.sqrt(0.5 * (s.e1[ok].var() + s.e2[ok].var()) / n))
    return float(s.e1[ok].mean()) / r1, float(s.e2[ok].mean()) / r2, 2 * scatter / abs(r1 + r2)
