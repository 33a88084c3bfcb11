"""Sources and artefacts put into difference images, to learn from what becomes of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from gnomon.algorithms.alert.cutouts import cutouts
from gnomon.algorithms.difference.shapes import trail_image
from gnomon.algorithms.difference.subtract import psf_width
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
"""Part of the sources that are fainter than the template, as fading ones are: the template shows them."""

TRAIL_PART = 0.3
"""Part of the others that are trails, as asteroids leave,"""

LONGEST_TRAIL = 8.0
"""and their greatest length in standard deviations of the PSF: a degree a day in 60 s under 0.8 arcsec, or a third of
that in 3 minutes; short ones are the more frequent."""

ARTEFACT_EVERY = 3
"""One in so many of what is put in is an artefact."""

LARGEST_SHIFT_PX = 0.4
"""Of a star that was badly registered: a dipole is left of it."""

DIPOLE_PART = 0.5
"""Of the artefacts on stars; the others are stars that the kernel did not match: by so much of their flux,"""

SCALE_ERROR = 0.04
"""one standard deviation,"""

WIDTH_ERROR = 0.2
"""and by so much of what a blur of one pixel would change; templates of few exposures leave 1 to 6 % of a star."""

COSMIC_RAY_SIGMAS = (6.0, 60.0)
"""Least and greatest height of a cosmic ray's pixels over the noise."""

COSMIC_RAY_PX = 10
"""Longest track."""

TEMPLATE_PART = 0.5
"""Part of the cosmic rays that lie in the template, where few exposures cannot outvote one;"""

WIDENED = (0.3, 0.7)
"""warp and matching kernel have widened these, by so much in standard deviations of the PSF."""


@dataclass(frozen=True, slots=True)
class Injected:
    """A difference image with new sources and new artefacts."""

    image: Image
    template: F4
    """(ny, nx) as subtracted, with what is in it alone."""
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
    """A difference with ``n`` new things: two thirds sources, the others dipoles and cosmic rays.

    A third of the sources lies where it falls, a third on stars, a third near galaxies. Subtraction is linear: a
    source in the visit's image appears on the difference with the difference's PSF, since the kernel was fitted at
    other stars. So nothing has to be subtracted again. What has faded is put into the template, too: nothing can
    fade that was not there.

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
    stamps = _source_images(psf, x, y, rng)
    sky = np.sqrt(image.variance[iy, ix].astype(np.float64))
    flux = sky / np.sqrt((stamps**2).sum(axis=(1, 2))) * _log_uniform(rng, snr, len(x))
    sign = np.where(rng.random(len(x)) < NEGATIVE_PART, -1.0, 1.0)
    out, noise, before = (p.astype(np.float64) for p in (image.flux, image.variance, template))
    half = psf.size // 2
    for k, (a, b) in enumerate(zip(ix.tolist(), iy.tolist(), strict=True)):
        window = slice(b - half, b + half + 1), slice(a - half, a + half + 1)
        if real[k]:
            light = flux[k] * stamps[k]
            photons = light * njy_per_count
            out[window] += sign[k] * light + np.sqrt(photons) * rng.standard_normal(photons.shape)
            noise[window] += photons
            before[window] += light * (sign[k] < 0)
        else:
            star = template[window] if template_score[b, a] > BRIGHT_TEMPLATE else None
            now, then = _artefact(star, float(sky[k]), psf, rng)
            out[window] += now
            before[window] += then
    known = image.variance > 0
    flux_plane, variance = (np.where(known, p, 0).astype(np.float32) for p in (out, noise))
    return Injected(Image(flux_plane, variance, image.mask), before.astype(np.float32), x, y, real)


def _artefact(star: F4 | None, sky: float, psf: PsfModel, rng: np.random.Generator) -> tuple[F8, F8]:
    """What is no source, on the difference and in the template: a dipole of a star, or a cosmic ray of either image."""
    nothing = np.zeros((psf.size, psf.size))
    if star is not None:
        return (_dipole if rng.random() < DIPOLE_PART else _mismatch)(star, rng), nothing
    track = sky * _cosmic_ray(psf.size, rng)
    if rng.random() >= TEMPLATE_PART:
        return track, nothing
    widened = np.asarray(gaussian_filter(track, rng.uniform(*WIDENED) * psf_width(psf)), np.float64)
    return -widened, widened


def _source_images(psf: PsfModel, x: F8, y: F8, rng: np.random.Generator) -> F8:
    """(n, size, size) point sources and trails of unit flux, with the PSF of another place."""
    elsewhere = rng.permutation(len(x))
    stamps = np.maximum(psf.stamps(x[elsewhere], y[elsewhere], x - np.rint(x), y - np.rint(y)), 0).astype(
        np.float64
    )
    longest = LONGEST_TRAIL * psf_width(psf)
    for k in np.flatnonzero(rng.random(len(x)) < TRAIL_PART).tolist():
        length, angle = longest * rng.uniform() ** 2, rng.uniform(0, np.pi)
        stamps[k] = np.maximum(trail_image(psf, float(x[k]), float(y[k]), length, angle, psf.size // 2), 0)
    return stamps


def _log_uniform(rng: np.random.Generator, bounds: tuple[float, float], n: int) -> F8:
    low, high = np.log(bounds).tolist()
    return np.asarray(np.exp(rng.uniform(low, high, n)))


def _dipole(template: F4, rng: np.random.Generator) -> F8:
    """What a wrong registration leaves of a star, to first order in the shift."""
    by_row, by_column = np.gradient(template.astype(np.float64))
    length, angle = rng.uniform(0.05, LARGEST_SHIFT_PX), rng.uniform(0, 2 * np.pi)
    return np.asarray(length * (np.sin(angle) * by_row + np.cos(angle) * by_column))


def _mismatch(template: F4, rng: np.random.Generator) -> F8:
    """What a wrong kernel leaves of a star: a part of its flux, and a part of what another width would change."""
    star = template.astype(np.float64)
    scale, width = (s * rng.standard_normal() for s in (SCALE_ERROR, WIDTH_ERROR))
    return np.asarray(scale * star + width * (gaussian_filter(star, 1.0) - star), np.float64)


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
