"""One detector with the map and the zero point of the joint fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.background import scale_background
from gnomon.algorithms.joint.positions import zero_point_over
from gnomon.algorithms.photometry.depth import (
    effective_time,
    limiting_magnitude,
    noise_equivalent_area,
    transparency,
)
from gnomon.algorithms.photometry.zero_point import AB_NJY
from gnomon.algorithms.visit.photometer import in_njy
from gnomon.algorithms.visit.quality import psf_quality
from gnomon.algorithms.visit.tables import JOINT, NOMINAL, place_on_sky, sky_columns
from gnomon.containers.background import BackgroundModel
from gnomon.containers.calibrated import CalibratedImage, PhotoCalib, Smooth
from gnomon.containers.catalog import Catalog
from gnomon.containers.image import Image, strips
from gnomon.containers.instrument import Conditions
from gnomon.containers.wcs import Wcs, wcs_from_text

F4 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Taken:
    """The row of a joint fit that a detector takes, or why it takes none."""

    row: Catalog
    """One row, or none."""
    note: str
    """Why there is none, or that no catalogue ties it; else empty."""


def choose(fits: Sequence[Catalog], visit: int, detector: int, min_stars: int, what: str) -> Taken:
    """The solution with the most stars of a detector; of equal ones that of the lowest tract.

    So a detector in several overlapping tracts has one answer, whichever job asks.

    Parameters
    ----------
    fits : tables of the tracts that the visit touches, in order of tracts
    min_stars : fewer stars are no solution
    what : name of the fit, for the note
    """
    best, reasons = Catalog({}), []
    for table in fits:
        if not len(table):
            reasons.append(str(table.meta.get("empty_reason", "no detections")))
            continue
        row = table.take((table["visit"] == visit) & (table["detector"] == detector))
        if len(row) and row["nStar"][0] > (best["nStar"][0] if len(best) else -1):
            best = row
    if len(best) and best["nStar"][0] >= min_stars:
        relative = f"joint {what} without a reference catalogue: relative to the mean of the visits' own"
        return Taken(best, "" if best["nReference"][0] else relative)
    seen = f"{int(best['nStar'][0])} stars, {min_stars} wanted" if len(best) else ""
    why = seen or "; ".join(reasons) or "the detector is in no tract's solution"
    return Taken(Catalog({}), f"no joint {what}: {why}")


def apply_map(sources: Catalog, image: CalibratedImage, wcs: Wcs) -> tuple[Catalog, CalibratedImage]:
    """Image and sources on another map."""
    return sources.with_columns(**sky_columns(sources, wcs)), replace(image, wcs=wcs)


def apply_zero_point(
    sources: Catalog, image: CalibratedImage, found: Catalog
) -> tuple[Catalog, CalibratedImage, float]:
    """Image and sources in nJy by another zero point that varies over the detector.

    Parameters
    ----------
    sources : source table of the detector
    image : nJy by ``image.photo``
    found : one row of schema `photometry_fit`

    Returns
    -------
    Sources, image, and the factor at the centre.
    """
    shape = image.image.shape
    zero_point = zero_point_over(found)
    middle = float(zero_point.coefficients[0])
    own = image.photo.zero_point
    cells = _cell_centres(image.background)
    sky = _factor(zero_point.at(*(c.ravel() for c in cells)).reshape(cells[0].shape), own)
    photo = PhotoCalib(
        float(10 ** (0.4 * (AB_NJY - middle))),
        middle,
        float(found["zeroPointErr"][0]),
        int(found["nStar"][0]),
    )
    calibrated = replace(
        image,
        image=_times_factor(image.image, surface(zero_point, shape), own),
        photo=photo,
        background=scale_background(image.background, sky),
    )
    own_factor = 10 ** (0.4 * (own - zero_point.at(sources["x"], sources["y"])))
    return in_njy(sources, own_factor), calibrated, float(10 ** (0.4 * (own - middle)))


def surface(smooth: Smooth, shape: tuple[int, int]) -> F4:
    """(ny, nx) float32 values of a polynomial at every pixel, as the product of two thin matrices."""
    x = (np.arange(shape[1]) - smooth.centre[0]) / smooth.scale[0]
    y = (np.arange(shape[0]) - smooth.centre[1]) / smooth.scale[1]
    table = np.zeros((smooth.degree + 1, smooth.degree + 1))
    order = [(d - q, q) for d in range(smooth.degree + 1) for q in range(d + 1)]
    for (p, q), value in zip(order, smooth.coefficients, strict=True):
        table[q, p] = value
    powers = np.arange(smooth.degree + 1)
    rows = (y[:, None] ** powers) @ table
    return (rows.astype(np.float32)) @ (x[None, :] ** powers[:, None]).astype(np.float32)


def final_summary(
    summary: Catalog,
    image: CalibratedImage,
    sources: Catalog,
    astrometry: Taken,
    photometry: Taken,
    factor: float,
) -> Catalog:
    """The summary of one detector with what the joint fits and the final PSF changed.

    Parameters
    ----------
    summary : its preliminary row
    image : the final image
    sources : its sources
    astrometry, photometry : what was taken
    factor : final over preliminary flux at the centre
    """
    ny, nx = image.image.shape
    changed: dict[str, Any] = dict(place_on_sky(image.wcs, nx, ny))
    changed |= psf_quality(sources, image.psf, changed["pixelScale"])
    if len(astrometry.row):
        fit = astrometry.row
        changed |= {"astromKind": JOINT, "nAstromStar": fit["nStar"][0], "astromRms": fit["rms"][0]}
    if len(photometry.row):
        fit = photometry.row
        changed |= {"photomKind": JOINT, "nPhotomStar": fit["nStar"][0], "photomRms": fit["rms"][0]}
        changed |= {"zeroPoint": image.photo.zero_point, "zeroPointErr": image.photo.zero_point_err}
        changed |= {n: summary[n][0] * factor for n in ("skyBg", "skyNoise")}
    noise = float(changed.get("skyNoise", summary["skyNoise"][0]))
    area = noise_equivalent_area(image.psf.samples(*image.psf.centre)[0].astype(np.float32))
    changed["magLim"] = limiting_magnitude(area, noise)
    replaced = len(astrometry.row) and len(photometry.row)
    notes = ["" if replaced else str(summary["note"][0]), astrometry.note, photometry.note]
    changed["note"] = "; ".join(n for n in notes if n)
    columns = {k: np.array([v], object if isinstance(v, str) else None) for k, v in changed.items()}
    return summary.with_columns(**columns)


def with_conditions(summary: Catalog, reference: Mapping[str, Conditions]) -> Catalog:
    """The summary of one detector with transparency and effective time, where its band has a reference.

    A zero point of the header says nothing of the night.
    """
    clear = reference.get(str(summary["band"][0]))
    if clear is None or summary["photomKind"][0] == NOMINAL:
        return summary
    names = ("zeroPoint", "exptime", "airmass", "seeing", "skyBg")
    zero_point, exptime, airmass, seeing, sky = (float(summary[n][0]) for n in names)
    rate = zero_point - 2.5 * np.log10(exptime)
    clarity = transparency(rate, airmass, clear)
    worth = effective_time(exptime, rate, seeing, sky, clear)
    return summary.with_columns(transparency=np.array([clarity]), effTime=np.array([worth]))


def with_note(summary: Catalog, note: str) -> Catalog:
    """The summary of one detector with a sentence added to its note."""
    text = "; ".join(t for t in (str(summary["note"][0]), note) if t)
    return summary.with_columns(note=np.array([text], object))


def final_map(image: CalibratedImage, taken: Taken) -> Wcs:
    """The map that a detector ends with."""
    return wcs_from_text(str(taken.row["wcs"][0])) if len(taken.row) else image.wcs


def _times_factor(image: Image, zero_point: F4, own: float) -> Image:
    """Flux and variance by another zero point of each pixel."""
    flux, variance = np.empty_like(image.flux), np.empty_like(image.variance)
    for rows in strips(image.shape):
        factor = _factor(zero_point[rows], own)
        np.multiply(image.flux[rows], factor, out=flux[rows])
        np.multiply(image.variance[rows], factor * factor, out=variance[rows])
    return Image(flux, variance, image.mask)


def _factor(zero_point: npt.NDArray[Any], own: float) -> F4:
    """Final over preliminary flux."""
    power = np.float32(0.4 * np.log(10)) * (np.float32(own) - zero_point.astype(np.float32))
    return np.asarray(np.exp(power), np.float32)


def _cell_centres(background: BackgroundModel) -> list[npt.NDArray[np.float64]]:
    """Pixel x and y of the centres of the cells of a mesh."""
    counts = background.level.shape
    y, x = ((np.arange(n) + 0.5) * (side / n) - 0.5 for n, side in zip(counts, background.shape, strict=True))
    return list(np.meshgrid(x, y))
