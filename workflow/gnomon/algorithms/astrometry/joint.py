"""Maps of all exposures of a field and the positions of their stars, in one solution.

In the tangent plane of the field, for a detection o of star s in detector d of visit v,

``p_o + J_o K_d(u, v) + V_v(X, Y) + D_v c_s - air_v(X, Y) = p_s(t) + delta_s + mu_s t``:

the plane position by the visit's own map, plus a static correction of the camera (pixels, a polynomial for
each detector, taken to the plane by the map's Jacobian), plus a polynomial of each visit over its focal
plane, plus a displacement of each visit in proportion to the star's colour (the air refracts blue light more:
two numbers a visit, so that neither zenith nor atmosphere need be known), less the air's field, equals the
star's catalogue position at the date plus what the detections add.
Everything is linear; stars are eliminated (`gnomon.algorithms.joint.elimination`). The catalogue enters as
priors on delta and mu. (Compare Bernstein et al. 2017, PASP 129, 074503: gbdes.)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gnomon.algorithms.astrometry.epoch import JULIAN_YEAR_DAYS, MAS, apply_space_motion
from gnomon.algorithms.astrometry.fit import allowed_degree
from gnomon.algorithms.astrometry.tansip import fit_tan_sip, mean_position, monomials, powers
from gnomon.algorithms.astrometry.turbulence import TurbulenceField, fit_turbulence
from gnomon.algorithms.joint.elimination import Priors, Rows, Solution, solve
from gnomon.algorithms.joint.scatter import MEDIAN_OF_TWO, excess_from_median, rows_by_group
from gnomon.containers.joint import JointExposure, JointSources, JointStars, counts
from gnomon.containers.wcs import Wcs, plane_to_sky, sky_to_plane
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

_GRID = 14
_MAX_WCS_DEGREE = 7
_KNOWN_PX = 0.05  # what is not known of a camera whose distortion stands in the maps of the visits
_HELD = 1e6  # inverse variance of what stays 0: a prior of a thousandth of a pixel or a mas
_FREE = 1e-12  # inverse variance, mas^-2, of what is not known beforehand: a prior of 1000 arcsec


@dataclass(frozen=True, slots=True)
class JointAstrometryOptions:
    """What the joint solution fits."""

    camera_degree: int = 4
    """Degree of the static correction of each detector."""
    visit_degree: int = 3
    """Degree of each visit's polynomial over the focal plane."""
    camera_prior_px: float = 1.0
    """Expected size of the camera's correction, pixels."""
    chromatic_prior_mas: float = 30.0
    """Expected displacement of a star whose colour differs by a magnitude, mas: 35 mas in g at an airmass of 1.4."""
    visit_prior_mas: float = 500.0
    """Expected size of a visit's polynomial, mas; holds visits with few stars."""
    turbulence: bool = True
    """Whether the air's field of each visit is interpolated."""
    clip: float = 4.5
    """Detections further than this many standard deviations are left out."""
    rounds: int = 3
    """Rounds of solving, weighing and clipping."""


@dataclass(frozen=True, slots=True)
class JointAstrometry:
    """Maps and positions of a field."""

    wcs: tuple[Wcs, ...]
    """Map of each exposure, turbulence included as far as a polynomial of degree 7 follows it."""
    ra: F8
    """(nstar,) ICRS at the stars' own epoch, radians."""
    dec: F8
    """(nstar,) likewise."""
    motion: F8
    """(nstar, 2) proper motion added to the catalogue's, mas / yr, along the axes of the field's plane."""
    residual_mas: F8
    """(n, 2) detection minus star, mas, in the field's tangent plane; less the air's field, made without the
    star itself."""
    used: Bool
    """(n,) detections in the solution."""
    excess_mas: F8
    """(nvisit,) scatter per axis beyond the stated errors."""
    chromatic_mas: F8
    """(nvisit, 2) how far each visit moves a star one magnitude redder, mas, along the axes of the field's plane."""
    turbulence: tuple[TurbulenceField, ...]
    """Field of each visit, mas, at positions in units of the field's radius."""
    iterations: int
    """Steps of the last solution."""


