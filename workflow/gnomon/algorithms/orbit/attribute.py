"""Detections that are known objects: one to one, by the error ellipses of prediction and measurement."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.algorithms.orbit.ephemeris import tangent_axes, unit_vectors

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

_LARGEST_ELLIPSE = np.deg2rad(30.0 / 3600)  # beyond, a prediction tells nothing a linker would not
_LEAST_SIGMA = np.deg2rad(1e-6 / 3600)


@dataclass(frozen=True, slots=True)
class Attributions:
    """Pairs of prediction and detection, each in at most one pair; sorted by detection."""

    prediction: I8
    """(k,) row of the prediction."""
    detection: I8
    """(k,) row of the detection."""
    chi2: F8
    """(k,) squared distance in units of the joint error ellipse."""
    offset: F8
    """(k, 2) measured minus predicted, east and north, radians."""


def attribute(
    predicted: tuple[F8, F8, F8, I8],
    detected: tuple[F8, F8, F8, I8],
    chi2_limit: float = 25.0,
    unknown_sigma: float = np.deg2rad(1.0 / 3600),
    model_sigma: float = np.deg2rad(0.05 / 3600),
) -> Attributions:
    """Pair predictions with detections of the same exposure, nearest in chi2 first.

    Parameters
    ----------
    predicted : ra and dec (p,) in radians, covariance (p, 3) east-east, east-north, north-north in
    radians^2 (NaN
        where unknown), and exposure (p,)
    detected : ra and dec (d,) in radians, standard error per axis (d,), and exposure (d,)
    chi2_limit : of 2 degrees of freedom; 25 loses 4e-6 of the true pairs
    unknown_sigma : error of a prediction without covariance, radians
    model_sigma : added to every prediction: what the force model and the photocentre leave out, radians

    The assignment is greedy by chi2 over each exposure, ties by row: with ellipses far smaller than the
    distance between objects it equals the optimal one. Ellipses are cut at 30".
    """
    ra, dec, covariance, exposure = predicted
    unknown = np.array([unknown_sigma**2, 0.0, unknown_sigma**2])
    covariance = np.where(np.isfinite(covariance), covariance, unknown)
    prediction, detection = _near(ra, dec, covariance, exposure, detected, chi2_limit, model_sigma)
    offset = _offsets(ra[prediction], dec[prediction], detected[0][detection], detected[1][detection])
    variance = model_sigma**2 + np.maximum(detected[2][detection], _LEAST_SIGMA) ** 2
    chi2 = _chi2(offset, covariance[prediction], variance)
    keep = np.flatnonzero(chi2 <= chi2_limit)
    keep = keep[np.lexsort((detection[keep], prediction[keep], chi2[keep]))]
    keep = keep[_one_to_one(prediction[keep], detection[keep])]
    keep = keep[np.argsort(detection[keep])]
    return Attributions(prediction[keep], detection[keep], chi2[keep], offset[keep])


def _near(
    ra: F8,
    dec: F8,
    covariance: F8,
    exposure: I8,
    detected: tuple[F8, F8, F8, I8],
    chi2_limit: float,
    model_sigma: float,
) -> tuple[I8, I8]:
    """Pairs of one exposure within the longest axis of the ellipse."""
    worst = float(np.max(detected[2], initial=0.0))
    major = np.sqrt(covariance[:, 0] + covariance[:, 2] + model_sigma**2 + worst**2)
    reach = np.minimum(np.sqrt(chi2_limit) * major, _LARGEST_ELLIPSE)
    pairs: list[tuple[I8, I8]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for number in np.intersect1d(exposure, detected[3]):
        p, d = np.flatnonzero(exposure == number), np.flatnonzero(detected[3] == number)
        tree = cKDTree(unit_vectors(detected[0][d], detected[1][d]))
        hits = tree.query_ball_point(unit_vectors(ra[p], dec[p]), 2 * np.sin(reach[p] / 2))
        counts = [len(h) for h in hits]
        pairs.append((np.repeat(p, counts), d[np.array([k for h in hits for k in h], np.int64)]))
    prediction, detection = (np.concatenate(columns) for columns in zip(*pairs, strict=True))
    return prediction, detection


def _offsets(ra: F8, dec: F8, ra_seen: F8, dec_seen: F8) -> F8:
    """Measured minus predicted in the tangent plane of the prediction, radians."""
    east, north = tangent_axes(ra, dec)
    seen = unit_vectors(ra_seen, dec_seen)
    return np.stack([np.sum(seen * east, axis=1), np.sum(seen * north, axis=1)], axis=1)


def _chi2(offset: F8, covariance: F8, variance: F8) -> F8:
    a, b, c = covariance[:, 0] + variance, covariance[:, 1], covariance[:, 2] + variance
    x, y = offset.T
    return np.asarray((c * x * x - 2 * b * x * y + a * y * y) / (a * c - b * b))


def _one_to_one(prediction: I8, detection: I8) -> I8:
    """Positions of the pairs that remain when taken in order, each row at most once."""
    kept, seen_p, seen_d = [], set(), set()
    for k, (p, d) in enumerate(zip(prediction.tolist(), detection.tolist(), strict=True)):
        if p not in seen_p and d not in seen_d:
            kept.append(k)
            seen_p.add(p)
            seen_d.add(d)
    return np.array(kept, np.int64)
