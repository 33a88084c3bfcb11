"""Background, cosmic rays and PSF of one detector, each found with the help of the others."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.background import fit_background, subtract_background
from gnomon.algorithms.cosmicray import classify_cosmic_rays, find_cosmic_rays, interpolate
from gnomon.algorithms.detect import deblend, find_footprints, mark_detected
from gnomon.algorithms.measure import measure_sources
from gnomon.algorithms.psf import PsfFit, fit_psf, select_stars
from gnomon.algorithms.streak import mark_streaks
from gnomon.containers.background import BackgroundModel
from gnomon.containers.catalog import Catalog
from gnomon.containers.image import Image, count_marked
from gnomon.containers.psf import PsfModel
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK, SOURCE

F8 = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

FWHM_PER_SIGMA = float(np.sqrt(8 * np.log(2)))
FIRST_FWHM_PX = 4.0
"""Width of the first guess; only bright sources are sought with it, for which the width hardly matters."""
_GROW_PX = 4  # from the edge of a footprint to where a star's wing is below the noise
_FIRST_STAMP_PX = 31
_SEEING_PX = 2048  # side of the part of a large detector that tells the seeing ...
_SEEING_SOURCES = 300  # ... if it has so many sources
_MORE_TURNS = 1  # of the PSF above the final sky, which differs little from the first one
_FILLED, _STRUCTURED = 0.4, 3.0  # part of the pixels within sources; range of the sky over its noise
_LEAST_BOX_PX = 32  # cells of the sky where an object fills the detector
UNFIT = sum(
    SOURCE[name]
    for name in (
        "saturated",
        "edge",
        "crCenter",
        "interpolatedCenter",
        "badCenter",
        "suspect",
        "shape",
        "centroid",
    )
)
"""Flags of sources that are no stars for a PSF."""


@dataclass(frozen=True, slots=True)
class CharacteriseOptions:
    """How a detector is characterised."""

    background_box_px: int = 128
    """Side of a cell of the background mesh."""
    bright_snr: float = 20.0
    """Threshold of the sources among which stars are sought."""
    detection_snr: float = 5.0
    """Threshold of the sources that are masked in the background."""
    psf_size_px: int = 31
    """Side of the PSF model."""
    psf_star_snr: float = 50.0
    """Least signal to noise of a PSF star."""
    cosmic_rays: Literal["classifier", "sharpness"] = "classifier"
    """How cosmic rays are told from stars."""


@dataclass(frozen=True, slots=True)
class Characterised:
    """A detector image ready to be measured."""

    image: Image
    """Unit of the input, background subtracted; CR, INTRP, DETECTED set; unusable pixels filled."""
    background: BackgroundModel
    """What was subtracted."""
    psf: PsfModel
    """Point-spread function."""
    fwhm_px: float
    """Full width at half maximum of the Gaussian with the PSF's noise-equivalent area, at the centre."""
    star_x: F8
    """(n,) pixel positions of the PSF stars."""
    star_y: F8
    """(n,)"""
    reserve_x: F8
    """(m,) pixel positions of stars that the PSF has not seen."""
    reserve_y: F8
    """(m,)"""


def characterise(image: Image, options: CharacteriseOptions) -> Characterised:
    """Find background, cosmic rays and PSF of a detrended image.

    Streaks are marked above a first background; a guess of the PSF gives bright sources and the seeing; with
    the seeing, cosmic rays are told from stars; with them masked, stars give the PSF; with the PSF, faint
    sources are masked and the background is measured again, and the PSF is fitted once more above it. Where an
    object fills the detector, its light is taken for sky in small cells: its stars are right, it is lost.

    Parameters
    ----------
    image : electrons, sky included
    options : thresholds and sizes

    Raises
    ------
    UnprocessableData
        No usable pixels, or no star from which a PSF could be made.
    """
    coarse = fit_background(image, box_px=options.background_box_px)
    flat = mark_streaks(subtract_background(image, coarse))
    fwhm = _seeing(flat, gaussian_psf(FIRST_FWHM_PX, image.shape), options)
    cleaned = _without_cosmic_rays(flat, fwhm, options)
    sources = _bright_sources(cleaned, gaussian_psf(fwhm, image.shape), options)
    rows = select_rows(sources, options.psf_star_snr)
    first = fit_psf(cleaned, sources["x"][rows[0]], sources["y"][rows[0]], size=options.psf_size_px)
    found = find_footprints(cleaned, first.model, threshold=options.detection_snr)
    marked = mark_detected(cleaned, found, grow_px=_GROW_PX, in_place=True)
    if _is_filled(marked, coarse) and options.background_box_px >= 2 * _LEAST_BOX_PX:
        return characterise(image, replace(options, background_box_px=_LEAST_BOX_PX))
    left = fit_background(marked, box_px=options.background_box_px, masked=True)
    final = subtract_background(
        marked, left, in_place=True
    )  # in filled pixels too: a filling keeps a smooth sky
    stars = first.x[first.used], first.y[first.used]
    fitted = fit_psf(final, *stars, size=options.psf_size_px, start=first.model, iterations=_MORE_TURNS)
    return _characterised(final, _sum_of(coarse, left), fitted, sources, rows[1])


