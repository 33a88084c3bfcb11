"""The sky in parts of a band from epochs that refraction smeared differently.

For every Fourier mode k an epoch i sees ``F_i = P_i / T sum_s exp(-2 pi i k d_is) M_s``: P_i its PSF, T that of the
models, d_is how far part s of the band is displaced. The models M_s are the ridge solution over all epochs, after
Sullivan et al. (LSST DMTN-037), who iterate in real space. The ridge holds the parts together where no epoch tells
them apart.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft2, next_fast_len, rfft2

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
C16 = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]

_RIDGE = 1e-3  # of the weight of all epochs: how much parts of the band may differ
_FLOOR = 1e-6  # of the same, for all parts alike
_DARK = 1e-9  # of the same, over the power of the models' PSF: what no PSF holds is not invented
_PASSES = 3  # first masked pixels are the mean's, then what the models say; widths of PSFs likewise
_WIDTH_ERROR = 0.02  # relative, of the PSF model of an epoch, before its pixels are asked
_BRIGHT = 20.0  # noise of a pixel, above which it tells of a width: fainter ones of a sharp epoch are the models' noise
_EPSILON = 1e-14  # of the power of the PSF at frequency 0: only keeps zero from dividing


@dataclass(frozen=True, slots=True)
class DcrEpochs:
    """Warps of one box, one an epoch."""

    flux: F4
    """(n, ny, nx) float32, nJy."""
    good: Bools
    """(n, ny, nx) pixels that count."""
    psf: F4
    """(n, size, size) float32, size odd."""
    weight: F8
    """(n,) inverse of the variance of a pixel of sky, nJy^-2."""
    shift: F8
    """(n, nsub, 2) displacement (x, y) of each part of the band, pixels."""


@dataclass(frozen=True, slots=True)
class DcrModel:
    """Images of parts of a band."""

    planes: F4
    """(nsub, ny, nx) float32, nJy, bluest first; their sum is the sky at the zenith."""
    psf: F4
    """(size, size) float32, their PSF: the weighted mean of the epochs'."""


@dataclass(frozen=True, slots=True)
class DcrTemplate:
    """What one epoch should see."""

    flux: F4
    """(ny, nx) float32, nJy."""
    variance: F4
    """(ny, nx) float32, nJy^2: what the error of the PSF's width adds."""
    width: float
    """Factor by which the PSF was found to be wider than its model."""


def fit_dcr(epochs: DcrEpochs) -> DcrModel:
    """Models of the parts of a band.

    Pixels that do not count are filled from the mean of the epochs, then twice from the models. The width of each
    epoch's PSF is fitted along: a wrong one would be laid on the edges of the stars, where refraction shows.
    """
    space = _Space.of(epochs.flux.shape[1:], epochs.psf.shape[1])
    total = epochs.weight.sum()
    target = np.tensordot(epochs.weight / total, epochs.psf.astype(np.float64), axes=(0, 0))
    fill = np.broadcast_to(_mean(epochs), epochs.flux.shape)
    widths, planes = np.zeros(len(epochs.flux)), np.zeros((0, 0, 0), complex)
    for _ in range(_PASSES):
        planes = _solved(epochs, fill, widths, space, target)
        seen = [_seen(epochs, k, planes, target, space) for k in range(len(widths))]
        widths = np.array([s.width - 1 for s in seen])
        widths -= np.average(widths, weights=epochs.weight)  # a change of all is one of the models
        fill = np.array([s.flux for s in seen])
    models = np.array([space.back(m) for m in planes])
    return DcrModel(models.astype(np.float32), target.astype(np.float32))


def dcr_template(model: DcrModel, epoch: DcrEpochs) -> DcrTemplate:
    """What an epoch should see of a model, under its refraction and its PSF.

    Parameters
    ----------
    model : of `fit_dcr`, for the same box
    epoch : one epoch; its pixels tell the width of its PSF alone

    Limits: pixels within the refraction's displacement of the border are mirrored.
    """
    space = _Space.of(epoch.flux.shape[1:], epoch.psf.shape[1])
    planes = np.array([space.forth(m) for m in model.planes])
    return _seen(epoch, 0, planes, model.psf.astype(np.float64), space)


