"""A template subtracted from an image."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter
from scipy.signal import fftconvolve

from gnomon import flags
from gnomon.algorithms.background import subtract_background
from gnomon.algorithms.cosmicray.dilate import dilated
from gnomon.algorithms.detect import significance_map
from gnomon.algorithms.difference.basis import gaussian_basis
from gnomon.algorithms.difference.decorrelate import Planes, subtract_cells
from gnomon.algorithms.difference.kernel import MatchingKernel, StarStamps, fit_kernel
from gnomon.algorithms.difference.modelled import modelled_kernel, sized
from gnomon.algorithms.difference.noise import expected_noise
from gnomon.algorithms.difference.sky import fit_level
from gnomon.constants import MAD_TO_SIGMA
from gnomon.containers.image import F4, Image
from gnomon.containers.psf import PsfModel, polynomial_terms
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

_SOURCE_SIGMA, _SOURCE_PX = 5.0, 9  # score of a detection, and how far from it the sky is not clean

BROADER = 1.1
"""Where the image's PSF is broader than the template's by this factor, the template alone is convolved."""

BROADENED = 1.0
"""Otherwise the image is blurred first, to this many times the template's width: more blur must be undone by the
whitening, which undoes it for the residuals of stars too (at 1.3 they were three times larger),"""

LEAST_BLUR_PX = 0.8
"""with at least this standard deviation, so that the kernel is not a deconvolution."""

STAMP_SIGMAS = 4.0
"""Half side of the stars' stamps in standard deviations of the PSF to be matched; wider ones hold neighbours."""

ENCLOSED = 0.9
"""Part of the kernel within the radius by which unusable pixels are grown."""

SPREADS = flags.UNUSABLE | flags.mask_value("SUSPECT")
"""Planes that a convolution carries to the neighbours."""

MADE_ANEW = flags.mask_value("DETECTED", "DETECTED_NEGATIVE")
"""Planes of the science image that say nothing about the difference."""


@dataclass(frozen=True, slots=True)
class SubtractOptions:
    """Choices of `subtract`."""

    max_degree: int = 2
    """Largest degree of the kernel's variation."""
    min_stars: int = 4
    """Fewest stars for a kernel."""
    background_box_px: int = 128
    """Side of the cells in which the sky of the difference is fitted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An image less its template."""

    image: Image
    """The difference: white noise, sky subtracted, a new star has the flux it has in the science image."""
    psf: PsfModel
    """Of the difference."""
    template: F4
    """(ny, nx) float32, the template as it was subtracted."""
    score: F4
    """(ny, nx) float32, signal to noise of a new star at each pixel."""
    template_score: F4
    """(ny, nx) float32, signal to noise that the template's own stars would have in the difference."""
    kernel: MatchingKernel | None = None
    """What the template was convolved with before the noise was made white; None where that is not known."""
    blur_px: float = 0.0
    """Standard deviation of the Gaussian that the science image was convolved with first; 0 for none."""
    note: str = ""
    """What was done in another way than usual, and why; empty where nothing was."""


def subtract(
    science: Image,
    science_psf: PsfModel,
    template: Image,
    template_psf: PsfModel,
    x: F8,
    y: F8,
    options: SubtractOptions | None = None,
) -> Difference:
    """Match the template to the image at stars, subtract it, make the noise white and take off the sky left over.

    Where the template is sharper by `BROADER` it is convolved to the image's PSF; otherwise the image is first
    convolved with a Gaussian so that no kernel has to deconvolve. Noise is white in both cases
    (`whitening_filters`), so that the matched filter on the difference is the best test for a new star.

    Parameters
    ----------
    science, template : same pixels and flux unit, background subtracted; variance 0 where unknown
    x, y : (n,) isolated unsaturated stars, pixels

    Raises
    ------
    ValueError
        Shapes differ.
    UnprocessableData
        No overlap.

    The variance plane is scaled so that the score of clean sky has unit width: noise that warps have correlated
    then counts as a point source sees it, and a pixel by itself scatters less than its variance says.
    """
    if science.shape != template.shape:
        raise ValueError(f"template of shape {template.shape} for an image of shape {science.shape}")
    options = options or SubtractOptions()
    if not ((science.variance > 0) & (template.variance > 0)).any():
        raise UnprocessableData("no pixel is known in both the image and the template")
    science, template = expected_noise(science), expected_noise(template)
    blur_px = blur_for(psf_width(science_psf), psf_width(template_psf))
    blur = gaussian_image(blur_px) if blur_px else None
    kernel, note = _kernel((science, science_psf), (template, template_psf), (x, y), blur_px, options)
    planes = subtract_cells(science, template, kernel, blur, science_psf.samples)
    psf = psf_through(planes, science_psf, max(science_psf.degree, kernel.degree))
    raw = masked_difference(planes, science, template, _reach(kernel), round(2 * blur_px))
    image = subtract_background(raw, fit_level(raw, options.background_box_px))
    image = _blanked(image)
    score = significance_map(image, psf)
    width = score_width(score, image)
    image = Image(image.flux, np.float32(width**2) * image.variance, image.mask)
    own = Image(planes.template, image.variance, image.mask)
    scores = score / np.float32(width), significance_map(own, psf)
    return Difference(image, psf, planes.template, *scores, kernel, blur_px, note)


