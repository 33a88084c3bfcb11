"""The PSF's shape over the focal plane of a visit, from the stars of all its detectors."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.psf import best_degree, shape_polynomial
from gnomon.containers.catalog import Catalog
from gnomon.containers.psf import PsfModel
from gnomon.containers.sphere import directions

F8 = npt.NDArray[np.float64]

_DEGREE = 2  # of the polynomial over the focal plane at most: what is finer is the detector's
_FLOOR = 0.003  # error of a star's moments beyond its photons'
_FEWEST = 30  # stars that make a field
_PER_DETECTOR = 3  # stars that tell how a detector lies


def focal_shape(stars: Catalog, detector: int, model: PsfModel) -> F8 | None:
    """Polynomials of e1, e2 and ln T over the focal plane, in the pixels of one detector continued beyond its edges.

    Each detector lies as its stars do on the tangent plane: places and moments go through the affine maps between
    detectors, so that turned and mirrored ones agree. Moments of a star of signal to noise s tell e and ln T to
    ``sqrt(2) / s``.

    Parameters
    ----------
    stars : sources of the visit fit to model the PSF: detector, x, y, coord_ra, coord_dec, ixx, iyy, ixy, psfFlux,
        psfFluxErr
    detector : whose pixels are meant
    model : its preliminary PSF, whose coordinates the polynomials have

    Returns
    -------
    (nterm, 3) coefficients in the order of `polynomial_terms`, or None for fewer than 30 stars or those of one
    detector alone.
    """
    if len(stars) < _FEWEST:
        return None
    plane = _tangent(stars)
    maps = {int(d): _affine(stars, plane, stars["detector"] == d) for d in np.unique(stars["detector"])}
    mine = maps.get(detector)
    if mine is None or sum(m is not None for m in maps.values()) < 2:
        return None
    x, y, moments = _in_pixels_of(mine, stars, plane, {d: m for d, m in maps.items() if m is not None})
    trace = moments[:, 0, 0] + moments[:, 1, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.stack(
            [(moments[:, 0, 0] - moments[:, 1, 1]) / trace, 2 * moments[:, 0, 1] / trace, np.log(trace)], 1
        )
        error = np.hypot(np.sqrt(2) * stars["psfFluxErr"] / stars["psfFlux"], _FLOOR)
    good = np.isfinite(value).all(1) & np.isfinite(error)
    if good.sum() < _FEWEST:
        return None
    u, v = (place[good] for place in model.normalise(x, y))
    out = np.zeros(((_DEGREE + 1) * (_DEGREE + 2) // 2, 3))
    for k in range(3):
        degree = best_degree(u, v, value[good, k], error[good], _DEGREE)
        fitted = shape_polynomial(u, v, value[good, k], error[good], degree)
        out[: len(fitted), k] = fitted
    return out


def _tangent(stars: Catalog) -> F8:
    """(n, 2) places on the plane that touches the sky amid the stars; its axes are as good as any."""
    place = directions(np.radians(stars["coord_ra"]), np.radians(stars["coord_dec"]))
    axes = np.linalg.svd(place - place.mean(0), full_matrices=False)[2]
    return np.asarray((place - place.mean(0)) @ axes[:2].T)


def _affine(stars: Catalog, plane: F8, of: npt.NDArray[np.bool_]) -> F8 | None:
    """(3, 2) map from (x, y, 1) of a detector to the plane; None for few stars."""
    if of.sum() < _PER_DETECTOR:
        return None
    pixels = np.stack([stars["x"][of], stars["y"][of], np.ones(of.sum())], 1)
    found, _, rank, _ = np.linalg.lstsq(pixels, plane[of], rcond=None)
    return np.asarray(found) if rank == len(found) else None


def _in_pixels_of(mine: F8, stars: Catalog, plane: F8, maps: dict[int, F8]) -> tuple[F8, F8, F8]:
    """x, y and (n, 2, 2) moments of all stars in the pixels of one detector; NaN for detectors without a map."""
    back = np.linalg.inv(mine[:2])
    place = (plane - mine[2]) @ back
    columns = [stars[n].astype(np.float64) for n in ("ixx", "ixy", "ixy", "iyy")]
    moments = np.full((len(stars), 2, 2), np.nan)
    for detector, there in maps.items():
        of = stars["detector"] == detector
        turn = there[:2] @ back
        moments[of] = turn.T @ np.stack(columns, 1)[of].reshape(-1, 2, 2) @ turn
    return place[:, 0], place[:, 1], moments
