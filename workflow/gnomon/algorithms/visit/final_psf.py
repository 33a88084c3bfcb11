"""The PSF once more, from stars that all visits agree upon."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.algorithms.psf import adaptive_moments, fit_psf, select_stars
from gnomon.algorithms.visit.characterise import UNFIT, sigma_px
from gnomon.algorithms.visit.focal_shape import focal_shape
from gnomon.containers.calibrated import CalibratedImage, Smooth
from gnomon.containers.catalog import Catalog
from gnomon.containers.psf import PsfModel, polynomial_terms
from gnomon.containers.sphere import chord, directions

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
B1 = npt.NDArray[np.bool_]

_ARCSEC = np.pi / 180 / 3600
_MATCH = 1.0 * _ARCSEC  # a star's mean place from the source; isolated stars are 2 arcsec apart at least
_ONE_IN = 8  # stars kept aside
_GOLDEN = np.uint64(
    0x9E3779B97F4A7C15
)  # 2^64 over the golden ratio: spreads neighbouring numbers (Knuth, vol. 3)
_TURNS = 1  # from the preliminary model, which differs little
_NODES = 5  # along each side of the grid on which models are compared
_MORE = 2  # degrees by which moments and fluxes vary faster than the model that they are of


@dataclass(frozen=True, slots=True)
class FinalPsf:
    """A detector with its final PSF."""

    image: CalibratedImage
    """With the PSF and the aperture correction that belongs to it."""
    sources: Catalog
    """With isPsfStar, isPsfReserve and the moments of the PSF."""
    note: str
    """Why the preliminary PSF was kept; else empty."""


def refit_psf(
    image: CalibratedImage,
    sources: Catalog,
    stars: Sequence[Catalog],
    fewest: int,
    visit: Catalog | None = None,
) -> FinalPsf:
    """Fit the PSF to the isolated stars of all visits; one in eight of them, the same in every visit, is kept aside.

    Measured fluxes stay: the aperture correction becomes a map, such that a star measured with the new PSF has
    the total flux that the old one gave.

    Parameters
    ----------
    image : calibrated, with its preliminary PSF
    sources : source table of the detector, on the final map
    stars : tables ``isolated_star`` of the tracts that the visit touches
    fewest : fewer stars to fit, and the preliminary PSF is kept
    visit : source table of all detectors, whose stars foretell the shape over the focal plane; None leaves the
        detector to its own
    """
    identity = identified(sources, stars)
    usable = (identity >= 0) & ((sources["flags"] & np.uint32(UNFIT)) == 0)
    found = select_stars(
        sources["x"], sources["y"], sources["psfFlux"], sources["psfFluxErr"], sigma_px(sources), usable,
        fewest=fewest, reserve_fraction=0.0,
    ).fit  # fmt: skip
    aside = kept_aside(identity[found])
    rows = found[~aside]
    if len(rows) < fewest:
        why = f"preliminary PSF: {len(rows)} stars of all visits, {fewest} wanted"
        return FinalPsf(image, sources, why)
    fitted = fit_psf(
        image.image,
        sources["x"][rows],
        sources["y"][rows],
        size=image.psf.size,
        start=image.psf,
        iterations=_TURNS,
        shape=None if visit is None else _focal_shape(visit, stars, sources, image.psf),
    )
    correction = same_flux(image.aperture_correction, image.psf, fitted.model)
    final = replace(image, psf=fitted.model, aperture_correction=correction)
    marked = {n: np.zeros(len(sources), bool) for n in ("isPsfStar", "isPsfReserve")}
    marked["isPsfStar"][rows[fitted.used]] = True
    marked["isPsfReserve"][found[aside]] = True
    return FinalPsf(final, sources.with_columns(**marked, **psf_moments(fitted.model, sources)), "")


def _focal_shape(visit: Catalog, stars: Sequence[Catalog], mine: Catalog, psf: PsfModel) -> F8 | None:
    """The shape of the PSF over the focal plane by the PSF stars of all detectors that are not kept aside."""
    seen = visit.take(np.flatnonzero(visit["isPsfStar"] | visit["isPsfReserve"]))
    identity = identified(seen, stars)
    seen = seen.take(np.flatnonzero((identity >= 0) & ~kept_aside(identity)))
    return focal_shape(seen, int(mine["detector"][0]), psf)


def identified(sources: Catalog, stars: Sequence[Catalog]) -> I8:
    """(n,) isolatedStarId of the star within an arcsecond of each source; -1 for none."""
    out = np.full(len(sources), -1, np.int64)
    place = directions(np.radians(sources["coord_ra"]), np.radians(sources["coord_dec"]))
    for table in stars:
        if not len(table) or not len(sources):
            continue
        there = directions(np.radians(table["coord_ra"]), np.radians(table["coord_dec"]))
        middle = place.mean(axis=0) / np.linalg.norm(place.mean(axis=0))
        reach = np.linalg.norm(place - middle, axis=1).max() + chord(_MATCH)
        near = np.flatnonzero(np.linalg.norm(there - middle, axis=1) < reach)
        if not len(near):
            continue
        distance, row = cKDTree(there[near]).query(place)
        match = distance < chord(_MATCH)
        out[match] = table["isolatedStarId"][near[row[match]]]
    return out


def kept_aside(identity: I8) -> B1:
    """(n,) one star in eight, by its number alone: a star is kept aside in all visits or in none."""
    with np.errstate(over="ignore"):
        mixed = identity.astype(np.uint64) * _GOLDEN
    return np.asarray((mixed >> np.uint64(32)) % np.uint64(_ONE_IN) == 0)


def same_flux(correction: Smooth, old: PsfModel, new: PsfModel) -> Smooth:
    """The correction of fluxes measured with another PSF, such that total fluxes of stars stay what they were.

    A star that looks like ``P`` and is measured as ``sum(D Q) / sum(Q^2)`` has ``sum(P Q) / sum(Q^2)`` of its flux;
    with Q = P it has all.
    """
    terms, x, y = _grid(new)
    p, q = (m.samples(x, y).reshape(len(x), -1) for m in (new, old))
    value = correction.at(x, y) * (p * q).sum(1) / (q * q).sum(1)
    coefficients = np.linalg.lstsq(terms, value, rcond=None)[0]
    return Smooth(coefficients, new.degree + _MORE, new.centre, new.scale)


def psf_moments(psf: PsfModel, sources: Catalog) -> dict[str, F8]:
    """ixxPSF, iyyPSF, ixyPSF of sources, from moments on a grid and the polynomials through them."""
    terms, x, y = _grid(psf)
    m = adaptive_moments(psf.samples(x, y))
    values = np.stack([m.xx, m.yy, m.xy], 1)
    at = polynomial_terms(psf.normalise(sources["x"], sources["y"]), psf.degree + _MORE)
    found = at @ np.linalg.lstsq(terms, values, rcond=None)[0]
    return {name: found[:, k] for k, name in enumerate(("ixxPSF", "iyyPSF", "ixyPSF"))}


def _grid(psf: PsfModel) -> tuple[F8, F8, F8]:
    """Polynomial terms and pixel places of a grid over the detector."""
    u, v = (g.ravel() for g in np.meshgrid(*[np.linspace(-1, 1, _NODES + psf.degree)] * 2))
    terms = polynomial_terms((u, v), psf.degree + _MORE)
    return terms, u * psf.scale[0] + psf.centre[0], v * psf.scale[1] + psf.centre[1]
