"""The map of a detector from its stars: a correction to a starting map, as fine as the stars allow."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from gnomon.algorithms.astrometry.match import MatchLimits, StarMatch, match_stars
from gnomon.algorithms.astrometry.pairs import nearest_pairs
from gnomon.algorithms.astrometry.tansip import fit_tan_sip, monomials, powers
from gnomon.algorithms.joint.scatter import (
    MEDIAN_OF_TWO,
    excess_from_chi2,
    excess_from_median,
    median,
    root_of_variance,
)
from gnomon.constants import MAD_TO_SIGMA
from gnomon.containers.stars import Detections, Reference
from gnomon.containers.wcs import Wcs, plane_to_sky, sky_to_plane
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Bool = npt.NDArray[np.bool_]

MAS = np.pi / 180 / 3.6e6
"""Radians of a milliarcsecond."""

_STARS_FOR = {0: 1, 1: 5, 2: 18, 3: 40, 4: 75, 5: 120}  # three to six stars per coefficient of an axis
_MOST_STARS = 5000  # the best measured ones: a cubic is then known to a twentieth of one star's error
_PASSES = 12  # joins and fits at most; the set of stars settles in three to five
_GRID = 16
_STARS_FOR_SCALE = 40  # below, a factor on the errors is not told from a scatter


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How the map is fitted."""

    degree: int = 3
    """Greatest degree of the correction; fewer stars lower it: 1 below 18, a shift alone below 5."""
    clip: float = 4.0
    """Stars further than this many standard deviations are left out."""
    min_radius: float = 100 * MAS
    """Pairs are never sought closer than this, radians."""
    max_error: float = 50 * MAS
    """The degree is lowered until the formal error at the worst corner is below this, radians."""


