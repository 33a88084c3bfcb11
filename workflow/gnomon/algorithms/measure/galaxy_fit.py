"""Elliptical galaxy models, convolved with the PSF, fitted to many stamps at once in Fourier space.

The model is a disc and a bulge (exponential and de Vaucouleurs profile) of one half-light radius, ellipticity and
place; the part of the bulge makes it as concentrated as Sersic profiles of index 1 to 4 are.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.fft import ifftshift, rfft2

from gnomon.algorithms.measure.profiles import (
    de_vaucouleurs,
    de_vaucouleurs_within,
    exponential,
    exponential_within,
    quadratic_form,
)

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
C8 = npt.NDArray[np.complex64]
B1 = npt.NDArray[np.bool_]

N_PARAMETERS = 4
"""ln half-light radius (pixels), two of ellipticity (see `quadratic_form`), part of the light in the bulge."""
MAX_STEPS = 25
SMALLEST_RADIUS, LARGEST_PART = 0.05, 0.3  # half-light radius: pixels, and part of the stamp's side
LARGEST_ETA = 2.5  # an axis ratio of 12
PRIOR_BULGE = 0.3
PRIOR_WIDTH = np.array([1.0, 1.0, 1.0, 1.0])
"""Standard deviations of ln radius about that of the PSF, of the ellipticities about 0, of the bulge."""
TRANSPARENT = 0.01  # modes that the PSF dims below this part carry next to nothing
CONVERGED = 1e-3  # rise of the logarithm of the posterior in a step


@dataclass(frozen=True, slots=True)
class Modes:
    """Stamps of one size in Fourier space; only the modes that their PSFs let through, the constant first."""

    kx: F8
    """(m,) radians per pixel."""
    ky: F8
    """(m,)"""
    data: F8
    """(n, m) real part of data times conjugate PSF, moved to the centre, times the multiplicity of the mode."""
    power: F8
    """(n, m) squared modulus of the PSF times the multiplicity."""
    noise: F8
    """(n,) variance of a mode: that of a pixel times the number of pixels."""
    psf_radius: F8
    """(n,) half-light radius of the PSF taken as a Gaussian, pixels."""
    side: int
    """Pixels."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Models fitted to n stamps."""

    parameters: F8
    """(n, 4) as `N_PARAMETERS` says."""
    covariance: F8
    """(n, 4, 4) of them, the prior included."""
    flux: F8
    """(n,) total."""
    converged: B1
    """(n,) to a positive flux."""


def transforms(stamps: npt.NDArray[np.floating]) -> C8:
    """(n, side, side // 2 + 1) transforms about the middle pixel."""
    return np.asarray(rfft2(ifftshift(np.asarray(stamps, np.float32), axes=(1, 2))))


def wave_numbers(side: int) -> tuple[F8, F8, F8]:
    """kx, ky and multiplicity of each mode of a real transform, (side, side // 2 + 1) each; side odd."""
    kx, ky = 2 * np.pi * np.fft.rfftfreq(side), 2 * np.pi * np.fft.fftfreq(side)[:, None]
    shape = (side, len(kx))
    twice = np.where(np.arange(len(kx)) == 0, 1.0, 2.0)
    return np.broadcast_to(kx, shape), np.broadcast_to(ky, shape), np.broadcast_to(twice, shape)


def phases(x: F8, y: F8, kx: F8, ky: F8) -> C8:
    """(n, ny, nx) complex64 factors that move a source at (x, y) from the middle pixel to the middle."""
    along = np.exp(1j * x[:, None] * kx[0])[:, None, :]
    up = np.exp(1j * y[:, None] * ky[:, 0])[:, :, None]
    return np.asarray(along * up, np.complex64)


def modes_of(stamps: F4, variance: F8, psf: C8, x: F8, y: F8) -> Modes:
    """Stamps as `fit_models` wants them.

    Parameters
    ----------
    stamps : (n, side, side) float32, side odd.
    variance : (n,) of a pixel.
    psf : transforms of the PSFs on the same side.
    x, y : (n,) place of the source from the middle pixel.
    """
    side = stamps.shape[-1]
    kx, ky, twice = wave_numbers(side)
    seen = np.abs(psf).max(axis=0) > TRANSPARENT
    data = (transforms(stamps) * phases(x, y, kx, ky))[:, seen].astype(np.complex128)
    kx, ky, twice, beam = kx[seen], ky[seen], twice[seen], psf[:, seen].astype(np.complex128)
    power = np.abs(beam) ** 2 * twice
    width = np.sum(power, axis=1) / np.sum(power * (kx**2 + ky**2), axis=1)  # sigma^2 of a Gaussian PSF
    real = (data * np.conj(beam)).real * twice
    return Modes(kx, ky, real, power, variance * side**2, 1.1774 * np.sqrt(width), side)


def values(parameters: F8, kx: F8, ky: F8) -> F8:
    """(n, m) transforms of models of unit flux."""
    q, _ = quadratic_form(parameters[:, :3], kx, ky)
    bulge = parameters[:, 3:]
    return np.asarray((1 - bulge) * exponential(q)[0] + bulge * de_vaucouleurs(q)[0])


