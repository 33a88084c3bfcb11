"""Pairs of small star fields with known PSFs, made by the tests of differencing."""

from dataclasses import dataclass, replace

import numpy as np

from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel

HALF = 16


def moffat(fwhm, e=0.0, beta=3.0, dx=0.0, dy=0.0, half=HALF):
    """Samples of a Moffat profile of unit sum over a stamp twice as large."""
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(float)
    x, y = x - dx, y - dy
    r0 = 0.5 * fwhm / np.sqrt(2 ** (1 / beta) - 1)
    image = (1 + (x * x * (1 + e) + y * y / (1 + e)) / r0**2) ** -beta
    return image / whole(fwhm, e, beta)


def whole(fwhm, e, beta):
    r0 = 0.5 * fwhm / np.sqrt(2 ** (1 / beta) - 1)
    return np.pi * r0**2 / (beta - 1)


@dataclass(frozen=True)
class Seeing:
    """PSF of one epoch: width and ellipticity, with relative gradients of the width along x and y."""

    fwhm: float
    e: float = 0.0
    slope_x: float = 0.0
    slope_y: float = 0.0

    def at(self, u, v):
        return self.fwhm * (1 + self.slope_x * u + self.slope_y * v), self.e


def psf_model(seeing, shape):
    """The model of the PSF: exact at nine places, quadratic between."""
    v, u = np.mgrid[-1:1:5j, -1:1:5j]
    images = np.array([moffat(*seeing.at(a, b)) for a, b in zip(u.ravel(), v.ravel(), strict=True)])
    images /= images.sum(axis=(1, 2), keepdims=True)
    from gnomon.containers.psf import polynomial_terms

    terms = polynomial_terms((u.ravel(), v.ravel()), 2)
    basis = np.linalg.lstsq(terms, images.reshape(len(terms), -1), rcond=None)[0]
    ny, nx = shape
    centre, scale = ((nx - 1) / 2, (ny - 1) / 2), (nx / 2, ny / 2)
    return PsfModel(basis.reshape(-1, *images.shape[1:]).astype("f4"), 2, centre, scale)


def paint(shape, seeing, x, y, flux):
    """Stars on an empty image. Fluxes are those within the PSF model's stamp."""
    out = np.zeros((shape[0] + 2 * HALF, shape[1] + 2 * HALF))
    for a, b, f in zip(x, y, flux, strict=True):
        u, v = (a - (shape[1] - 1) / 2) / (shape[1] / 2), (b - (shape[0] - 1) / 2) / (shape[0] / 2)
        ix, iy = round(a), round(b)
        stamp = moffat(*seeing.at(u, v), dx=a - ix, dy=b - iy)
        stamp *= f / moffat(*seeing.at(u, v)).sum()
        out[iy : iy + 2 * HALF + 1, ix : ix + 2 * HALF + 1] += stamp
    return out[HALF:-HALF, HALF:-HALF]


@dataclass(frozen=True)
class Pair:
    science: Image
    science_psf: PsfModel
    template: Image
    template_psf: PsfModel
    x: np.ndarray
    y: np.ndarray
    flux: np.ndarray


SKY, GAIN = 100.0, 1.0
"""Sky variance, and flux per unit of Poisson variance."""


def noisy(rng, truth, sky_variance, gain=GAIN):
    variance = sky_variance + np.maximum(truth, 0) / gain
    flux = truth + rng.normal(size=truth.shape) * np.sqrt(variance)
    return Image(flux.astype("f4"), variance.astype("f4"), np.zeros(truth.shape, "u4"))


def stars(rng, n, shape, low=300.0, high=3e4, border=3):
    """Positions and fluxes, as many per magnitude up to the brightest."""
    x, y = rng.uniform(border, shape[1] - 1 - border, n), rng.uniform(border, shape[0] - 1 - border, n)
    return x, y, np.exp(rng.uniform(np.log(low), np.log(high), n))


def pair(
    seed=1, shape=(512, 512), science=Seeing(4.5), template=Seeing(3.0), depth=16.0, n=250, scale=1.0,
    sky=0.0, new=None,
):  # fmt: skip
    """Two epochs of one field; ``new`` = (x, y, flux) is in the science image only."""
    rng = np.random.default_rng(seed)
    x, y, flux = stars(rng, n, shape)
    s = paint(shape, science, x, y, flux * scale)
    if new is not None:
        s = s + paint(shape, science, *new)
    t = paint(shape, template, x, y, flux)
    s_image = noisy(rng, s, SKY)
    s_image = replace(s_image, flux=(s_image.flux + np.float32(0) + sky).astype("f4"))
    t_image = noisy(rng, t, SKY / depth, GAIN * depth)
    args = s_image, psf_model(science, shape), t_image, psf_model(template, shape)
    return Pair(*args, x, y, flux)


def isolated(p, low=1000.0, distance=12.0):
    """Bright stars without a neighbour of a tenth of their light."""
    keep = []
    for i in np.flatnonzero(p.flux > low):
        near = np.hypot(p.x - p.x[i], p.y - p.y[i]) < distance
        near[i] = False
        keep.append(not (p.flux[near] > 0.05 * p.flux[i]).any())
    which = np.flatnonzero(p.flux > low)[np.array(keep, bool)]
    return p.x[which], p.y[which]
