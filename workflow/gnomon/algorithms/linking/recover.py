"""Detections that no tracklet gave to an object: found by the object's own orbit."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.linking.link import TRIAL_FIT, Links, is_orbit, one_of
from gnomon.algorithms.orbit.attribute import attribute
from gnomon.algorithms.orbit.determine import fit_orbits, join_fits
from gnomon.algorithms.orbit.ephemeris import unit_vectors
from gnomon.algorithms.orbit.predict import Visits, predict
from gnomon.containers.orbit import Astrometry, Orbits
from gnomon.containers.perturbers import PerturberTable

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

_CHI2 = 16.0  # of 2 degrees of freedom: loses 3e-4 of the object's own detections
_CHANCE = 0.01  # detections that an ellipse may hold by chance; larger ellipses tell nothing
_ROUNDS = 3  # every round's orbits reach farther than those of the last
_MARGIN = np.deg2rad(1.0 / 3600)


def recover_detections(
    table: PerturberTable, links: Links, measured: Astrometry, visit: I8, chi2_limit: float
) -> Links:
    """Objects with the detections of their exposures that lie where their orbits say.

    Parameters
    ----------
    table : masses and their ephemeris
    links : objects, whose ``detection`` counts in ``measured``
    measured : all detections of the window, those in no tracklet too
    visit : (m,) exposure of each
    chi2_limit : per degree of freedom, above which a wider set is no orbit and its object stays as it was

    A night in which only one exposure detected an object has no tracklet of it, but a good part of what is to be
    known of the orbit (attributions of single positions: Milani, Sansaturio & Chesley 2001). Pairs are one to one by
    the joint error ellipse, one an object and exposure, where less than 1 of 100 such ellipses would hold a
    detection by chance.
    """
    for _ in range(_ROUNDS):
        owner, detection = _claims(table, links, measured, visit)
        if not len(owner):
            break
        links = _widened(table, links, measured, (owner, detection), chi2_limit)
    return links


def _claims(table: PerturberTable, links: Links, measured: Astrometry, visit: I8) -> tuple[I8, I8]:
    """Object and detection of every pair."""
    visits, number, counts = _exposures(measured, visit)
    n, fit = len(links), links.fit
    unknown = np.full(n, np.nan)
    orbits = Orbits(
        np.arange(n).astype(np.str_), np.full(n, fit.epoch), fit.state, fit.covariance, unknown, unknown
    )
    there = predict(table, orbits, visits)
    has = np.zeros((n, len(counts)), bool)
    has[np.repeat(np.arange(n), np.diff(links.start)), number[links.detection]] = True
    wanted = ~has[there.orbit, there.visit] & np.isfinite(there.covariance).all(axis=1)
    free = np.setdiff1d(np.arange(len(number)), links.detection)
    sigma = np.hypot(*measured.sigma[free].T) / np.sqrt(2)
    pairs = attribute(
        (there.sky.ra[wanted], there.sky.dec[wanted], there.covariance[wanted], there.visit[wanted]),
        (measured.ra[free], measured.dec[free], sigma, number[free]), _CHI2, model_sigma=0.0,
    )  # fmt: skip
    east, cross, north = there.covariance[wanted][pairs.prediction].T
    noise = sigma[pairs.detection] ** 2
    area = np.pi * _CHI2 * np.sqrt((east + noise) * (north + noise) - cross**2)
    at = number[free][pairs.detection]
    rare = area * counts[at] < _CHANCE * np.pi * visits.radius[at] ** 2
    return there.orbit[wanted][pairs.prediction[rare]], free[pairs.detection[rare]]


def _exposures(measured: Astrometry, visit: I8) -> tuple[Visits, I8, I8]:
    """Exposures as circles about their detections, the exposure of each detection, and how many each has."""
    _, first, number, counts = np.unique(visit, return_index=True, return_inverse=True, return_counts=True)
    line = unit_vectors(measured.ra, measured.dec)
    middle: F8 = np.stack([np.bincount(number, line[:, k]) for k in range(3)], axis=1)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    radius = np.zeros(len(counts))
    away = np.linalg.norm(line - middle[number], axis=1)
    np.maximum.at(radius, number, 2 * np.arcsin(np.minimum(away / 2, 1)))
    ra, dec = np.arctan2(middle[:, 1], middle[:, 0]), np.arcsin(np.clip(middle[:, 2], -1, 1))
    site = measured.observer[first], measured.observer_velocity[first]
    return Visits(measured.mjd_tai[first], ra, dec, radius + _MARGIN, *site), number, counts


def _widened(
    table: PerturberTable, links: Links, measured: Astrometry, claims: tuple[I8, I8], chi2_limit: float
) -> Links:
    """Objects fitted anew with what they claim; those that are no orbit then stay as they were."""
    owner = np.append(np.repeat(np.arange(len(links)), np.diff(links.start)), claims[0])
    detection = np.append(links.detection, claims[1])
    changed = np.unique(claims[0])
    order = np.lexsort((detection, measured.mjd_tai[detection], owner))
    order = order[np.isin(owner[order], changed)]
    mine, whose = detection[order], np.searchsorted(changed, owner[order])
    states = links.fit.state[changed]
    fit = fit_orbits(table, links.fit.epoch, states, measured.take(mine), whose, TRIAL_FIT)
    good, bounds = is_orbit(fit, chi2_limit), np.searchsorted(whose, np.arange(len(changed) + 1))
    rows = [slice(int(a), int(b)) for a, b in pairwise(links.start)]
    parts = [(links.detection[r], one_of(links.fit, k, r)) for k, r in enumerate(rows)]
    for k in np.flatnonzero(good).tolist():
        r = slice(int(bounds[k]), int(bounds[k + 1]))
        parts[changed[k]] = (mine[r], one_of(fit, k, r))
    start = np.concatenate([[0], np.cumsum([len(d) for d, _ in parts])]).astype(np.int64)
    whole = join_fits(links.fit.epoch, [f for _, f in parts])
    return Links(start, np.concatenate([d for d, _ in parts]), links.nights, whole)
