"""From the tables on disk to the joint solutions of a tract, and from these to tables again."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.astrometry.epoch import MAS
from gnomon.algorithms.astrometry.joint import JointAstrometry
from gnomon.algorithms.astrometry.tansip import monomials
from gnomon.algorithms.joint.gather import (
    Circle,
    ExposureFacts,
    Gathered,
    place_in_visit,
    row_of,
    star_colours,
    visit_circles,
    visits_of_band,
)
from gnomon.algorithms.joint.positions import ZERO_POINT_COLUMNS, ZERO_POINT_DEGREE, MeanColour
from gnomon.algorithms.photometry.joint import JointFluxes, JointPhotometry
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.wcs import wcs_from_text, wcs_to_text
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

_GRID = 7  # points along each side at which the zero point is drawn before the polynomial is fitted


def exposure_facts(summaries: Sequence[Catalog]) -> dict[tuple[int, int], ExposureFacts]:
    """What the joint fits must know of each detector, from visit summaries, by (visit, detector)."""
    return {
        (int(s["visit"][k]), int(s["detector"][k])): ExposureFacts(
            wcs_from_text(str(s["wcs"][k])),
            (int(s["ny"][k]), int(s["nx"][k])),
            float(s["midpointMjdTai"][k]),
            float(s["airmass"][k]),
            float(s["zeroPoint"][k]),
        )
        for s in summaries
        for k in range(len(s))
    }


def bands_of(summaries: Sequence[Catalog]) -> dict[int, str]:
    """Band of each visit that was calibrated."""
    return {int(s["visit"][0]): str(s["band"][0]) for s in summaries if len(s)}


def reference_near(shards: Sequence[Catalog], star: Catalog, margin: float) -> Catalog:
    """Reference stars in the box of declination and right ascension about the stars, each once; none without a
    catalogue there.

    Parameters
    ----------
    shards : catalogues with the columns of `gnomon.io.refcat`, radians
    star : ``coord_ra``, ``coord_dec`` in degrees
    margin : radians beyond

    Raises
    ------
    UnprocessableData
        No isolated star.
    """
    if not len(star):
        raise UnprocessableData(str(star.meta.get("empty_reason", "0 isolated stars")))
    if not shards:
        return Catalog({})
    stars = concatenate(shards)
    dec = np.radians(star["coord_dec"])
    near = (stars["coord_dec"] > dec.min() - margin) & (stars["coord_dec"] < dec.max() + margin)
    middle = np.radians(star["coord_ra"][0])
    east, here = (_wrapped(v - middle) for v in (stars["coord_ra"], np.radians(star["coord_ra"])))
    wide = margin / max(np.cos(np.max(np.abs(dec)) + margin), 1e-3)
    near &= (east > here.min() - wide) & (east < here.max() + wide)
    found = stars.take(near)
    _, first = np.unique(found["id"], return_index=True)
    return found.take(np.sort(first))


def mean_colour(star: Catalog, source: Catalog, bands: tuple[str, str]) -> tuple[MeanColour, F8]:
    """The median colour of the stars by their own detections, and how much redder each star is, magnitudes.

    Stars without a colour count as the mean star.
    """
    row, known = row_of(star["isolatedStarId"], source["isolatedStarId"])
    colour = star_colours(row[known], len(star), source.take(np.flatnonzero(known)), bands)
    some = np.isfinite(colour)
    mean = float(np.median(colour[some])) if some.any() else 0.0
    return MeanColour(*bands, mean), np.nan_to_num(colour - mean)


def astrometry_table(
    gathered: Gathered, bands: Mapping[int, str], found: JointAstrometry, colour: MeanColour
) -> Catalog:
    """One row an exposure, schema `astrometry_fit`; ``bands`` by visit; ``meta`` says which colour was meant."""
    n = len(gathered.key)
    place = gathered.sources.exposure
    visit = np.array([e.visit for e in gathered.exposures])
    scale = np.array([f.wcs.pixel_scale() for f in gathered.facts])[place] / MAS
    weight = 1 / ((gathered.sources.error * scale) ** 2 + found.excess_mas[visit][place] ** 2)
    air = np.array([float(np.sqrt(np.mean(t.variance))) if len(t.points) else 0.0 for t in found.turbulence])
    rms = _weighted_rms(place, found.used, weight, np.mean(found.residual_mas**2, axis=1), n)
    return Catalog(
        {
            **_names(gathered, bands),
            "wcs": np.array([wcs_to_text(w) for w in found.wcs], object),
            "nStar": np.bincount(place[found.used], minlength=n),
            "nReference": np.full(n, np.sum(gathered.reference >= 0)),
            "rms": rms,
            "excess": found.excess_mas[visit],
            "chromaticRa": found.chromatic_mas[visit, 0],
            "chromaticDec": found.chromatic_mas[visit, 1],
            "airRms": air[visit],
        },
        {"blue": colour.blue, "red": colour.red, "mean": repr(colour.mean)},
    )


def photometry_table(
    gathered: Gathered,
    source: Catalog,
    band: str,
    fluxes: JointFluxes,
    found: JointPhotometry,
    colour: tuple[str, str],
) -> Catalog:
    """One row an exposure with detections in the band, schema `photometry_fit`; ``meta`` says which colour is meant."""
    own = visits_of_band(gathered, source, band)
    rows = [k for k, e in enumerate(gathered.exposures) if e.visit in own]
    detectors = len(found.detector)
    place = fluxes.visit * detectors + fluxes.detector
    weight = 1 / (fluxes.error**2 + found.excess[fluxes.visit] ** 2)
    n = len(own) * detectors
    count, total = (np.bincount(place[found.used], w, n) for w in (None, weight[found.used]))
    rms = _weighted_rms(place, found.used, weight, found.residual**2, n)
    visit = np.searchsorted(own, np.array([gathered.exposures[k].visit for k in rows]))
    detector = np.array([gathered.exposures[k].detector for k in rows])
    mine = np.where(detector < detectors, visit * detectors + detector, 0)
    seen = np.where(detector < detectors, count[mine], 0)
    names = _names(gathered, dict.fromkeys((v for v, _ in gathered.key), band))
    circles = visit_circles(gathered)
    polynomials = np.array(
        [_polynomial(gathered, k, v, circles, found) for k, v in zip(rows, visit, strict=True)]
    )
    return Catalog(
        {n: c[rows] for n, c in names.items()}
        | dict(zip(ZERO_POINT_COLUMNS, polynomials.reshape(len(rows), -1).T, strict=True))
        | {
            "ownZeroPoint": np.array([gathered.facts[k].zero_point for k in rows]),
            "nx": np.array([gathered.facts[k].shape[1] for k in rows]),
            "ny": np.array([gathered.facts[k].shape[0] for k in rows]),
            "zeroPointErr": np.where(seen > 0, 1 / np.sqrt(np.where(seen > 0, total[mine], 1.0)), np.nan),
            "nStar": seen,
            "nReference": np.full(len(rows), found.tied_to),
            "rms": np.where(seen > 0, rms[mine], np.nan),
            "excess": found.excess[visit],
            "colourTerm": found.colour_term[np.minimum(detector, detectors - 1)],
            "extinction": np.full(len(rows), found.extinction),
        },
        {"blue": colour[0], "red": colour[1], "mean": repr(found.options.pivot)},
    )


def _polynomial(
    gathered: Gathered, exposure: int, visit: int, circles: Mapping[int, Circle], found: JointPhotometry
) -> F8:
    """Coefficients of the zero point over one detector, at the pivot colour."""
    e, facts = gathered.exposures[exposure], gathered.facts[exposure]
    side = [np.linspace(0, n - 1, _GRID) for n in reversed(e.shape)]
    x, y = (c.ravel() for c in np.meshgrid(*side))
    pixel, focal = place_in_visit(e, x, y, circles[e.visit])
    airmass = np.full(len(x), facts.airmass if np.isfinite(facts.airmass) else 1.0)
    own = np.full(len(x), visit), np.full(len(x), min(e.detector, len(found.detector) - 1))
    value = found.correction(*own, pixel, focal, airmass, np.full(len(x), found.options.pivot))
    terms = monomials(pixel[:, 0], pixel[:, 1], ZERO_POINT_DEGREE)
    return np.asarray(np.linalg.lstsq(terms, value, rcond=None)[0], np.float64)


def _names(gathered: Gathered, bands: Mapping[int, str]) -> dict[str, npt.NDArray[np.generic]]:
    visit, detector = (np.array(c) for c in zip(*gathered.key, strict=True))
    return {
        "visit": visit,
        "detector": detector,
        "band": np.array([bands[v] for v in visit.tolist()], object),
    }


def _weighted_rms(place: npt.NDArray[np.intp], used: Bool, weight: F8, square: F8, n: int) -> F8:
    """Root of the weighted mean of squares of the used detections at each place; NaN where there is none."""
    total = np.bincount(place[used], weight[used], n)
    value = np.bincount(place[used], (weight * square)[used], n)
    return np.sqrt(value / np.where(total > 0, total, np.nan))


def _wrapped(angle: F8) -> F8:
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi, np.float64)
