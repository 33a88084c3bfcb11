"""Tables of isolated stars, maps of exposures and a reference catalogue as the input of the joint fits.

Tables are as the catalogues on disk (``isolated_star``, ``isolated_star_source``: degrees, nJy); the reference
catalogue is as `gnomon.io.refcat` reads it (radians).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from gnomon.algorithms.astrometry.epoch import apply_space_motion
from gnomon.algorithms.astrometry.pairs import nearest_pairs
from gnomon.algorithms.astrometry.tansip import mean_position
from gnomon.algorithms.joint.scatter import rows_by_group
from gnomon.algorithms.photometry.joint import JointFluxes
from gnomon.algorithms.photometry.zero_point import AB_NJY, MAG_PER_LN
from gnomon.containers.catalog import Catalog
from gnomon.containers.joint import JointExposure, JointSources, JointStars
from gnomon.containers.sphere import directions
from gnomon.containers.wcs import Wcs, sky_to_plane
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Circle = tuple[tuple[float, float], float]
"""Centre (ICRS radians) and radius (radians)."""

_PM_SPREAD_MAS = (
    8.0  # mas / yr per axis, of field stars of 18 to 22 mag in the Besancon model at high latitude
)


@dataclass(frozen=True, slots=True)
class ExposureFacts:
    """What the joint fits must know of one detector of one visit."""

    wcs: Wcs
    """Map fitted by itself."""
    shape: tuple[int, int]
    """Rows and columns."""
    mjd_tai: float
    """Mid-exposure."""
    airmass: float
    """Of the boresight; NaN counts as 1."""
    zero_point: float = AB_NJY
    """AB magnitude of one count that the exposure's fluxes were made with."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Detections and stars with the numbers that the fits use."""

    key: tuple[tuple[int, int], ...]
    """(visit, detector) of each exposure, in order."""
    facts: tuple[ExposureFacts, ...]
    """Of each exposure, in order."""
    exposures: tuple[JointExposure, ...]
    """Exposures, visits and detectors numbered from 0."""
    sources: JointSources
    """Detections of finite position and error, in known exposures."""
    stars: JointStars
    """One for each row of the star table."""
    row: Index
    """(n,) row of the source table of each detection."""
    reference: Index
    """(nstar,) row of the reference catalogue, -1 where it lacks the star."""


def gather_astrometry(
    star: Catalog,
    source: Catalog,
    facts: Mapping[tuple[int, int], ExposureFacts],
    reference: Catalog,
    radius: float,
    colour: F8 | None = None,
) -> Gathered:
    """Input of `fit_joint_astrometry`.

    Parameters
    ----------
    star, source
        Isolated stars and their detections.
    facts
        By (visit, detector); detections in exposures without facts are left out.
    reference
        Catalogue stars around the field.
    radius
        Greatest distance of a star from its catalogue position at the mean date, radians.
    colour
        Of each row of ``star`` less the one for which maps shall hold, magnitudes; None where none is known.

    Raises
    ------
    UnprocessableData
        No detection is usable.
    """
    keys = tuple(sorted(facts))
    exposures = _numbered(keys, facts)
    number = {k: i for i, k in enumerate(keys)}
    pairs = zip(source["visit"].tolist(), source["detector"].tolist(), strict=True)
    exposure = np.array([number.get((int(v), int(d)), -1) for v, d in pairs], np.intp)
    index, known_star = row_of(star["isolatedStarId"], source["isolatedStarId"])
    error = np.deg2rad(np.sqrt((source["coord_raErr"] ** 2.0 + source["coord_decErr"] ** 2.0) / 2))
    scale = np.array([e.wcs.pixel_scale() for e in exposures] or [1.0])[exposure]
    with np.errstate(invalid="ignore"):
        good = (exposure >= 0) & known_star & (error > 0) & np.isfinite(source["x"] + source["y"])
    row = np.flatnonzero(good)
    if not len(row):
        raise UnprocessableData(f"none of {len(source)} detections is in a known exposure")
    sources = JointSources(
        exposure[row], index[row], source["x"][row], source["y"][row], (error / scale)[row]
    )
    mean_mjd = float(np.mean(source["midpointMjdTai"][row]))
    match = _match(star, reference, mean_mjd, radius)
    told = tuple(facts[k] for k in keys)
    stars = _stars(star, reference, match, mean_mjd, np.zeros(len(star)) if colour is None else colour)
    return Gathered(keys, told, exposures, sources, stars, row, match)