def _kernel(
    science: tuple[Image, PsfModel],
    template: tuple[Image, PsfModel],
    at: tuple[F8, F8],
    blur_px: float,
    options: SubtractOptions,
) -> tuple[MatchingKernel, str]:
    """The matching kernel, and why it comes from the PSF models where there are too few stars to fit it."""
    (image, psf), (before, source_psf) = science, template
    shape, blur = image.shape, gaussian_image(blur_px) if blur_px else None
    target = float(np.hypot(psf_width(psf), blur_px))
    basis = gaussian_basis(np.sqrt(max(target**2 - psf_width(source_psf) ** 2, 0.25)))
    half = int(np.clip(np.ceil(STAMP_SIGMAS * target), 9, 20))
    stamps = cut_pairs(image, before, *at, half, basis.half, blur)
    source, wanted = (p.samples(*p.centre)[0].astype(np.float64) for p in (source_psf, psf))
    wanted = sized(wanted if blur is None else fftconvolve(wanted, blur, "same"), half)
    try:
        degree, least = options.max_degree, options.min_stars
        kernel = fit_kernel(stamps, basis, shape, max_degree=degree, min_stars=least, profile=wanted)
    except UnprocessableData as few:
        kernel = modelled_kernel(basis, source, wanted / wanted.sum(), shape)
        return kernel, f"kernel of the PSF models: {few}"
    return kernel, ""


def score_width(score: F4, image: Image) -> float:
    """Standard deviation of the score where the sky is clean, at least 1; from the median absolute deviation.

    Warps leave noise that neighbours share: a pixel's variance does not know it, the score of a point source does.
    What lies near a detection is no sky, as long as anything else is left.
    """
    known = (image.variance > 0) & (image.mask == 0)
    if not known.any():
        return 1.0
    sky = known & ~dilated(np.abs(score) > _SOURCE_SIGMA, _SOURCE_PX)
    clean = score[sky if sky.any() else known]
    return max(1.0, float(MAD_TO_SIGMA * np.median(np.abs(clean - np.median(clean)))))


def psf_width(psf: PsfModel) -> float:
    """Standard deviation, pixels, of the Gaussian with the noise-equivalent area of the PSF."""
    image = psf.samples(*psf.centre)[0]
    return float(np.sqrt(1 / (4 * np.pi * (image**2).sum())))


def blur_for(science_px: float, template_px: float) -> float:
    """Standard deviation of the Gaussian that the science image needs, 0 for none; pixels."""
    if science_px >= BROADER * template_px:
        return 0.0
    return float(np.sqrt(max((BROADENED * template_px) ** 2 - science_px**2, LEAST_BLUR_PX**2)))


def gaussian_image(sigma_px: float) -> F8:
    """(side, side) samples of a Gaussian, unit sum."""
    half = int(np.ceil(5 * sigma_px))
    profile = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma_px) ** 2)
    image = np.outer(profile, profile)
    return np.asarray(image / image.sum(), np.float64)


def cut_pairs(
    science: Image, template: Image, x: F8, y: F8, half: int, reach: int, blur: F8 | None
) -> StarStamps:
    """Stamps of stars whose surroundings lie inside the image.

    Parameters
    ----------
    half : half side of the science stamps
    reach : what template stamps are larger on every side
    blur : what the science stamps are convolved with
    """
    margin = 0 if blur is None else blur.shape[0] // 2
    ny, nx = science.shape
    finite = np.isfinite(x) & np.isfinite(y)
    ix, iy = (np.rint(v[finite]).astype(np.int64) for v in (x, y))
    border = half + max(reach, margin)
    inside = (ix >= border) & (ix < nx - border) & (iy >= border) & (iy < ny - border)
    ix, iy = ix[inside], iy[inside]
    source, source_bad, source_var = _stamps(template, ix, iy, half + reach)
    target, target_bad, target_var = _stamps(science, ix, iy, half + margin)
    noise = 1.0
    if blur is not None:
        target = _convolve(target, blur)
        noise = float((blur**2).sum())
    core = slice(margin, margin + 2 * half + 1)
    inner = slice(reach, reach + 2 * half + 1)
    bad = _grown(target_bad, min(margin, 3))[:, core, core] | _grown(source_bad, 3)[:, inner, inner]
    variance = noise * (target_var[:, core, core] + source_var[:, inner, inner])
    return StarStamps(
        source, target, np.where(bad, 0, variance), ix.astype(np.float64), iy.astype(np.float64)
    )


