"""Zero points of all exposures of a band and the magnitudes of their stars, in one solution (ubercal).

For a detection o of star s in detector d of visit v, magnitudes:

``m_inst_o + Z_v + z_d + F_d(u, v) + G_v(X, Y) + k (X_o - 1) + c_d (colour_s - pivot) = m_s``

with a zero point for each visit, an offset and an illumination polynomial for each detector, a polynomial of
each visit over its focal plane (thin cloud), extinction per airmass and a colour term for each detector. All
linear; stars are eliminated (`gnomon.algorithms.joint.elimination`), and the catalogue enters as a prior on
``m_s``. (Padmanabhan et al. 2008, ApJ 674, 1217; Burke et al. 2018, AJ 155, 41 for the forward model.)
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gnomon.algorithms.astrometry.tansip import monomials, powers
from gnomon.algorithms.joint.elimination import Priors, Rows, Solution, solve
from gnomon.algorithms.joint.scatter import MEDIAN_OF_ONE, excess_from_median, rows_by_group
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Bool = npt.NDArray[np.bool_]

_FREE = 1e-6  # inverse variance, mag^-2, of what is not known beforehand: a prior of 1000 magnitudes
_HELD = 1e8  # likewise, of what stays as it is: 0.1 mmag
_FEW_STARS = 5


@dataclass(frozen=True, slots=True)
class JointFluxes:
    """Every detection of every star in one band."""

    visit: Index
    """(n,) which visit, 0 to nvisit - 1."""
    detector: Index
    """(n,) which detector, 0 to ndetector - 1."""
    star: Index
    """(n,) which star, 0 to nstar - 1."""
    mag: F8
    """(n,) instrumental magnitude: -2.5 log10 of counts, aperture-corrected, of the exposure."""
    error: F8
    """(n,) standard error, magnitudes."""
    pixel: F8
    """(n, 2) position on the detector, -1 to 1."""
    focal: F8
    """(n, 2) position on the focal plane, -1 to 1."""
    airmass: F8
    """(n,) airmass."""
    colour: F8
    """(nstar,) colour of each star, magnitudes; NaN where unknown (taken as the pivot)."""
    reference: F8
    """(nstar,) AB magnitude in a catalogue; NaN where it lacks the star."""
    reference_err: F8
    """(nstar,) its standard error."""
    own: F8
    """(nvisit,) AB magnitude of one count by which each visit was calibrated by itself; what holds where no star
    has a catalogue magnitude."""


@dataclass(frozen=True, slots=True)
class JointPhotometryOptions:
    """What the joint solution fits."""

    illumination_degree: int = 3
    """Degree of each detector's polynomial."""
    cloud_degree: int = 2
    """Degree of each visit's polynomial over the focal plane; 0 for none."""
    detector_prior: float = 0.05
    """Expected size of a detector's offset and polynomial, magnitudes."""
    cloud_prior: float = 0.02
    """Expected size of a visit's polynomial, magnitudes."""
    colour_prior: float = 0.05
    """Expected size of a colour term, magnitudes per magnitude."""
    pivot: float = 0.6
    """Colour at which the zero points hold."""
    own_prior: float = 0.2
    """Expected error of the zero points that visits come with, magnitudes, where no catalogue ties them: clouds."""
    reference_floor: float = 0.01
    """Least error of a catalogue magnitude: its own errors over the sky."""
    clip: float = 4.5
    """Detections further than this many standard deviations are left out."""
    rounds: int = 4
    """Rounds of solving, weighing and clipping."""