def _sum_of(coarse: BackgroundModel, left: BackgroundModel) -> BackgroundModel:
    """Both skies, with the noise of what is left after both: the spline of a sum is the sum of the splines."""
    return BackgroundModel(coarse.level + left.level, left.rms, left.shape)


def _is_filled(marked: Image, sky: BackgroundModel) -> bool:
    """Whether most of the detector lies within sources, and what is taken for sky is structured: a large galaxy."""
    covered = count_marked(marked.mask, MASK["DETECTED"]) / marked.mask.size
    spread = float(np.diff(np.percentile(sky.level, [5, 95]))[0])
    return covered > _FILLED and spread > _STRUCTURED * float(np.median(sky.rms))


def gaussian_psf(fwhm_px: float, shape: tuple[int, int], size: int = _FIRST_STAMP_PX) -> PsfModel:
    """A round Gaussian, the same everywhere on a detector of ``shape``."""
    offset = np.arange(size) - size // 2
    line = np.exp(-0.5 * (offset * FWHM_PER_SIGMA / fwhm_px) ** 2)
    stamp = np.outer(line, line) / line.sum() ** 2
    middle = ((shape[1] - 1) / 2, (shape[0] - 1) / 2)
    return PsfModel(stamp[np.newaxis].astype(np.float32), 0, middle, (shape[1] / 2, shape[0] / 2))


def select_rows(sources: Catalog, min_snr: float) -> tuple[Rows, Rows]:
    """Rows of the stars to fit a PSF to, and of those to keep aside."""
    chosen = select_stars(
        sources["x"], sources["y"], sources["psfFlux"], sources["psfFluxErr"], sigma_px(sources),
        (sources["flags"] & np.uint32(UNFIT)) == 0, min_snr=min_snr,
    )  # fmt: skip
    if not len(chosen.fit):
        raise UnprocessableData(f"none of {len(sources)} bright sources is a star fit for a PSF")
    return chosen.fit, chosen.reserve


def sigma_px(sources: Catalog) -> F8:
    """(n,) width of sources from their moments, ``(ixx iyy - ixy^2)^(1/4)``, pixels."""
    with np.errstate(invalid="ignore"):
        return np.asarray((sources["ixx"] * sources["iyy"] - sources["ixy"] ** 2) ** 0.25)


def _bright_sources(image: Image, psf: PsfModel, options: CharacteriseOptions) -> Catalog:
    footprints = find_footprints(image, psf, threshold=options.bright_snr)
    return measure_sources(image, deblend(image, footprints), psf, apertures_px=(6.0,))


def _seeing(image: Image, psf: PsfModel, options: CharacteriseOptions) -> float:
    """Width of the stars, from the densest size of the bright sources in the middle, if there are enough."""
    part = _middle(image)
    sources = _bright_sources(part, psf, options)
    if len(sources) < _SEEING_SOURCES and part is not image:
        sources = _bright_sources(image, psf, options)
    chosen, _ = select_rows(sources, options.psf_star_snr)
    return FWHM_PER_SIGMA * float(np.median(sigma_px(sources)[chosen]))


def _middle(image: Image) -> Image:
    """At most `_SEEING_PX` rows and columns about the middle; the image itself where it is not larger."""
    if max(image.shape) <= _SEEING_PX:
        return image
    y, x = (slice(max(0, (n - _SEEING_PX) // 2), (n + _SEEING_PX) // 2) for n in image.shape)
    part = image.section(y, x)
    flux, variance = np.ascontiguousarray(part.flux), np.ascontiguousarray(part.variance)
    return Image(flux, variance, np.ascontiguousarray(part.mask))


def _without_cosmic_rays(image: Image, fwhm_px: float, options: CharacteriseOptions) -> Image:
    """CR marked, then CR and all other unusable pixels filled; the flux in place, mask and variance in copies."""
    find = classify_cosmic_rays if options.cosmic_rays == "classifier" else find_cosmic_rays
    hit, mask = np.flatnonzero(find(image, fwhm_px)), image.mask.copy()
    mask.reshape(-1)[hit] |= np.uint32(MASK["CR"])
    return interpolate(Image(image.flux, image.variance.copy(), mask), fwhm_px, in_place=True)


def _characterised(
    image: Image, background: BackgroundModel, fitted: PsfFit, sources: Catalog, reserve: Rows
) -> Characterised:
    middle = ((image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2)
    return Characterised(
        image, background, fitted.model, psf_fwhm_px(fitted.model, *middle),
        fitted.x[fitted.used], fitted.y[fitted.used], sources["x"][reserve], sources["y"][reserve],
    )  # fmt: skip


def psf_fwhm_px(psf: PsfModel, x: float, y: float) -> float:
    """Full width at half maximum of the Gaussian with the PSF's noise-equivalent area at a position.

    The area is ``1 / sum P^2 = 4 pi sigma^2`` for a Gaussian (LSST LSE-40).
    """
    stamp = psf.stamps(x, y)[0].astype(np.float64)
    return FWHM_PER_SIGMA * float(np.sqrt(1 / (4 * np.pi * np.sum(stamp**2))))