def fit_models(modes: Modes) -> Fit:
    """Levenberg-Marquardt with a weak prior, the flux eliminated, all stamps at once.

    Limits: one source a stamp, noise white and the same all over it.
    """
    n = len(modes.data)
    best = np.column_stack([np.log(modes.psf_radius), *np.zeros((2, n)), np.full(n, PRIOR_BULGE)])
    state = _evaluate(modes, best)
    damping, done = np.full(n, 1e-2), np.zeros(n, np.bool_)
    for _ in range(MAX_STEPS):
        rows = np.flatnonzero(~done)
        if not len(rows):
            break
        mine, here = _take(modes, rows), tuple(a[rows] for a in state)
        trial = _bounded(best[rows] + _step(here, best[rows], damping[rows]), modes.side)
        tried = _evaluate(mine, trial)
        rise = tried[1] - here[1]
        better = rise >= 0
        done[rows] = better & (rise < CONVERGED)
        damping[rows] *= np.where(better, 0.2, 8.0)
        best[rows[better]] = trial[better]
        for kept, new in zip(state, tried, strict=True):
            kept[rows[better]] = new[better]
    return Fit(best, np.asarray(np.linalg.inv(state[3]), np.float64), state[0], done & (state[0] > 0))


def _take(modes: Modes, rows: npt.NDArray[np.intp]) -> Modes:
    """Some of the stamps."""
    some = {n: getattr(modes, n)[rows] for n in ("data", "power", "noise", "psf_radius")}
    return replace(modes, **some)


def _step(state: tuple[F8, ...], at: F8, damping: F8) -> F8:
    """(n, 4) damped Newton steps; a bulge that would leave [0, 1] stays where it is."""
    _, _, gradient, curvature = state
    held = np.zeros(gradient.shape, np.bool_)
    held[:, 3] = ((at[:, 3] <= 0) & (gradient[:, 3] < 0)) | ((at[:, 3] >= 1) & (gradient[:, 3] > 0))
    damped = curvature * (1 + damping[:, None, None] * np.eye(N_PARAMETERS))
    damped = np.where(held[:, :, None] | held[:, None, :], np.eye(N_PARAMETERS), damped)
    return np.asarray(np.linalg.solve(damped, np.where(held, 0.0, gradient)[:, :, None])[:, :, 0])


def _bounded(parameters: F8, side: int) -> F8:
    eta = parameters[:, 1:3]
    modulus = np.maximum(np.hypot(eta[:, :1], eta[:, 1:]), 1e-12)
    radius = np.clip(parameters[:, 0], np.log(SMALLEST_RADIUS), np.log(LARGEST_PART * side))
    return np.column_stack(
        [radius, eta * np.minimum(1.0, LARGEST_ETA / modulus), np.clip(parameters[:, 3], 0.0, 1.0)]
    )


def _model(modes: Modes, parameters: F8) -> tuple[F8, F8]:
    """Transforms (n, m) of models of unit flux, and their derivatives by the parameters (4, n, m).

    Light that leaves the stamp is missing from the data, which changes the constant mode and hardly another:
    there the transform is the part of the light within the circle of the stamp's area.
    """
    q, by = quadratic_form(parameters[:, :3], modes.kx, modes.ky)
    bulge = parameters[:, 3:]
    (disc, disc_slope), (dev, dev_slope) = exponential(q), de_vaucouleurs(q)
    by *= ((1 - bulge) * disc_slope + bulge * dev_slope) / np.maximum(q, 1e-30)
    reach = modes.side / np.sqrt(np.pi) * np.exp(-parameters[:, 0])
    for value, within in ((disc, exponential_within), (dev, de_vaucouleurs_within)):
        value[:, 0] = within(reach)
    whole = (1 - bulge) * disc + bulge * dev
    nearer = (1 - bulge[:, 0]) * exponential_within(reach * 0.99) + bulge[:, 0] * de_vaucouleurs_within(
        reach * 0.99
    )
    by[:, :, 0] = 0
    by[0, :, 0] = (nearer - whole[:, 0]) / 0.01
    return whole, np.concatenate([by, (dev - disc)[None]])


def _evaluate(modes: Modes, parameters: F8) -> tuple[F8, ...]:
    """Flux, and of minus half of chi squared and prior the value, gradient (n, 4) and curvature (n, 4, 4)."""
    value, by = _model(modes, parameters)
    weighted = modes.power * value
    norm = np.einsum("nm,nm->n", weighted, value)
    flux = np.einsum("nm,nm->n", modes.data, value) / norm
    along = np.einsum("nm,pnm->np", weighted, by)
    residual = modes.data - flux[:, None] * weighted
    scale = 1 / modes.noise
    gradient = np.einsum("pnm,nm->np", by, residual) * (flux * scale)[:, None]
    curvature = np.stack([np.einsum("nm,pnm->np", modes.power * b, by) for b in by], 1)
    curvature -= along[:, :, None] * along[:, None, :] / norm[:, None, None]
    curvature *= (flux**2 * scale)[:, None, None]
    off = parameters - PRIOR_BULGE * np.eye(N_PARAMETERS)[3]
    off[:, 0] -= np.log(modes.psf_radius)
    tight = PRIOR_WIDTH**-2.0
    gain = 0.5 * flux * np.abs(flux) * norm * scale - 0.5 * np.sum(off**2 * tight, axis=1)
    return flux, gain, gradient - off * tight, curvature + np.diag(tight)