@dataclass(frozen=True, slots=True)
class JointPhotometry:
    """Zero points of a band and the magnitudes of its stars."""

    zero_point: F8
    """(nvisit,) AB magnitude of one count, at the pivot colour, airmass 1, in the middle of the field."""
    cloud: F8
    """(nvisit, nterm) coefficients over the focal plane, constant left out, magnitudes."""
    detector: F8
    """(ndetector, nterm) offset and illumination coefficients, magnitudes."""
    colour_term: F8
    """(ndetector,) magnitudes per magnitude."""
    extinction: float
    """Magnitudes per airmass, negative where higher airmass is fainter."""
    star: F8
    """(nstar,) AB magnitudes; NaN where no detection was used."""
    residual: F8
    """(n,) calibrated detection minus star, magnitudes."""
    used: Bool
    """(n,) detections in the solution."""
    excess: F8
    """(nvisit,) scatter beyond the stated errors, magnitudes."""
    tied_to: int
    """Stars with a catalogue magnitude; 0 where the zero points hold relative to the mean of the visits' own."""
    options: JointPhotometryOptions
    """What was fitted."""
    iterations: int
    """Steps of the last solution."""

    def correction(self, visit: Index, detector: Index, pixel: F8, focal: F8, airmass: F8, colour: F8) -> F8:
        """What to add to instrumental magnitudes; arguments as the fields of `JointFluxes`, per detection."""
        illumination = monomials(pixel[:, 0], pixel[:, 1], self.options.illumination_degree)
        cloud = monomials(focal[:, 0], focal[:, 1], self.options.cloud_degree)[:, 1:]
        away = np.nan_to_num(colour - self.options.pivot)
        return np.asarray(
            self.zero_point[visit]
            + np.sum(illumination * self.detector[detector], axis=1)
            + np.sum(cloud * self.cloud[visit], axis=1)
            + self.extinction * (airmass - 1)
            + self.colour_term[detector] * away,
            np.float64,
        )


