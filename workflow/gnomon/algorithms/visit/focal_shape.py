"""The PSF's shape over the focal plane of a visit and with colour, from the stars of all its detectors."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.psf import best_degree, drawn_to_zero, shape_polynomial
from gnomon.containers.catalog import Catalog
from gnomon.containers.psf import Chromatic, PsfModel, polynomial_terms
from gnomon.containers.sphere import directions

F8 = npt.NDArray[np.float64]

_DEGREE = 2  # of the polynomial over the focal plane at most: what is finer is the detector's
_FLOOR = 0.003  # error of a star's moments beyond its photons'
_FEWEST = 30  # stars that make a field
_PER_DETECTOR = 3  # stars that tell how a detector lies
_ROUNDING = 1e-9  # of a slope that was drawn to zero
_SPREAD = 0.1  # magnitudes rms; stars of less differ in nothing but their noise


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
    seen = _shapes(stars, detector, model)
    if seen is None:
        return None
    out = np.zeros(((_DEGREE + 1) * (_DEGREE + 2) // 2, 3))
    for k in range(3):
        degree = best_degree(seen.u, seen.v, seen.value[:, k], seen.error, _DEGREE)
        fitted = shape_polynomial(seen.u, seen.v, seen.value[:, k], seen.error, degree)
        out[: len(fitted), k] = fitted
    return out


def chromatic_shape(stars: Catalog, detector: int, model: PsfModel) -> Chromatic | None:
    """How e1, e2 and ln T, in the pixels of one detector, go with the colour of the stars of all of them.

    Least squares for the slope beside the polynomial over the focal plane; a slope z times its error becomes
    ``z max(0, 1 - 2 / z^2)`` as in `shape_polynomial`: seeing goes as ``lambda^-0.2``, refraction within the band
    elongates the blue along the zenith (Plazas & Bernstein 2012, PASP 124, 1113; Meyers & Burchat 2015, ApJ 807, 182).

    Parameters
    ----------
    stars, detector, model : as in `focal_shape`; stars with ``colour``, magnitudes, NaN where unknown

    Returns
    -------
    Slopes about the weighted mean colour; None where `focal_shape` has none, for fewer than 30 stars with a colour, a
    spread of colours below 0.1 mag rms, and where all slopes may be noise.
    """
    seen = _shapes(stars.take(np.isfinite(stars["colour"])), detector, model)
    if seen is None:
        return None
    weight = 1 / seen.error**2
    reference = float(np.average(seen.colour, weights=weight))
    redder = seen.colour - reference
    if np.sqrt(np.average(redder**2, weights=weight)) < _SPREAD:
        return None
    slopes = []
    for value in seen.value.T:
        terms = polynomial_terms((seen.u, seen.v), best_degree(seen.u, seen.v, value, seen.error, _DEGREE))
        both = np.column_stack([terms, redder])
        slope = float(drawn_to_zero(both, value, seen.error, terms.shape[1])[-1])
        slopes.append(slope if abs(slope) > _ROUNDING else 0.0)
    e1, e2, ln_size = slopes
    return Chromatic(e1, e2, ln_size, reference) if any(slopes) else None


@dataclass(frozen=True, slots=True)
class _Shapes:
    """What stars tell, in the pixels of one detector."""

    u: F8
    v: F8
    """(n,) places in the model's coordinates."""
    value: F8
    """(n, 3) e1, e2, ln T."""
    error: F8
    """(n,) of each of them."""
    colour: F8
    """(n,) magnitudes; NaN without."""


def _shapes(stars: Catalog, detector: int, model: PsfModel) -> _Shapes | None:
    """Shapes of all stars; None where they tell less than a field."""
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
    colour = stars["colour"] if "colour" in stars else np.full(len(stars), np.nan)
    return _Shapes(u, v, value[good], error[good], colour[good].astype(np.float64))


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