def gather_photometry(
    gathered: Gathered, source: Catalog, reference: Catalog, band: str, colour: tuple[str, str]
) -> JointFluxes:
    """Input of `fit_joint_photometry` for one band, with visits numbered as in `visits_of_band`.

    The table's fluxes are in nJy by each exposure's own zero point, which is taken off again: the joint zero
    points are those of one count.

    Parameters
    ----------
    gathered
        From `gather_astrometry`.
    source
        The same source table.
    reference
        The same catalogue.
    band
        Detections of other bands are left out.
    colour
        Two bands whose magnitudes differ by the colour: of the catalogue, or where it lacks the star of its own
        detections.

    Raises
    ------
    UnprocessableData
        No detection with a flux in the band.
    """
    flux, error = source["psfFlux"][gathered.row], source["psfFluxErr"][gathered.row]
    with np.errstate(invalid="ignore"):
        keep = (source["band"][gathered.row] == band) & (flux > 0) & (error > 0)
    if not keep.any():
        raise UnprocessableData(f"no detection with a flux in {band}")
    exposure = gathered.sources.exposure[keep]
    visit = np.searchsorted(
        visits_of_band(gathered, source, band), np.array([e.visit for e in gathered.exposures])[exposure]
    )
    detector = np.array([e.detector for e in gathered.exposures])[exposure]
    pixel, focal = _places(gathered, keep)
    own = np.array([f.zero_point for f in gathered.facts])[exposure]
    airmass = np.nan_to_num(np.array([f.airmass for f in gathered.facts]), nan=1.0)[exposure]
    mag, mag_err = _catalogue(gathered, reference, band)
    blue, red = (_catalogue(gathered, reference, b)[0] for b in colour)
    seen = star_colours(gathered.sources.star, len(mag), source.take(gathered.row), colour)
    return JointFluxes(
        visit, detector, gathered.sources.star[keep], AB_NJY - own - 2.5 * np.log10(flux[keep]),
        MAG_PER_LN * error[keep] / flux[keep], pixel, focal, airmass,
        np.where(np.isfinite(blue - red), blue - red, seen), mag, mag_err,
        _medians(visit, own),
    )  # fmt: skip


def star_colours(star: Index, n: int, detections: Catalog, bands: tuple[str, str]) -> F8:
    """Colours of stars by their mean fluxes in two bands.

    Parameters
    ----------
    star : (ndetection,) which star, 0 to n - 1
    n : number of stars
    detections : columns band, psfFlux, psfFluxErr
    bands : the bluer and the redder one

    Returns
    -------
    (n,) float64 magnitudes; NaN where a band is missing or its mean flux is not positive.
    """
    flux, error = detections["psfFlux"], detections["psfFluxErr"]
    means = []
    for band in bands:
        with np.errstate(invalid="ignore", divide="ignore"):
            good = (detections["band"] == band) & np.isfinite(flux) & (error > 0)
            weight = 1 / error[good] ** 2
            total, norm = (np.bincount(star[good], w, n) for w in (weight * flux[good], weight))
            means.append(np.where(total > 0, total / norm, np.nan))
    return np.asarray(-2.5 * np.log10(means[0] / means[1]), np.float64)


def _medians(group: Index, value: F8) -> F8:
    """Median of the values of each group, 0 to the last."""
    return np.array([np.median(value[rows]) for rows in rows_by_group(group, int(group.max()) + 1)])


def visits_of_band(gathered: Gathered, source: Catalog, band: str) -> Index:
    """Visits with a usable detection in a band, rising: the numbers of `JointFluxes.visit` count them."""
    flux, error = source["psfFlux"][gathered.row], source["psfFluxErr"][gathered.row]
    with np.errstate(invalid="ignore"):
        keep = (source["band"][gathered.row] == band) & (flux > 0) & (error > 0)
    visit = np.array([e.visit for e in gathered.exposures], np.intp)
    return np.unique(visit[gathered.sources.exposure[keep]])


def _numbered(
    keys: tuple[tuple[int, int], ...], facts: Mapping[tuple[int, int], ExposureFacts]
) -> tuple[JointExposure, ...]:
    visits = {v: i for i, v in enumerate(sorted({v for v, _ in keys}))}
    detectors = {d: i for i, d in enumerate(sorted({d for _, d in keys}))}
    return tuple(
        JointExposure(visits[v], detectors[d], facts[v, d].wcs, facts[v, d].shape, facts[v, d].mjd_tai)
        for v, d in keys
    )


def row_of(
    names: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]
) -> tuple[Index, npt.NDArray[np.bool_]]:
    """Row of each wanted name, and whether it is there."""
    order = np.argsort(names, kind="stable")
    place = np.searchsorted(names[order], wanted)
    inside = np.minimum(place, max(len(names) - 1, 0))
    found = (
        (place < len(names)) & (names[order][inside] == wanted) if len(names) else np.zeros(len(wanted), bool)
    )
    return (order[inside] if len(names) else place), np.asarray(found, np.bool_)