@dataclass(frozen=True, slots=True)
class _Space:
    """Between pixels and modes: boxes are mirrored outward by the reach of a PSF."""

    inner: tuple[int, int]
    pad: int
    shape: tuple[int, int]

    @classmethod
    def of(cls, inner: tuple[int, ...], size: int) -> "_Space":
        pad = size // 2
        return cls(
            (inner[0], inner[1]), pad, (next_fast_len(inner[0] + 2 * pad), next_fast_len(inner[1] + 2 * pad))
        )

    def forth(self, plane: npt.NDArray[np.floating]) -> C16:
        more = [(self.pad, s - n - self.pad) for s, n in zip(self.shape, self.inner, strict=True)]
        return np.asarray(rfft2(np.pad(plane.astype(np.float64), more, mode="symmetric")))

    def back(self, modes: C16) -> F8:
        whole = irfft2(modes, self.shape)
        return np.asarray(whole[self.pad : self.pad + self.inner[0], self.pad : self.pad + self.inner[1]])

    def of_psf(self, psf: npt.NDArray[np.floating]) -> C16:
        """Transform of an image about its middle pixel."""
        size = psf.shape[0]
        whole = np.zeros(self.shape)
        whole[:size, :size] = psf
        return np.asarray(rfft2(np.roll(whole, (-(size // 2), -(size // 2)), (0, 1))))

    def phases(self, shift: F8) -> C16:
        """(nsub, my, mx) of displacements (nsub, 2) in (x, y)."""
        fy, fx = np.fft.fftfreq(self.shape[0]), np.fft.rfftfreq(self.shape[1])
        down = np.exp(-2j * np.pi * fy * shift[:, 1, None])
        along = np.exp(-2j * np.pi * fx * shift[:, 0, None])
        return np.asarray(down[:, :, None] * along[:, None, :])


def _mean(epochs: DcrEpochs) -> F8:
    """Weighted mean of the pixels that count; of all where none does."""
    weight = np.where(epochs.good, epochs.weight[:, None, None], 1e-12 * epochs.weight[:, None, None])
    return np.asarray((weight * epochs.flux).sum(0) / weight.sum(0))


def _wider(psf: F4) -> F8:
    """Derivative of an image by the logarithm of its width, its flux kept: -div(x P)."""
    p, half = psf.astype(np.float64), psf.shape[0] // 2
    place = np.arange(-half, half + 1.0)
    return np.asarray(-np.gradient(place[:, None] * p, axis=0) - np.gradient(place * p, axis=1))


def _transfer(psf: npt.NDArray[np.floating], target: F8, space: _Space) -> C16:
    """From the models' PSF to another."""
    t = space.of_psf(target)
    return np.asarray(space.of_psf(psf) * t.conj() / (np.abs(t) ** 2 + _EPSILON * abs(t[0, 0]) ** 2))


def _solved(epochs: DcrEpochs, fill: F8, widths: F8, space: _Space, target: F8) -> C16:
    """(nsub, my, mx): transforms of the models."""
    nsub, modes = epochs.shift.shape[1], (space.shape[0], space.shape[1] // 2 + 1)
    normal, right = np.zeros((nsub, nsub, *modes), complex), np.zeros((nsub, *modes), complex)
    for k, w in enumerate(epochs.weight):
        plane = np.where(epochs.good[k], epochs.flux[k], fill[k])
        seen = _transfer(epochs.psf[k] + widths[k] * _wider(epochs.psf[k]), target, space)
        response = seen * space.phases(epochs.shift[k])
        normal += w * response.conj()[:, None] * response[None]
        right += w * response.conj() * space.forth(plane)
    total, same = epochs.weight.sum(), np.full((nsub, nsub), 1 / nsub)
    power = np.abs(space.of_psf(target)) ** 2
    floor = _FLOOR + _DARK * power[0, 0] / np.maximum(power, 1e-30)
    ridge = total * (_RIDGE * (np.eye(nsub) - same) + floor[..., None, None] * np.eye(nsub))
    matrix = np.moveaxis(normal, (0, 1), (2, 3)) + ridge
    return np.moveaxis(np.linalg.solve(matrix, np.moveaxis(right, 0, 2)[..., None])[..., 0], 2, 0)


def _seen(epochs: DcrEpochs, k: int, planes: C16, target: F8, space: _Space) -> DcrTemplate:
    """What epoch k sees of the models, the width of its PSF fitted to its pixels."""
    psf, good = epochs.psf[k], epochs.good[k]
    sky = (space.phases(epochs.shift[k]) * planes).sum(axis=0)
    plain, wider = (space.back(_transfer(p, target, space) * sky) for p in (psf, _wider(psf)))
    told = good & (plain > _BRIGHT / np.sqrt(epochs.weight[k]))
    rest = np.where(told, epochs.flux[k] - plain, 0)
    power = float((np.where(told, wider, 0) ** 2).sum()) * epochs.weight[k] + _WIDTH_ERROR**-2
    found = float((rest * wider).sum()) * float(epochs.weight[k]) / power
    flux, error = plain + found * wider, wider**2 / power
    return DcrTemplate(flux.astype(np.float32), error.astype(np.float32), 1 + found)
