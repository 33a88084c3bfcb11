"""What is known of a PSF model beyond its stars' pixels: where its centre is, and how fast its shape may vary."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.psf.degree import best_degree, shape_polynomial, star_shapes
from gnomon.algorithms.psf.moments import adaptive_moments
from gnomon.algorithms.psf.stamps import Stars
from gnomon.containers.bspline import resampling_matrix
from gnomon.containers.psf import PsfModel, polynomial_terms

F8 = npt.NDArray[np.float64]

Degrees = tuple[int, int, int]
"""Of the polynomials that e1, e2 and ln T follow."""


def shape_degrees(
    model: PsfModel, stars: Stars, residual: F8, weight: F8, dx: F8, dy: F8, most: int
) -> Degrees:
    """Degree of each number of the shape of the stars: of the model's at their places plus what is left over.

    Parameters
    ----------
    model : as fitted so far
    stars : those in the fit
    residual, weight : of stars of unit flux, (n, size, size)
    dx, dy : (n,) their places from the middle pixel
    most : highest degree that the stars can carry
    """
    value, error = _star_values(model, stars, residual, weight, dx, dy)
    at = model.normalise(stars.x, stars.y)
    e1, e2, size = (best_degree(*at, v, e, most) for v, e in zip(value.T, error.T, strict=True))
    return e1, e2, size


def shape_beside(
    model: PsfModel, known: F8, stars: Stars, residual: F8, weight: F8, dx: F8, dy: F8, most: int
) -> F8:
    """The shape that is known from elsewhere, plus what the stars have beyond it.

    Parameters
    ----------
    known : (nterm, 3) polynomials of e1, e2 and ln T in the model's coordinates; every term of the difference is drawn
        to zero as far as it may be noise
    model, stars, residual, weight, dx, dy, most : as in `shape_degrees`

    Returns
    -------
    (nterm, 3) coefficients of the highest degree in use.
    """
    at = model.normalise(stars.x, stars.y)
    value, error = _star_values(model, stars, residual, weight, dx, dy)
    if not np.isfinite(value).all():
        return known
    value = value - polynomial_terms(at, degree_of(known)) @ known
    found = [
        shape_polynomial(*at, v, e, best_degree(*at, v, e, most), free=0)
        for v, e in zip(value.T, error.T, strict=True)
    ]
    out = np.zeros((max(len(known), *(len(f) for f in found)), 3))
    out[: len(known)] = known
    for k, terms in enumerate(found):
        out[: len(terms), k] += terms
    return out


def degree_of(coefficients: F8) -> int:
    """Degree of the polynomial in position with so many terms."""
    return int(np.sqrt(2 * len(coefficients) + 0.25) - 1.5 + 1e-9)


def _star_values(model: PsfModel, stars: Stars, residual: F8, weight: F8, dx: F8, dy: F8) -> tuple[F8, F8]:
    """(n, 3) e1, e2 and ln T of the stars, the model's and what is left over, and their errors."""
    left, error = star_shapes(residual, weight, dx, dy, stars.sigma)
    terms = polynomial_terms(model.normalise(stars.x, stars.y), model.degree)
    return left + terms @ _coefficients(model)[:, 2:], error


def settled(model: PsfModel, degrees: Degrees, x: F8, y: F8, weight: F8) -> PsfModel:
    """The model with its adaptive centroid at zero everywhere, and its shape following polynomials of given degrees.

    The stars' places say where the centre is. Of e1, e2 and ln T what exceeds the polynomial of their degree, fitted at
    the stars, is noise: it is taken out by moving, shearing and scaling the mean image to first order.

    Parameters
    ----------
    x, y : (n,) places of the stars
    weight : (n,) what each tells of the shape
    """
    found = _coefficients(model)
    if not np.isfinite(found).all():
        return model
    at = model.normalise(x, y)
    wanted = [
        _projected(at, found[:, k], min(degree, model.degree), model.degree, weight)
        for k, degree in enumerate(degrees, start=2)
    ]
    return _without_excess(model, found, np.stack(wanted, 1))


def shaped(model: PsfModel, wanted: F8) -> PsfModel:
    """The model with its adaptive centroid at zero and the shape of given polynomials, (nterm, 3) of its degree."""
    found = _coefficients(model)
    return _without_excess(model, found, wanted) if np.isfinite(found).all() else model


def _without_excess(model: PsfModel, found: F8, wanted: F8) -> PsfModel:
    """The model less what its centroid and its shape have beyond nothing and the wanted one, to first order."""
    excess = found.copy()
    excess[:, 2:] -= wanted
    change = np.tensordot(excess, _derivatives(model.basis[0].astype(np.float64)), axes=1)
    return replace(model, basis=(model.basis + change).astype(np.float32))


def _coefficients(model: PsfModel) -> F8:
    """(nterm, 5) polynomials of the adaptive centroid x and y, e1, e2 and ln T over the detector."""
    u, v = (g.ravel() for g in np.meshgrid(*[np.linspace(-0.9, 0.9, 2 + model.degree)] * 2))
    m = adaptive_moments(
        model.samples(u * model.scale[0] + model.centre[0], v * model.scale[1] + model.centre[1])
    )
    with np.errstate(invalid="ignore"):
        values = np.stack([m.x, m.y, m.e1, m.e2, np.log(m.trace)], 1)
    if not np.isfinite(values).all():
        return np.full((polynomial_terms((u, v), model.degree).shape[1], 5), np.nan)
    return np.asarray(np.linalg.lstsq(polynomial_terms((u, v), model.degree), values, rcond=None)[0])


def _projected(at: tuple[F8, F8], coefficients: F8, lower: int, degree: int, weight: F8) -> F8:
    """Coefficients of the polynomial of a lower degree that is nearest at weighted places; zeros above."""
    root = np.sqrt(weight)
    high, low = polynomial_terms(at, degree) @ coefficients, polynomial_terms(at, lower)
    out = np.zeros_like(coefficients)
    out[: low.shape[1]] = np.linalg.lstsq(low * root[:, None], high * root, rcond=None)[0]
    return out


def _derivatives(mean: F8) -> F8:
    """(5, n, n) minus the change of an image for a unit of x, y, e1, e2, ln T: so that adding takes it out."""
    at = np.arange(len(mean)) - (len(mean) - 1) / 2
    slope = resampling_matrix(np.arange(len(mean), dtype=np.float64), len(mean), slope=True)
    by_x, by_y = mean @ slope.T, slope @ mean
    x, y = at[None, :], at[:, None]
    shapes = [x * by_x - y * by_y, y * by_x + x * by_y, x * by_x + y * by_y + 2 * mean]
    return np.stack([by_x, by_y, *(0.5 * s for s in shapes)])