def _stamps(image: Image, ix: I8, iy: I8, half: int) -> tuple[F8, npt.NDArray[np.bool_], F8]:
    """(n, size, size) flux (0 where unknown), unusable pixels, and smoothed variance."""
    along = np.arange(-half, half + 1)
    at = (iy[:, None] + along)[:, :, None], (ix[:, None] + along)[:, None, :]
    variance = image.variance[at].astype(np.float64)
    bad = ((image.mask[at] & np.uint32(SPREADS)) != 0) | (variance <= 0)
    flux = np.where(variance > 0, image.flux[at], 0).astype(np.float64)
    return flux, bad, _smoothed(variance)


def _smoothed(variance: F8) -> F8:
    """Mean over 5 x 5 pixels: a variance that follows the noise of its own pixel biases the fit."""
    return np.asarray(uniform_filter(variance, (1, 5, 5), mode="nearest"), np.float64)


def _convolve(stamps: F8, blur: F8) -> F8:
    """Stamps convolved with a Gaussian image where they are whole."""
    profile = blur.sum(axis=0)
    for axis in (1, 2):
        windows = np.lib.stride_tricks.sliding_window_view(stamps, len(profile), axis=axis)
        stamps = windows @ profile
    return stamps


def _grown(bad: npt.NDArray[np.bool_], radius: int) -> npt.NDArray[np.bool_]:
    """Marks of the last two axes grown to squares; those of one plane or of many."""
    for axis in (-2, -1):
        near = bad.copy()
        for step in range(1, radius + 1):
            for a, b in ((slice(step, None), slice(None, -step)), (slice(None, -step), slice(step, None))):
                to = [slice(None)] * bad.ndim
                of = [slice(None)] * bad.ndim
                to[axis], of[axis] = a, b
                near[tuple(to)] |= bad[tuple(of)]
        bad = near
    return bad


def psf_through(planes: Planes, like: PsfModel, degree: int) -> PsfModel:
    """The PSFs of the cells as a polynomial of position, on the scale of another model."""
    terms = polynomial_terms(like.normalise(planes.x, planes.y), degree)
    while degree and len(planes.x) < 2 * terms.shape[1]:
        degree -= 1
        terms = polynomial_terms(like.normalise(planes.x, planes.y), degree)
    size = planes.psf.shape[-1]
    basis = np.linalg.lstsq(terms, planes.psf.reshape(len(terms), -1).astype(np.float64), rcond=None)[0]
    return PsfModel(basis.reshape(-1, size, size).astype(np.float32), degree, like.centre, like.scale)


def _reach(kernel: MatchingKernel) -> int:
    """Half side of the square that holds `ENCLOSED` of the kernel in the middle of the image."""
    image = np.abs(kernel.at(*kernel.centre)[0])
    half = image.shape[0] // 2
    within = [image[half - r : half + r + 1, half - r : half + r + 1].sum() for r in range(half + 1)]
    return int(np.searchsorted(np.array(within) / image.sum(), ENCLOSED))


def masked_difference(
    planes: Planes, science: Image, template: Image, template_px: int, science_px: int
) -> Image:
    """The difference with the planes of both images, each grown by what it was convolved with."""
    mask = science.mask & ~np.uint32(MADE_ANEW)
    for image, radius in ((template, template_px), (science, science_px)):
        unknown = np.where(image.variance > 0, np.uint32(0), np.uint32(flags.MASK["NO_DATA"]))
        bits = (image.mask & np.uint32(SPREADS)) | unknown
        for plane in np.unique(bits[bits > 0]):
            mask[_grown(bits == plane, radius)] |= plane
    edge = max(template_px, science_px)
    border = np.ones(mask.shape, np.bool_)
    border[edge : mask.shape[0] - edge, edge : mask.shape[1] - edge] = False
    mask[border] |= np.uint32(flags.MASK["EDGE"])
    known = (science.variance > 0) & (template.variance > 0)
    return Image(planes.flux, np.where(known, planes.variance, np.float32(0)), mask)


def _blanked(image: Image) -> Image:
    """Flux 0 where nothing is known."""
    return Image(np.where(image.variance > 0, image.flux, np.float32(0)), image.variance, image.mask)
