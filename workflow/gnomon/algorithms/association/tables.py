"""Tables of isolated stars and of difference-image objects."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.association.cluster import Clusters, Detections, cluster, mean_positions
from gnomon.algorithms.association.isolated import isolated_stars
from gnomon.algorithms.variability.tables import band_features
from gnomon.containers.catalog import Catalog
from gnomon.containers.ragged import group_rows, maxima, minima

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
B1 = npt.NDArray[np.bool_]

ARCSEC = np.radians(1 / 3600)

STAR_COLUMNS = (
    "sourceId", "visit", "detector", "band", "midpointMjdTai", "coord_ra", "coord_dec", "coord_raErr",
    "coord_decErr", "x", "y", "psfFlux", "psfFluxErr", "ap12Flux", "ap12FluxErr", "flags",
)  # fmt: skip
"""What is kept of a source that belongs to an isolated star."""

FLUX_FEATURES = ("Mean", "MeanErr", "Sigma", "Ndata", "Min", "Max", "MaxSlope", "ErrMean")
"""Features of the detections of an object that LSST publishes, in its order of names."""


@dataclass(frozen=True, slots=True)
class MatchLimits:
    """How near is the same."""

    radius: float
    """Radians, largest separation of a detection from its object."""
    n_sigma: float
    """Likewise in combined position errors."""
    sigma_floor: float
    """Radians, added in quadrature to every position error: the astrometry is no better than this."""


@dataclass(frozen=True, slots=True)
class StarTables:
    """Isolated stars and their detections."""

    star: Catalog
    """One row a star."""
    source: Catalog
    """One row a detection, with the star's identifier; in order of star, then time."""


def _sigma(ra_err_deg: F8, dec_err_deg: F8, floor: float) -> F8:
    """Position error per axis, radians; a missing error counts as ten times the floor."""
    mean = np.radians(np.sqrt(0.5 * (np.asarray(ra_err_deg, np.float64) ** 2 + np.asarray(dec_err_deg) ** 2)))
    return np.hypot(np.where(np.isfinite(mean), mean, 10 * floor), floor)


def star_tables(source: Catalog, limits: MatchLimits, isolation: float, min_detections: int) -> StarTables:
    """Stars seen at least ``min_detections`` times with no other such star within ``isolation`` (radians).

    Parameters
    ----------
    source : star-like sources of many visits with the columns `STAR_COLUMNS`, positions in degrees.
    """
    found = Detections(
        source["sourceId"].astype(np.int64),
        source["visit"].astype(np.int64),
        np.radians(source["coord_ra"]),
        np.radians(source["coord_dec"]),
        _sigma(source["coord_raErr"], source["coord_decErr"], limits.sigma_floor),
    )
    stars = isolated_stars(found, limits.radius, limits.n_sigma, isolation, min_detections)
    mine = np.flatnonzero(stars.star >= 0)
    mine = mine[np.lexsort((source["sourceId"][mine], source["midpointMjdTai"][mine], stars.star[mine]))]
    detections = Catalog({n: source[n][mine] for n in STAR_COLUMNS})
    star = {
        "isolatedStarId": stars.identity,
        "coord_ra": np.degrees(stars.ra),
        "coord_dec": np.degrees(stars.dec),
        "nDetections": stars.n_detections,
    }
    return StarTables(Catalog(star), detections.with_columns(isolatedStarId=stars.identity[stars.star[mine]]))


@dataclass(frozen=True, slots=True)
class DiaTables:
    """Objects found on difference images."""

    object: Catalog
    """One row an object."""
    association: Catalog
    """One row a detection: diaSourceId, diaObjectId."""


def dia_tables(source: Catalog, limits: MatchLimits, bands: Sequence[str]) -> DiaTables:
    """Objects of all detections of a patch; any order of rows and of visits gives the same tables.

    An object's identifier is that of its earliest detection (identifiers rise with the visit).

    Parameters
    ----------
    source : difference-image sources: diaSourceId, visit, band, midpointMjdTai, ra, dec, raErr, decErr (deg),
        psfFlux, psfFluxErr, scienceFlux, scienceFluxErr (nJy).
    bands : the bands that get flux columns.
    """
    rows = np.argsort(source["diaSourceId"], kind="stable")
    source = source.take(rows)
    found = _detections(source, limits)
    clusters = cluster(found, limits.radius, limits.n_sigma)
    which = clusters.identity[clusters.label] if len(source) else np.zeros(0, np.int64)
    association = Catalog({"diaSourceId": found.identity, "diaObjectId": which})
    return DiaTables(_dia_objects(source, found, clusters, bands), association)


def objects_until(source: Catalog, mjd: float, limits: MatchLimits, bands: Sequence[str]) -> Catalog:
    """Objects as they were known at a time: from the detections up to and including it.

    Parameters
    ----------
    source : as for `dia_tables`, with ``diaObjectId``; rows with a negative one belong to no object.
    mjd : MJD TAI.
    """
    known = source.take((source["midpointMjdTai"] <= mjd) & (source["diaObjectId"] >= 0))
    known = known.take(np.argsort(known["diaSourceId"], kind="stable"))
    identity, label = np.unique(known["diaObjectId"].astype(np.int64), return_inverse=True)
    return _dia_objects(known, _detections(known, limits), Clusters(label, identity), bands)


def _detections(source: Catalog, limits: MatchLimits) -> Detections:
    return Detections(
        source["diaSourceId"].astype(np.int64),
        source["visit"].astype(np.int64),
        np.radians(source["ra"]),
        np.radians(source["dec"]),
        _sigma(source["raErr"], source["decErr"], limits.sigma_floor),
    )


def _dia_objects(source: Catalog, found: Detections, clusters: Clusters, bands: Sequence[str]) -> Catalog:
    ra, dec, err = mean_positions(found, clusters)
    groups = group_rows(clusters.label)
    mjd = source["midpointMjdTai"][groups.order].astype(np.float64)
    columns = {
        "diaObjectId": clusters.identity,
        "ra": np.degrees(ra),
        "raErr": np.degrees(err),
        "dec": np.degrees(dec),
        "decErr": np.degrees(err),
        "nDiaSources": np.diff(groups.offsets),
        "firstDiaSourceMjdTai": minima(mjd, groups.offsets),
        "lastDiaSourceMjdTai": maxima(mjd, groups.offsets),
    }
    args = (clusters.label, len(clusters), source["band"], source["midpointMjdTai"])
    for band in bands:
        psf = band_features(*args, source["psfFlux"], source["psfFluxErr"], band)
        science = band_features(*args, source["scienceFlux"], source["scienceFluxErr"], band)
        columns |= {f"{band}_psfFlux{name}": psf[name] for name in FLUX_FEATURES}
        columns |= {f"{band}_scienceFlux{name}": science[name] for name in ("Mean", "MeanErr")}
    return Catalog(columns)