def _match(star: Catalog, reference: Catalog, mjd: float, radius: float) -> Index:
    """Row of the catalogue star that is each star's nearest, and it its; -1 without."""
    match = np.full(len(star), -1, np.intp)
    if not len(reference) or not len(star):
        return match
    pm_ra, pm_dec, parallax, epoch = (reference[c] for c in ("pmRA", "pmDec", "parallax", "epoch"))
    place = apply_space_motion(
        reference["coord_ra"], reference["coord_dec"], pm_ra, pm_dec, parallax, epoch, mjd
    )
    here = directions(np.deg2rad(star["coord_ra"]), np.deg2rad(star["coord_dec"]))
    i, j = nearest_pairs(here, KDTree(directions(*place)), radius)
    match[i] = j
    return match


def _stars(star: Catalog, reference: Catalog, match: Index, mean_mjd: float, colour: F8) -> JointStars:
    """Catalogue values where there are any, else the mean of the detections at the mean date."""
    known = match >= 0

    def pick(name: str, otherwise: npt.ArrayLike, missing: float) -> F8:
        values = np.broadcast_to(np.asarray(otherwise, np.float64), known.shape).copy()
        if known.any():
            given = np.asarray(reference[name][match[known]], np.float64)
            values[known] = np.where(np.isfinite(given), given, missing)
        return values

    error = np.maximum(pick("raErr", np.inf, np.inf), pick("decErr", np.inf, np.inf))
    motion_error = np.maximum(
        pick("pmRAErr", _PM_SPREAD_MAS, _PM_SPREAD_MAS), pick("pmDecErr", _PM_SPREAD_MAS, _PM_SPREAD_MAS)
    )
    return JointStars(
        pick("coord_ra", np.deg2rad(star["coord_ra"]), 0.0), pick("coord_dec", np.deg2rad(star["coord_dec"]), 0.0),
        error, pick("pmRA", 0.0, 0.0), pick("pmDec", 0.0, 0.0), motion_error, pick("parallax", 0.0, 0.0),
        pick("epoch", mean_mjd, mean_mjd), colour,
    )  # fmt: skip


def _places(gathered: Gathered, keep: npt.NDArray[np.bool_]) -> tuple[F8, F8]:
    """Positions on the detector and about the visit's middle on the sky, both over about [-1, 1]."""
    sources = gathered.sources
    pixel, focal = np.empty((len(sources), 2)), np.empty((len(sources), 2))
    circles = visit_circles(gathered)
    members = rows_by_group(sources.exposure, len(gathered.exposures))
    for e, rows in zip(gathered.exposures, members, strict=True):
        pixel[rows], focal[rows] = place_in_visit(e, sources.x[rows], sources.y[rows], circles[e.visit])
    return pixel[keep], focal[keep]


def place_in_visit(e: JointExposure, x: F8, y: F8, circle: Circle) -> tuple[F8, F8]:
    """(n, 2) positions on the detector, -1 to 1 between the borders of its longer side, and in the visit."""
    half, middle = max(e.shape) / 2, ((e.shape[1] - 1) / 2, (e.shape[0] - 1) / 2)
    centre, reach = circle
    focal = np.stack(sky_to_plane(*e.wcs.pixel_to_sky(x, y), centre), -1) / reach
    return np.stack([(x - middle[0]) / half, (y - middle[1]) / half], -1), focal


def visit_circles(gathered: Gathered) -> dict[int, Circle]:
    """Circle about the detectors of each visit."""
    members: dict[int, list[JointExposure]] = {}
    for e in gathered.exposures:
        members.setdefault(e.visit, []).append(e)
    return {v: _circle_about(some) for v, some in members.items()}


def _circle_about(exposures: Sequence[JointExposure]) -> Circle:
    """Middle of a visit's detectors and the distance of their furthest corner, radians."""
    ra, dec = [], []
    for e in exposures:
        corner = e.wcs.pixel_to_sky([0, 0, e.shape[1], e.shape[1]], [0, e.shape[0], 0, e.shape[0]])
        ra.append(corner[0])
        dec.append(corner[1])
    centre = mean_position(np.concatenate(ra), np.concatenate(dec))
    plane = np.hypot(*sky_to_plane(np.concatenate(ra), np.concatenate(dec), centre))
    return centre, float(np.max(plane))


def _catalogue(gathered: Gathered, reference: Catalog, band: str) -> tuple[F8, F8]:
    """AB magnitude and error of each star in a band of the catalogue; NaN without."""
    known = gathered.reference >= 0
    mag, err = np.full(len(known), np.nan), np.full(len(known), np.nan)
    if f"flux_{band}" in reference and known.any():
        rows = gathered.reference[known]
        flux, flux_err = reference[f"flux_{band}"][rows], reference[f"fluxErr_{band}"][rows]
        with np.errstate(invalid="ignore", divide="ignore"):
            mag[known] = np.where(flux > 0, AB_NJY - 2.5 * np.log10(flux), np.nan)
            err[known] = MAG_PER_LN * flux_err / flux
    return mag, err
