"""Images with known sources, for tests of detection and measurement."""

import numpy as np

from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel

SIGMA = 1.5  # pixels: FWHM 3.5


def gaussian_stamp(y, x, sigma=SIGMA, half=20):
    """Pixel-centre samples of a round Gaussian of unit flux, offset by (y, x) from the middle."""
    g = np.arange(-half, half + 1)
    gy, gx = (np.exp(-0.5 * ((g - v) / sigma) ** 2) for v in (y, x))
    return np.outer(gy, gx) / (2 * np.pi * sigma**2)


def gaussian_psf(sigma=SIGMA, half=20):
    """A PSF model that does not vary."""
    return PsfModel(gaussian_stamp(0, 0, sigma, half)[None].astype(np.float32), 0, (0.0, 0.0), (1.0, 1.0))


def draw(shape, y, x, flux, sigma=SIGMA, wide=20):
    """Noiseless image of point sources (float64), each out to ``wide`` pixels; sigma may be one for each."""
    half = wide
    padded = np.zeros((shape[0] + 2 * half, shape[1] + 2 * half))
    for sy, sx, f, s in zip(y, x, flux, np.broadcast_to(sigma, np.shape(y)), strict=True):
        iy, ix = round(sy), round(sx)
        padded[iy : iy + 2 * half + 1, ix : ix + 2 * half + 1] += f * gaussian_stamp(
            sy - iy, sx - ix, s, half
        )
    return padded[half:-half, half:-half]


def observe(truth, sky, rng):
    """An image of gain 1 whose sky has been subtracted: flux, variance (of the expectation), no mask."""
    expected = truth + sky
    noisy = rng.normal(expected, np.sqrt(expected)) - sky
    return Image(noisy.astype(np.float32), expected.astype(np.float32), np.zeros(truth.shape, np.uint32))


def grid(shape, step, rng):
    """Positions (y, x) on a grid with random offsets of half a pixel either way."""
    y, x = np.mgrid[step : shape[0] - step : step, step : shape[1] - step : step].reshape(2, -1)
    return y + rng.uniform(-0.5, 0.5, y.size), x + rng.uniform(-0.5, 0.5, x.size)