@dataclass(frozen=True, slots=True)
class AstrometricSolution:
    """The map of a detector, and how well it is known."""

    wcs: Wcs
    """The fitted map."""
    degree: int
    """Degree of the correction: 0 a shift, 1 affine, more a polynomial."""
    kind: str
    """'shift', 'affine' or 'polynomial', for a reader."""
    stars: int
    """Stars in the fit."""
    candidates: int
    """Stars paired before clipping."""
    rms_mas: float
    """Root mean square residual per axis over the stars in the fit, milliarcseconds."""
    error_scale: float
    """What the stated errors of the fainter stars had to be multiplied by, at least 1."""
    excess_mas: float
    """Scatter per axis beyond the stated errors, milliarcseconds: turbulence, or errors stated too small."""
    chi2_dof: float
    """Chi squared per degree of freedom with the stated errors alone; NaN without degrees of freedom."""
    covariance: F8
    """(nterm, nterm) radians squared: of the correction's coefficients, the same for each axis."""
    centre: tuple[float, float]
    """Pixel (x, y) where the correction's variables are 0."""
    scale: float
    """Pixels per unit of the correction's variables."""
    detection: Index
    """(stars,) rows of the detections in the fit."""
    reference: Index
    """(stars,) rows of the reference in the fit."""
    residual_mas: F8
    """(stars, 2) measured minus reference along xi (east) and eta (north), milliarcseconds."""

    def error_mas(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """Formal error per axis of the map at pixels, milliarcseconds."""
        u = (np.atleast_1d(np.asarray(x, np.float64)) - self.centre[0]) / self.scale
        v = (np.atleast_1d(np.asarray(y, np.float64)) - self.centre[1]) / self.scale
        return _formal_error(monomials(u, v, self.degree), self.covariance) / MAS


def solve_astrometry(
    detections: Detections,
    reference: Reference,
    wcs: Wcs,
    shape: tuple[int, int],
    limits: MatchLimits | None = None,
    options: FitOptions | None = None,
) -> tuple[AstrometricSolution, StarMatch]:
    """Match the stars of a detector to a catalogue and fit its map: `match_stars`, then `fit_astrometry`."""
    limits, options = limits or MatchLimits(), options or FitOptions()
    match = match_stars(detections, reference, wcs, shape, limits)
    return fit_astrometry(detections, reference, match.wcs, shape, limits.tolerance, options), match


def fit_astrometry(
    detections: Detections,
    reference: Reference,
    wcs: Wcs,
    shape: tuple[int, int],
    radius: float,
    options: FitOptions,
) -> AstrometricSolution:
    """Correct a map that is right to ``radius`` with all stars of the detector.

    Stars are paired, fitted and clipped in turn, with the degree rising and the radius shrinking as the
    map improves. The weight of a star is the inverse of (stated error times a factor) squared plus an excess
    scatter squared: the factor is what the fainter half of the stars asks for, the excess the brighter half.

    Parameters
    ----------
    detections, reference
        Stars of the detector, and of the catalogue at the exposure's epoch.
    wcs
        Map that is wrong by less than ``radius``; its distortion is kept under the correction.
    shape
        Rows and columns of the detector.
    radius
        Greatest distance of true pairs with that map, radians.
    options
        Degree and clipping.

    Raises
    ------
    UnprocessableData
        No pair of stars within the radius.
    """
    frame = _Frame.about(wcs, shape)
    known = np.stack(sky_to_plane(reference.ra, reference.dec, frame.centre), -1)
    near = np.flatnonzero(np.all(np.isfinite(known), axis=1))
    usable = np.flatnonzero(np.isfinite(detections.x) & np.isfinite(detections.y) & (detections.error > 0))
    if len(near) == 0 or len(usable) == 0:
        raise UnprocessableData(f"{len(usable)} usable detections and {len(near)} catalogue stars")
    usable = usable[np.argsort(detections.error[usable], kind="stable")[:_MOST_STARS]]
    stars, known, tree = detections.take(usable), known[near], KDTree(known[near])
    start = frame.plane(wcs, stars.x, stars.y)
    fit, degree = _Fit.nothing(len(stars)), 0
    seen: list[tuple[int, bytes]] = []
    for _ in range(_PASSES):
        i, j = nearest_pairs(start + fit.at(frame, stars.x, stars.y), tree, radius)
        if len(i) == 0:
            raise UnprocessableData(f"no star within {radius / MAS:.0f} mas of a catalogue star")
        error = np.hypot(stars.error[i] * wcs.pixel_scale(), reference.error[near[j]])
        degree = allowed_degree(len(i), min(options.degree, degree + 1))
        fit = _robust_fit(frame, stars.take(i), known[j] - start[i], error, degree, options)
        state = (fit.degree, np.stack([i[fit.used], j[fit.used]]).tobytes())
        if state in seen and degree == allowed_degree(len(i), options.degree):
            break
        seen.append(state)
        radius = min(radius, max(options.min_radius, 5 * fit.scatter))
    used = fit.used
    solved = _apply(wcs, frame, fit, shape)
    return _report(solved, fit, frame, (usable[i[used]], near[j[used]]), len(i))


@dataclass(frozen=True, slots=True)
class _Frame:
    """The tangent plane about the detector's centre, and pixel variables that run over [-1, 1]."""

    centre: tuple[float, float]
    middle: tuple[float, float]
    scale: float

    @classmethod
    def about(cls, wcs: Wcs, shape: tuple[int, int]) -> "_Frame":
        middle = (shape[1] - 1) / 2, (shape[0] - 1) / 2
        ra, dec = wcs.pixel_to_sky(*middle)
        return cls((float(ra), float(dec)), middle, max(shape) / 2)

    def plane(self, wcs: Wcs, x: F8, y: F8) -> F8:
        return np.stack(sky_to_plane(*wcs.pixel_to_sky(x, y), self.centre), -1)

    def terms(self, x: F8, y: F8, degree: int) -> F8:
        return monomials((x - self.middle[0]) / self.scale, (y - self.middle[1]) / self.scale, degree)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Coefficients of the correction and the stars they rest on."""

    degree: int
    coefficients: F8
    covariance: F8
    used: Bool
    residual: F8
    error_scale: float
    excess: float
    chi2_dof: float
    scatter: float

    @classmethod
    def nothing(cls, n: int) -> "_Fit":
        none = np.zeros((1, 2))
        return cls(0, none, np.zeros((1, 1)), np.ones(n, bool), np.zeros((n, 2)), 1.0, 0.0, np.nan, np.inf)

    def at(self, frame: _Frame, x: F8, y: F8) -> F8:
        return frame.terms(x, y, self.degree) @ self.coefficients


def allowed_degree(stars: int, wanted: int) -> int:
    """Greatest degree of a polynomial, up to the one wanted, that so many stars carry."""
    return max(d for d, needed in _STARS_FOR.items() if d == 0 or (d <= wanted and stars >= needed))


def _robust_fit(
    frame: _Frame, stars: Detections, shift: F8, error: F8, degree: int, options: FitOptions
) -> _Fit:
    """Fit, clip and weigh; a lower degree where fewer stars remain or the corners are not held."""
    corners = frame.terms(
        frame.middle[0] + frame.scale * np.array([-1.0, 1, -1, 1]),
        frame.middle[1] + frame.scale * np.array([-1.0, -1, 1, 1]),
        degree,
    )
    while True:
        fit = _clipped_fit(frame.terms(stars.x, stars.y, degree), shift, error, degree, options.clip)
        loose = degree > 0 and not np.max(_formal_error(corners, fit.covariance)) <= options.max_error
        if degree == allowed_degree(int(fit.used.sum()), degree) and not loose:
            return fit
        degree -= 1
        corners = corners[:, : len(powers(degree))]


def _clipped_fit(terms: F8, shift: F8, error: F8, degree: int, clip: float) -> _Fit:
    """Weighted least squares; stars beyond ``clip`` standard deviations, excess included, are left out."""
    used = _first_guess(shift, error, clip) if degree == 0 else np.ones(len(shift), bool)
    sigma = error
    for _ in range(30):
        coefficients, covariance = _least_squares(terms[used], shift[used], 1 / sigma[used] ** 2)
        residual = terms @ coefficients - shift
        scale, excess = _error_model(residual[used], error[used])
        sigma = np.hypot(scale * error, excess)
        kept = np.max(np.abs(residual), axis=1) < clip * sigma
        if np.array_equal(kept, used) or kept.sum() < max(terms.shape[1], (len(used) + 1) // 2):
            break
        used = kept
    dof = 2 * (int(used.sum()) - terms.shape[1])
    excess = excess_from_chi2(np.sum(residual[used] ** 2, axis=1), scale * error[used], dof)
    weight = 1 / ((scale * error[used]) ** 2 + excess**2)
    coefficients, covariance = _least_squares(terms[used], shift[used], weight)
    residual = (terms @ coefficients - shift)[used]
    stated = float(np.sum((residual / error[used, None]) ** 2))
    scatter = float(np.sqrt(np.mean(residual**2)))
    chi2_dof = stated / dof if dof > 0 else np.nan
    return _Fit(degree, coefficients, covariance, used, residual, scale, excess, chi2_dof, scatter)


def _first_guess(shift: F8, error: F8, clip: float) -> Bool:
    """Stars that agree with the median shift; all where there are too few to tell."""
    if len(shift) < 3:
        return np.ones(len(shift), bool)
    away = np.max(np.abs(shift - np.median(shift, axis=0)), axis=1)
    return np.asarray(away <= np.maximum(clip * error, clip * MAD_TO_SIGMA * np.median(away)), bool)


def _least_squares(terms: F8, shift: F8, weight: F8) -> tuple[F8, F8]:
    """Coefficients of both axes, and the inverse normal matrix; infinite where the stars fix nothing."""
    root = np.sqrt(weight)[:, None]
    q, r = np.linalg.qr(terms * root)
    diagonal = np.abs(np.diag(r))
    if len(diagonal) < terms.shape[1] or np.min(diagonal) <= 1e-10 * np.max(diagonal):
        return np.zeros((terms.shape[1], 2)), np.full((terms.shape[1],) * 2, np.inf)
    solve = np.linalg.inv(r)
    return solve @ (q.T @ (shift * root)), solve @ solve.T


def _error_model(residual: F8, error: F8) -> tuple[float, float]:
    """Factor on the errors, from the fainter half, and scatter to add, from the brighter."""
    scale, excess = 1.0, _robust_excess(residual, error)
    if len(error) < _STARS_FOR_SCALE or excess == 0:
        return scale, excess
    bright = error <= np.median(error)
    faint_worst = np.max(np.abs(residual[~bright]), axis=1)
    if len(faint_worst) < _STARS_FOR_SCALE // 4:
        return scale, excess
    for _ in range(2):
        excess = _robust_excess(residual[bright], scale * error[bright])
        scale = _factor(faint_worst, error[~bright], excess)
    return scale, excess


def _factor(worst: F8, error: F8, excess: float) -> float:
    square = error**2

    def surplus(variance: float) -> float:
        return median(worst / np.sqrt(square * (1 + variance) + excess**2)) - MEDIAN_OF_TWO

    return float(np.sqrt(1 + root_of_variance(surplus, 4 * float(np.median(worst / error)) ** 2) ** 2))


def _robust_excess(residual: F8, error: F8) -> float:
    if len(error) < 5:
        return excess_from_chi2(np.sum(residual**2, axis=1), error, 2 * (len(error) - 1))
    return excess_from_median(np.max(np.abs(residual), axis=1), error, MEDIAN_OF_TWO)


def _formal_error(terms: F8, covariance: F8) -> F8:
    if not np.all(np.isfinite(covariance)):
        return np.full(len(terms), np.inf)
    return np.asarray(np.sqrt(np.einsum("nk,kl,nl->n", terms, covariance, terms)), np.float64)


def _apply(wcs: Wcs, frame: _Frame, fit: _Fit, shape: tuple[int, int]) -> Wcs:
    """The starting map and the correction together as one TAN-SIP, refitted on a grid over the detector."""
    columns, rows = np.meshgrid(
        np.linspace(-0.5, shape[1] - 0.5, _GRID), np.linspace(-0.5, shape[0] - 0.5, _GRID)
    )
    x, y = columns.ravel(), rows.ravel()
    plane = frame.plane(wcs, x, y) + fit.at(frame, x, y)
    ra, dec = plane_to_sky(plane[:, 0], plane[:, 1], frame.centre)
    degree = max(len(wcs.a) - 1, len(wcs.b) - 1, fit.degree, 1)
    return fit_tan_sip(
        x, y, ra, dec, np.ones_like(x), degree=degree, crpix=frame.middle, scale=frame.scale
    ).wcs


def _report(
    wcs: Wcs, fit: _Fit, frame: _Frame, rows: tuple[Index, Index], candidates: int
) -> AstrometricSolution:
    return AstrometricSolution(
        wcs=wcs,
        degree=fit.degree,
        kind=("shift", "affine")[fit.degree] if fit.degree < 2 else "polynomial",
        stars=int(fit.used.sum()),
        candidates=candidates,
        rms_mas=fit.scatter / MAS,
        error_scale=fit.error_scale,
        excess_mas=fit.excess / MAS,
        chi2_dof=fit.chi2_dof,
        covariance=fit.covariance,
        centre=frame.middle,
        scale=frame.scale,
        detection=rows[0],
        reference=rows[1],
        residual_mas=fit.residual / MAS,
    )
