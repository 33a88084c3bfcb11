"""Moving objects beside what the simulator put in: which detection is whose, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from gnomon.containers.catalog import Catalog
from gnomon.containers.sphere import directions

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]

NOBODY = -1
"""Owner of a detection that is no asteroid."""
_SAME = np.deg2rad(1.0 / 3600)
_CLEAR_SNR = 10.0


@dataclass(frozen=True, slots=True)
class Appearances:
    """Asteroids on detectors, one row an asteroid and visit."""

    asteroid: I8
    """(k,) row of the truth."""
    night: I8
    """(k,) number of the night."""
    clear: Truth
    """(k,) true S/N above 10."""
    detection: I8
    """(k,) ``diaSourceId`` of the detection within 1 arcsec, -1 for none."""


def appearances(
    truths: Sequence[Catalog], sources: Sequence[Catalog], nights: Sequence[int], kind: int
) -> Appearances:
    """Asteroids of every visit and their detections.

    Parameters
    ----------
    truths : true sources of each visit: ``kind``, ``row``, ``ra``, ``dec`` (degrees), ``snr``
    sources : detections on the difference images of the same visits
    nights : number of the night of each visit
    kind : of asteroids in the truth
    """
    parts = [np.zeros((4, 0), np.int64)]
    for truth, found, night in zip(truths, sources, nights, strict=True):
        mine = truth.take(truth["kind"] == kind) if len(truth) else truth
        if len(mine):
            clear = (mine["snr"] > _CLEAR_SNR).astype(np.int64)
            rows = [mine["row"], np.full(len(mine), night), clear, _detections(mine, found)]
            parts.append(np.stack(rows).astype(np.int64))
    asteroid, night, clear, detection = np.concatenate(parts, axis=1)
    return Appearances(asteroid, night, clear == 1, detection)


def _detections(truth: Catalog, found: Catalog) -> I8:
    """Number of the nearest detection within 1 arcsec of each true place; -1 for none."""
    if not len(found):
        return np.full(len(truth), NOBODY, np.int64)
    there, here = (directions(np.radians(t["ra"]), np.radians(t["dec"])) for t in (found, truth))
    away, row = KDTree(there).query(here)
    return np.where(away <= _SAME, found["diaSourceId"][row], NOBODY).astype(np.int64)


def owners(seen: Appearances, detections: npt.ArrayLike) -> I8:
    """Asteroid of each detection by its number; `NOBODY` for those of none."""
    wanted = np.asarray(detections, np.int64)
    real = seen.detection >= 0
    order = np.argsort(seen.detection[real], kind="stable")
    numbers, whose = seen.detection[real][order], seen.asteroid[real][order]
    if not len(numbers):
        return np.full(len(wanted), NOBODY, np.int64)
    place = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    return np.where(numbers[place] == wanted, whose[place], NOBODY).astype(np.int64)


def pair_nights(seen: Appearances, n: int) -> I8:
    """(n,) nights on which each of ``n`` asteroids was detected at least twice."""
    real = seen.detection >= 0
    pairs, count = np.unique(np.stack([seen.asteroid[real], seen.night[real]]), axis=1, return_counts=True)
    return np.bincount(pairs[0, count >= 2], minlength=n).astype(np.int64)


def counted(rows: I8, n: int) -> I8:
    """(n,) how often each asteroid occurs; `NOBODY` is left out."""
    return np.bincount(rows[rows >= 0], minlength=n).astype(np.int64)


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """Objects made by linking beside the truth, one row an object."""

    designation: npt.NDArray[np.str_]
    """(k,) our names, sorted."""
    asteroid: I8
    """(k,) the one asteroid that most of its detections are of; `NOBODY` where they are of none."""
    right: I8
    """(k,) detections of that asteroid."""
    foreign: I8
    """(k,) other detections."""


def check_links(seen: Appearances, designation: npt.ArrayLike, detection: npt.ArrayLike) -> LinkCheck:
    """Whose detections each linked object has; one object of several asteroids belongs to the first by count."""
    names, place = np.unique(np.asarray(designation, np.str_), return_inverse=True)
    whose = owners(seen, detection)
    asteroid = np.full(len(names), NOBODY, np.int64)
    right, total = np.zeros(len(names), np.int64), np.bincount(place, minlength=len(names))
    for k in range(len(names)):
        found, count = np.unique(whose[(place == k) & (whose >= 0)], return_counts=True)
        if len(found):
            asteroid[k], right[k] = found[np.argmax(count)], count.max()
    return LinkCheck(names, asteroid, right, (total - right).astype(np.int64))


def sky_offset(predicted: tuple[F8, F8], true: tuple[F8, F8], covariance: F8) -> tuple[F8, F8, F8]:
    """(k,) distance, greatest 1-sigma error and chi2 (2 degrees of freedom) of predicted places.

    Parameters
    ----------
    predicted, true : (ra, dec), each (k,) radians
    covariance : (k, 3) east-east, east-north, north-north of the prediction, radians^2
    """
    east = np.angle(np.exp(1j * (predicted[0] - true[0]))) * np.cos(true[1])
    north = predicted[1] - true[1]
    a, b, c = covariance.T
    largest = np.sqrt(0.5 * (a + c) + np.hypot(0.5 * (a - c), b))
    with np.errstate(divide="ignore", invalid="ignore"):
        chi2 = (c * east**2 - 2 * b * east * north + a * north**2) / (a * c - b * b)
    return np.hypot(east, north), largest, chi2
