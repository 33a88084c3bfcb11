"""Point sources put into difference images, to learn from what becomes of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.alert.cutouts import cutouts
from gnomon.algorithms.reliability.features import Triplets
from gnomon.containers.image import F4, Image
from gnomon.containers.psf import PsfModel
from gnomon.flags import UNUSABLE

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
B1 = npt.NDArray[np.bool_]

CELL_PX = 40
"""At most one source is put into each square of this side,"""

MIDDLE_PX = 20
"""within its middle square of this side, so that no two disturb each other."""

SIDE_PX = 31
"""Side of the stamps on which features are measured."""

BRIGHT_TEMPLATE = 10.0
"""Score of the template from which a place counts as one on a star or galaxy."""

HOST_OFFSET_PX = 2.0
"""Standard deviation, per axis, of the place of a source near a galaxy."""

NEGATIVE_PART = 0.4
"""Part of the sources that are fainter than the template, as fading ones are."""


ARTEFACT_EVERY = 3
"""One in so many of what is put in is an artefact."""

LARGEST_SHIFT_PX = 0.4
"""Of a star that was badly registered: a dipole is left of it."""

COSMIC_RAY_SIGMAS = (6.0, 60.0)
"""Least and greatest height of a cosmic ray's pixels over the noise."""

COSMIC_RAY_PX = 10
"""Longest track."""


@dataclass(frozen=True, slots=True)
class Injected:
    """A difference image with new sources and new artefacts."""

    image: Image
    x: F8
    """(n,) pixels."""
    y: F8
    """(n,) pixels."""
    real: B1
    """(n,) a point source; otherwise an artefact."""


def inject(
    image: Image,
    psf: PsfModel,
    template: F4,
    template_score: F4,
    n: int,
    snr: tuple[float, float],
    njy_per_count: float,
    rng: np.random.Generator,
) -> Injected:
    """A difference with ``n`` new things: two thirds point sources, the others dipoles and cosmic rays.

    A third of the sources lies where it falls, a third on stars, a third near galaxies. Subtraction is linear: a
    source in the visit's image appears on the difference with the difference's PSF, since the kernel was fitted at
    other stars. So nothing has to be subtracted again.

    Parameters
    ----------
    template : (ny, nx) as it was subtracted
    template_score : (ny, nx) signal to noise of the template's own stars, as `Difference.template_score`
    n : sources and artefacts, as far as there is room
    snr : least and greatest signal to noise on the sky, evenly in its logarithm
    njy_per_count : flux of an electron, for the photon noise of the sources

    A source has the PSF of another place on the detector: models of the PSF err by about as much.
    """
    x, y = _places(template_score, n, rng)
    ix, iy = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
    real = np.arange(len(x)) % ARTEFACT_EVERY > 0
    elsewhere = rng.permutation(len(x))
    stamps = psf.stamps(x[elsewhere], y[elsewhere], x - ix, y - iy).astype(np.float64)
    sky = np.sqrt(image.variance[iy, ix].astype(np.float64))
    sign = np.where(rng.random(len(x)) < NEGATIVE_PART, -1.0, 1.0)
    flux = sign * sky / np.sqrt((stamps**2).sum(axis=(1, 2))) * _log_uniform(rng, snr, len(x))
    out, noise = image.flux.astype(np.float64), image.variance.astype(np.float64)
    half = psf.size // 2
    for k, (a, b) in enumerate(zip(ix.tolist(), iy.tolist(), strict=True)):
        window = slice(b - half, b + half + 1), slice(a - half, a + half + 1)
        if real[k]:
            photons = np.maximum(flux[k] * stamps[k], 0) * njy_per_count
            out[window] += flux[k] * stamps[k] + np.sqrt(photons) * rng.standard_normal(photons.shape)
            noise[window] += photons
        elif template_score[b, a] > BRIGHT_TEMPLATE:
            out[window] += _dipole(template[window], rng)
        else:
            out[window] += sky[k] * _cosmic_ray(psf.size, rng)
    known = image.variance > 0
    flux_plane, variance = (np.where(known, p, 0).astype(np.float32) for p in (out, noise))
    return Injected(Image(flux_plane, variance, image.mask), x, y, real)