def fit_joint_photometry(
    fluxes: JointFluxes, options: JointPhotometryOptions | None = None
) -> JointPhotometry:
    """Solve for visits, detectors and stars of a band together.

    Without a star in a catalogue the differences between the visits follow from the stars that they share, and
    the mean of all stays that of the visits' own zero points, which hold at the visits' own airmass.

    Parameters
    ----------
    fluxes
        The detections.
    options
        Degrees and priors.

    Raises
    ------
    UnprocessableData
        No detections.
    """
    options = options or JointPhotometryOptions()
    known = np.isfinite(fluxes.reference) & (fluxes.reference_err >= 0)
    seen = np.zeros(len(known), bool)
    seen[fluxes.star] = True
    if not seen.any():
        raise UnprocessableData("no detections")
    tied = int(np.sum(known & seen))
    layout = _Layout.of(fluxes, options)
    design, priors = layout.design(fluxes, options), layout.priors(fluxes, options, known, tied)
    expected = np.where(known, fluxes.reference, _first_magnitudes(fluxes, known))
    target = expected[fluxes.star] - fluxes.mag
    zero = np.full(layout.visits, np.median(target)) if tied else fluxes.own  # priors hold about it
    shift = zero[fluxes.visit]
    used, excess = np.isfinite(target), np.zeros(layout.visits)
    residual, last = np.zeros(len(target)), None
    for _ in range(options.rounds):
        sigma = np.hypot(fluxes.error, excess[fluxes.visit])
        rows = Rows(
            design, np.where(used, target - shift, 0.0), np.where(used, 1 / sigma**2, 0.0), fluxes.star,
            -np.ones((len(target), 1)),
        )  # fmt: skip
        last = solve(rows, priors, None if last is None else last.parameter)
        residual = design @ last.parameter - last.star[fluxes.star, 0] - (target - shift)
        excess = _excess(residual, fluxes, used, layout.visits)
        used = np.abs(residual) < options.clip * np.hypot(fluxes.error, excess[fluxes.visit])
    assert last is not None
    return layout.result(last, zero, expected, residual, used, excess, fluxes, tied, options)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Order of the parameters: visits (constant, cloud), detectors (polynomial, colour), extinction."""

    visits: int
    detectors: int
    cloud: int
    illumination: int

    @classmethod
    def of(cls, fluxes: JointFluxes, options: JointPhotometryOptions) -> "_Layout":
        return cls(
            int(fluxes.visit.max()) + 1,
            int(fluxes.detector.max()) + 1,
            len(powers(options.cloud_degree)),
            len(powers(options.illumination_degree)) + 1,
        )

    def design(self, fluxes: JointFluxes, options: JointPhotometryOptions) -> sparse.csr_array:
        """(n, p), with the same number of entries in every row."""
        n = len(fluxes.mag)
        cloud = monomials(fluxes.focal[:, 0], fluxes.focal[:, 1], options.cloud_degree)
        illumination = monomials(fluxes.pixel[:, 0], fluxes.pixel[:, 1], options.illumination_degree)
        away = np.nan_to_num(fluxes.colour - options.pivot)[fluxes.star, None]
        data = np.concatenate([cloud, illumination, away, fluxes.airmass[:, None] - 1], axis=1)
        first = self.visits * self.cloud
        last = first + self.detectors * self.illumination
        columns = np.concatenate(
            [
                fluxes.visit[:, None] * self.cloud + np.arange(self.cloud),
                first + fluxes.detector[:, None] * self.illumination + np.arange(self.illumination),
                np.full((n, 1), last),
            ],
            axis=1,
        )
        bounds = np.arange(n + 1) * data.shape[1]
        return sparse.csr_array((data.ravel(), columns.ravel(), bounds), shape=(n, last + 1))

    def priors(self, fluxes: JointFluxes, options: JointPhotometryOptions, known: Bool, tied: int) -> Priors:
        visit = np.full((self.visits, self.cloud), options.cloud_prior**-2.0)
        visit[:, 0] = _FREE if tied else options.own_prior**-2.0
        extinction = 1.0 if tied else _HELD
        detector = np.full((self.detectors, self.illumination), options.detector_prior**-2.0)
        detector[:, -1] = options.colour_prior**-2.0
        error = np.hypot(fluxes.reference_err[known], options.reference_floor)
        star = np.full((len(known), 1), _FREE)
        star[known, 0] = 1 / error**2
        blocks = np.concatenate(
            [
                np.repeat(np.arange(self.visits), self.cloud),
                self.visits + np.repeat(np.arange(self.detectors), self.illumination),
                [self.visits + self.detectors],
            ]
        )
        return Priors(np.concatenate([visit.ravel(), detector.ravel(), [extinction]]), star, blocks)

    def result(
        self,
        solution: Solution,
        zero: F8,
        expected: F8,
        residual: F8,
        used: Bool,
        excess: F8,
        fluxes: JointFluxes,
        tied: int,
        options: JointPhotometryOptions,
    ) -> JointPhotometry:
        """The parameters by name."""
        first = self.visits * self.cloud
        visit = solution.parameter[:first].reshape(self.visits, self.cloud)
        detector = solution.parameter[first:-1].reshape(self.detectors, self.illumination)
        seen = np.bincount(fluxes.star[used], minlength=len(expected)) > 0
        return JointPhotometry(
            visit[:, 0] + zero, visit[:, 1:], detector[:, :-1], detector[:, -1],
            float(solution.parameter[-1]), np.where(seen, expected + solution.star[:, 0], np.nan),
            residual, used, excess, tied, options, solution.iterations,
        )  # fmt: skip


def _first_magnitudes(fluxes: JointFluxes, known: Bool) -> F8:
    """Mean magnitude of each star with each visit's median zero point from its catalogue stars, or its own."""
    difference = fluxes.reference[fluxes.star] - fluxes.mag
    if not known[fluxes.star].any():
        return _star_means(fluxes, fluxes.own)
    whole = float(np.median(difference[known[fluxes.star]]))
    zero = np.full(int(fluxes.visit.max()) + 1, whole)
    for v, rows in enumerate(rows_by_group(fluxes.visit, len(zero))):
        told = rows[known[fluxes.star[rows]]]
        if len(told):
            zero[v] = np.median(difference[told])
    return _star_means(fluxes, zero)


def _star_means(fluxes: JointFluxes, zero: F8) -> F8:
    """Mean magnitude of each star by zero points of the visits."""
    total = np.bincount(fluxes.star, fluxes.mag + zero[fluxes.visit], minlength=len(fluxes.reference))
    return total / np.maximum(np.bincount(fluxes.star, minlength=len(fluxes.reference)), 1)


def _excess(residual: F8, fluxes: JointFluxes, used: Bool, visits: int) -> F8:
    """Scatter of each visit from the median of its residuals; 0 for visits with few stars."""
    out = np.zeros(visits)
    for v, mine in enumerate(rows_by_group(fluxes.visit, visits)):
        rows = mine[used[mine]]
        if len(rows) >= _FEW_STARS:
            out[v] = excess_from_median(np.abs(residual[rows]), fluxes.error[rows], MEDIAN_OF_ONE)
    return out