def fit_joint_astrometry(
    exposures: Sequence[JointExposure],
    sources: JointSources,
    stars: JointStars,
    options: JointAstrometryOptions | None = None,
) -> JointAstrometry:
    """Solve for camera, visits and stars together.

    Without a star in a catalogue the visits are brought together by the stars that they share; the frame is the
    mean of their own maps, and the camera's distortion stays what those say, which few dithers would not tell.

    Parameters
    ----------
    exposures
        Detectors of visits, with maps of their own. The field may be up to some 10 degrees across.
    sources
        Detections of the stars.
    stars
        Positions, motions and their errors.
    options
        Degrees and priors.

    Raises
    ------
    UnprocessableData
        No detections.
    """
    options = options or JointAstrometryOptions()
    if not len(sources):
        raise UnprocessableData("no detections")
    if not np.isfinite(stars.error).any():
        options = replace(options, camera_prior_px=min(options.camera_prior_px, _KNOWN_PX))
    field = _Field.about(exposures, sources, stars, options)
    priors = field.priors(stars, options)
    visit = field.visit
    used, excess = np.ones(len(sources), bool), np.zeros(field.visits)
    air = [fit_turbulence(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0))] * field.visits
    moved, solution = np.zeros((len(sources), 2)), None
    residual = np.zeros((len(sources), 2))
    for _ in range(options.rounds):
        solution = field.solve(
            moved, np.where(used, 1 / (field.error**2 + excess[visit] ** 2), 0.0), priors, solution
        )
        residual = field.residual(solution, moved)
        if options.turbulence:
            air, honest = _fit_air(field, residual + moved, used)
            residual, moved = residual + moved - honest, honest
        excess = _excess(residual, field.error, visit, used, field.visits)
        sigma = np.hypot(field.error, excess[visit])
        used = np.max(np.abs(residual), axis=1) < options.clip * sigma
    assert solution is not None
    star = solution.star.reshape(len(stars), 2, 2)
    ra, dec = _moved_stars(field, stars, star)
    return JointAstrometry(
        tuple(_exposure_map(field, e, solution, air[e.visit]) for e in exposures),
        ra, dec, star[:, :, 1], residual, used, excess, field.chromatic(solution), tuple(air), solution.iterations,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Field:
    """All detections in the tangent plane of the field; milliarcseconds."""

    centre: tuple[float, float]
    visit: npt.NDArray[np.intp]
    visits: int
    detector: npt.NDArray[np.intp]
    detectors: int
    camera_degree: int
    visit_degree: int
    visit_centre: F8
    visit_scale: F8
    focal: F8
    error: F8
    target: F8
    design: sparse.csr_array
    star: npt.NDArray[np.intp]
    star_terms: F8
    mean_mjd: float

    @classmethod
    def about(
        cls,
        exposures: Sequence[JointExposure],
        sources: JointSources,
        stars: JointStars,
        options: JointAstrometryOptions,
    ) -> "_Field":
        visits, detectors = counts(exposures)
        visit = np.array([e.visit for e in exposures])[sources.exposure]
        middle = np.array([e.wcs.pixel_to_sky((e.shape[1] - 1) / 2, (e.shape[0] - 1) / 2) for e in exposures])
        centre = mean_position(middle[:, 0], middle[:, 1])
        visit_centre, visit_scale = _visit_frames(exposures, centre, visits)
        plane, jacobian, pixel = _plane_positions(exposures, sources, centre)
        focal = (plane - visit_centre[visit]) / visit_scale[visit, None]
        camera = monomials(pixel[:, 0], pixel[:, 1], options.camera_degree)
        detector = np.array([e.detector for e in exposures])[sources.exposure]
        smooth = _visit_terms(focal, stars.colour[sources.star], options.visit_degree)
        design = _design(jacobian, camera, detector, detectors, smooth, visit, visits)
        mjd = np.array([e.mjd_tai for e in exposures])[sources.exposure]
        years = (mjd - np.mean(mjd)) / JULIAN_YEAR_DAYS
        scale = np.sqrt(np.abs(np.linalg.det(jacobian)))
        return cls(
            centre, visit, visits, detector, detectors, options.camera_degree, options.visit_degree,
            visit_centre, visit_scale, focal, sources.error * scale,
            _star_positions(sources, stars, mjd, centre) - plane,
            design,
            (2 * sources.star[:, None] + np.arange(2)).ravel(),
            np.repeat(np.stack([-np.ones(len(years)), -years], -1), 2, axis=0),
            float(np.mean(mjd)),
        )  # fmt: skip

    def priors(self, stars: JointStars, options: JointAstrometryOptions) -> Priors:
        """Inverse variances; the catalogue's errors are those at the mean date."""
        static, smooth = len(powers(self.camera_degree)), len(powers(self.visit_degree)) + 1
        sizes = [2 * static] * self.detectors + [2 * smooth] * self.visits
        camera = _term_priors(self.detector, self.detectors, self.camera_degree, options.camera_prior_px)
        smooth_prior = _term_priors(self.visit, self.visits, self.visit_degree, options.visit_prior_mas)
        chromatic = np.full(len(smooth_prior), options.chromatic_prior_mas**-2.0)
        visit = np.column_stack([smooth_prior, chromatic])
        years = (self.mean_mjd - stars.epoch) / JULIAN_YEAR_DAYS
        place = np.maximum(np.hypot(stars.error / MAS, stars.pm_error * years), 1e-3)
        star = np.stack([1 / place**2 + _FREE, 1 / np.maximum(stars.pm_error, 1e-3) ** 2], -1)
        return Priors(
            np.concatenate([camera.ravel(), visit.ravel()]),
            np.repeat(star, 2, axis=0),
            np.repeat(np.arange(len(sizes)), sizes),
        )

    def solve(self, moved: F8, weight: F8, priors: Priors, last: Solution | None) -> Solution:
        """The joint solution for detections already freed from the air's displacement ``moved``."""
        rows = Rows(
            self.design, (self.target + moved).ravel(), np.repeat(weight, 2), self.star, self.star_terms
        )
        return solve(rows, priors, None if last is None else last.parameter)

    def residual(self, solution: Solution, moved: F8) -> F8:
        """(n, 2) detection minus star, the air's displacement taken off."""
        star = np.sum(self.star_terms * solution.star[self.star], axis=1)
        return np.asarray((self.design @ solution.parameter + star).reshape(-1, 2) - self.target - moved)

    def chromatic(self, solution: Solution) -> F8:
        """(visits, 2) mas: what displaces a star one magnitude redder, as it was seen."""
        smooth = len(powers(self.visit_degree)) + 1
        terms = solution.parameter[-2 * smooth * self.visits :].reshape(self.visits, 2, smooth)
        return -terms[:, :, -1]

    def correction(self, e: JointExposure, x: F8, y: F8, solution: Solution) -> tuple[F8, F8]:
        """Plane positions of pixels of an exposure, camera and visit terms included; and focal positions."""
        plane, jacobian, pixel = _to_plane(e, x, y, self.centre)
        focal = (plane - self.visit_centre[e.visit]) / self.visit_scale[e.visit]
        camera = monomials(pixel[:, 0], pixel[:, 1], self.camera_degree)
        smooth = _visit_terms(focal, np.zeros(len(x)), self.visit_degree)
        same = np.full(len(x), e.detector), np.full(len(x), e.visit)
        design = _design(jacobian, camera, same[0], self.detectors, smooth, same[1], self.visits)
        return plane + (design @ solution.parameter).reshape(-1, 2), focal


def _term_priors(group: npt.NDArray[np.intp], groups: int, degree: int, size: float) -> F8:
    """Inverse variances (group and axis, term): terms of a degree that a group's detections do not carry stay 0."""
    order = np.array([p + q for p, q in powers(degree)])
    stars = np.bincount(group, minlength=groups).tolist()
    carried = np.array([allowed_degree(n, degree) for n in stars], np.intp)
    prior = np.where(order <= carried[:, None], size**-2.0, _HELD)
    return np.repeat(prior, 2, axis=0)


def _visit_terms(focal: F8, colour: F8, degree: int) -> F8:
    """(n, nterm + 1): the polynomial of a visit over its focal plane, and the colour."""
    return np.column_stack([monomials(focal[:, 0], focal[:, 1], degree), colour])


def _visit_frames(
    exposures: Sequence[JointExposure], centre: tuple[float, float], visits: int
) -> tuple[F8, F8]:
    """Middle and half size of each visit in the plane, mas."""
    low, high = np.full((visits, 2), np.inf), np.full((visits, 2), -np.inf)
    for e in exposures:
        corners = np.array([[0.0, 0.0], [0.0, e.shape[0]], [e.shape[1], 0.0], [e.shape[1], e.shape[0]]])
        plane = np.stack(sky_to_plane(*e.wcs.pixel_to_sky(*corners.T), centre), -1) / MAS
        low[e.visit] = np.minimum(low[e.visit], plane.min(axis=0))
        high[e.visit] = np.maximum(high[e.visit], plane.max(axis=0))
    empty = ~np.isfinite(low)
    low, high = np.where(empty, -1.0, low), np.where(empty, 1.0, high)
    return (low + high) / 2, np.max(high - low, axis=1) / 2


def _plane_positions(
    exposures: Sequence[JointExposure], sources: JointSources, centre: tuple[float, float]
) -> tuple[F8, F8, F8]:
    """Plane positions (n, 2) mas, Jacobians (n, 2, 2) mas per pixel, pixels in [-1, 1] (n, 2)."""
    n = len(sources)
    plane, jacobian, pixel = np.empty((n, 2)), np.empty((n, 2, 2)), np.empty((n, 2))
    for e, rows in zip(exposures, rows_by_group(sources.exposure, len(exposures)), strict=True):
        plane[rows], jacobian[rows], pixel[rows] = _to_plane(e, sources.x[rows], sources.y[rows], centre)
    return plane, jacobian, pixel


def _to_plane(e: JointExposure, x: F8, y: F8, centre: tuple[float, float]) -> tuple[F8, F8, F8]:
    def at(dx: float, dy: float) -> F8:
        return np.stack(sky_to_plane(*e.wcs.pixel_to_sky(x + dx, y + dy), centre), -1) / MAS

    jacobian = np.stack([at(0.5, 0) - at(-0.5, 0), at(0, 0.5) - at(0, -0.5)], -1)
    half = max(e.shape) / 2
    pixel = np.stack([(x - (e.shape[1] - 1) / 2) / half, (y - (e.shape[0] - 1) / 2) / half], -1)
    return at(0.0, 0.0), jacobian, pixel


def _design(
    jacobian: F8,
    camera: F8,
    detector: npt.NDArray[np.intp],
    detectors: int,
    smooth: F8,
    visit: npt.NDArray[np.intp],
    visits: int,
) -> sparse.csr_array:
    """(2n, p): rows by detection, axis; columns by detector, pixel axis, term, then visit, axis, term."""
    n, static, terms = len(camera), camera.shape[1], smooth.shape[1]
    moved = (jacobian[:, :, :, None] * camera[:, None, None, :]).reshape(n, 2, 2 * static)
    own = np.broadcast_to(smooth[:, None, :], (n, 2, terms))
    first = detector[:, None, None] * (2 * static) + np.arange(2 * static)
    second = (2 * static * detectors + visit * (2 * terms))[:, None, None] + (
        np.arange(2)[:, None] * terms + np.arange(terms)
    )
    columns = np.concatenate([np.broadcast_to(first, (n, 2, 2 * static)), second], axis=2)
    data = np.concatenate([moved, own], axis=2)
    width = data.shape[2]
    shape = (2 * n, 2 * static * detectors + 2 * terms * visits)
    return sparse.csr_array((data.ravel(), columns.ravel(), np.arange(2 * n + 1) * width), shape=shape)


def _star_positions(sources: JointSources, stars: JointStars, mjd: F8, centre: tuple[float, float]) -> F8:
    """Catalogue position of each detection's star at its date, mas in the plane."""
    plane = np.empty((len(sources), 2))
    dates, when = np.unique(mjd, return_inverse=True)
    for date, rows in zip(dates, rows_by_group(when, len(dates)), strict=True):
        s = sources.star[rows]
        place = apply_space_motion(
            stars.ra[s],
            stars.dec[s],
            stars.pm_ra[s],
            stars.pm_dec[s],
            stars.parallax[s],
            stars.epoch[s],
            date,
        )
        plane[rows] = np.stack(sky_to_plane(*place, centre), -1) / MAS
    return plane


def _fit_air(field: _Field, displacement: F8, used: Bool) -> tuple[list[TurbulenceField], F8]:
    """Field of each visit, and for each detection the field that it had no part in."""
    fields, honest = [], np.zeros_like(displacement)
    for rows in rows_by_group(field.visit, field.visits):
        good = used[rows]
        fields.append(
            fit_turbulence(field.focal[rows][good], displacement[rows][good], field.error[rows][good])
        )
        values = fields[-1].at(field.focal[rows])
        values[good] = fields[-1].left_out
        honest[rows] = values
    return fields, honest


def _excess(residual: F8, error: F8, visit: npt.NDArray[np.intp], used: Bool, visits: int) -> F8:
    size = np.max(np.abs(residual), axis=1)
    rows = [r[used[r]] for r in rows_by_group(visit, visits)]
    return np.array([excess_from_median(size[r], error[r], MEDIAN_OF_TWO) for r in rows])


def _moved_stars(field: _Field, stars: JointStars, star: F8) -> tuple[F8, F8]:
    """Positions at the stars' own epochs, with the offsets and motions of the solution."""
    years = (field.mean_mjd - stars.epoch) / JULIAN_YEAR_DAYS
    offset = (star[:, :, 0] - star[:, :, 1] * years[:, None]) * MAS
    xi, eta = sky_to_plane(stars.ra, stars.dec, field.centre)
    return plane_to_sky(xi + offset[:, 0], eta + offset[:, 1], field.centre)


def _exposure_map(field: _Field, e: JointExposure, solution: Solution, air: TurbulenceField) -> Wcs:
    """The final map of an exposure as TAN-SIP, refitted on a grid over the detector."""
    columns, rows = np.meshgrid(
        np.linspace(-0.5, e.shape[1] - 0.5, _GRID), np.linspace(-0.5, e.shape[0] - 0.5, _GRID)
    )
    x, y = columns.ravel(), rows.ravel()
    plane, focal = field.correction(e, x, y, solution)
    still = (plane - air.at(focal)) * MAS
    ra, dec = plane_to_sky(still[:, 0], still[:, 1], field.centre)
    degree = max(len(e.wcs.a) - 1, len(e.wcs.b) - 1, field.camera_degree, field.visit_degree)
    degree = _MAX_WCS_DEGREE if len(air.points) else min(degree, _MAX_WCS_DEGREE)
    middle = (e.shape[1] - 1) / 2, (e.shape[0] - 1) / 2
    return fit_tan_sip(
        x, y, ra, dec, np.ones_like(x), degree=degree, crpix=middle, scale=max(e.shape) / 2
    ).wcs