def _log_uniform(rng: np.random.Generator, bounds: tuple[float, float], n: int) -> F8:
    low, high = np.log(bounds).tolist()
    return np.asarray(np.exp(rng.uniform(low, high, n)))


def _dipole(template: F4, rng: np.random.Generator) -> F8:
    """What a wrong registration leaves of a star, to first order in the shift."""
    by_row, by_column = np.gradient(template.astype(np.float64))
    length, angle = rng.uniform(0.05, LARGEST_SHIFT_PX), rng.uniform(0, 2 * np.pi)
    return np.asarray(length * (np.sin(angle) * by_row + np.cos(angle) * by_column))


def _cosmic_ray(side: int, rng: np.random.Generator) -> F8:
    """A track of equal pixels through the middle, in units of the noise."""
    image, middle = np.zeros((side, side)), side // 2
    along = np.arange(rng.integers(1, COSMIC_RAY_PX + 1))
    angle = rng.uniform(0, np.pi)
    rows, columns = (np.rint(middle + f(angle) * along).astype(int) for f in (np.sin, np.cos))
    image[rows.clip(0, side - 1), columns.clip(0, side - 1)] = _log_uniform(rng, COSMIC_RAY_SIGMAS, 1)
    return image


def _places(template_score: F4, n: int, rng: np.random.Generator) -> tuple[F8, F8]:
    """Sub-pixel places, one a cell, none within a cell of the border."""
    ny, nx = (side // CELL_PX for side in template_score.shape)
    inner = np.array([(r, c) for r in range(1, ny - 1) for c in range(1, nx - 1)], np.int64).reshape(-1, 2)
    chosen = inner[rng.permutation(len(inner))[:n]]
    margin = (CELL_PX - MIDDLE_PX) // 2
    low = chosen * CELL_PX + margin
    within = rng.integers(0, MIDDLE_PX, (len(chosen), 2))
    kind = rng.integers(0, 3, len(chosen))
    for k, (row, column) in enumerate(low.tolist()):
        part = template_score[row : row + MIDDLE_PX, column : column + MIDDLE_PX]
        if kind[k] > 0 and part.max() > BRIGHT_TEMPLATE:
            within[k] = np.unravel_index(int(part.argmax()), part.shape)
    off = rng.uniform(-0.5, 0.5, (len(chosen), 2))
    off += np.where(kind == 2, HOST_OFFSET_PX, 0.0)[:, None] * rng.standard_normal((len(chosen), 2))
    y, x = (low + within + np.clip(off, -margin, margin)).T
    return x, y


def triplets(image: Image, psf: PsfModel, template: F4, x: F8, y: F8) -> Triplets:
    """Stamps of the difference, its variance, the template and the PSF around places, for `features`.

    Parameters
    ----------
    image, psf : of the difference
    template : (ny, nx) as it was subtracted
    """
    good = (image.variance > 0) & ((image.mask & np.uint32(UNUSABLE)) == 0)
    planes = [np.where(good, p, np.float32(np.nan)) for p in (image.flux, image.variance, template)]
    difference, variance, before = (cutouts(p, x, y, SIDE_PX) for p in planes)
    beams = psf.stamps(x, y) if len(x) else np.zeros((0, psf.size, psf.size), np.float32)
    return Triplets(difference, variance, before, _sized(beams, SIDE_PX))


def _sized(stamps: F4, side: int) -> F4:
    """Stamps cut or padded to a side, odd, about their middle pixel."""
    size = stamps.shape[-1]
    if size > side:
        cut = slice((size - side) // 2, (size + side) // 2)
        return stamps[:, cut, cut]
    border = (side - size) // 2
    return np.pad(stamps, ((0, 0), (border, border), (border, border)))
