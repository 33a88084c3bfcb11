"""How the PSF's shape varies: the degree that foretells best the stars that it has not seen, and the polynomial."""

import numpy as np
import numpy.typing as npt

from gnomon.constants import MAD_TO_SIGMA
from gnomon.containers.psf import polynomial_terms

F8 = npt.NDArray[np.float64]

_FARTHEST = 3.0  # errors beyond which a star counts no more: it has a neighbour
_CLIPS = 3  # rounds of leaving those out
_GARROTE = 2.0  # squared errors that a term must exceed to stay at all


def best_degree(x: F8, y: F8, value: F8, error: F8, most: int) -> int:
    """Degree of the polynomial in position that foretells each star's value best from all the others.

    Leave-one-out residuals of weighted least squares need one fit a degree: they are the residuals over ``1 - h``,
    with h the diagonal of the projection (Allen 1974, Technometrics 16, 125). Every star is a reserve star in turn.

    Parameters
    ----------
    x, y : (n,) positions, of order one
    value : (n,) a number that tells the shape of each star
    error : (n,) its standard errors
    most : highest degree to try; lower where stars are fewer than twice its terms

    Returns
    -------
    The degree, the lower one of equals.
    """
    scores = []
    for degree in range(most + 1):
        terms = polynomial_terms((x, y), degree)
        if degree and 2 * terms.shape[1] > len(x):
            break
        scores.append(_score(terms, value, error))
    return int(np.argmin(scores))


def shape_polynomial(x: F8, y: F8, value: F8, error: F8, degree: int, *, free: int = 1) -> F8:
    """The polynomial of a degree through the stars' values, with terms drawn to zero as far as they may be noise.

    Stars beyond three errors are left out; errors are scaled up where the scatter exceeds them. In terms made
    orthogonal in turn, each of unit error, a coefficient z becomes ``z max(0, 1 - 2 / z^2)``: the non-negative
    garrote (Breiman 1995, Technometrics 37, 373) at the price of a term by Mallows' C_p. A term that is not there
    costs a sixth of its noise, one of five errors and more what it costs by least squares.

    Parameters
    ----------
    x, y, value, error : as in `best_degree`
    degree : of the polynomial
    free : first terms that are not drawn to zero

    Returns
    -------
    (nterm,) coefficients in the order of `polynomial_terms`.
    """
    terms = polynomial_terms((x, y), degree)
    keep, scale = np.ones(len(x), bool), 1.0
    for _ in range(_CLIPS):
        root = keep / error
        best = np.linalg.lstsq(terms * root[:, None], value * root, rcond=None)[0]
        pull = np.abs(value - terms @ best) / error
        scale = max(1.0, MAD_TO_SIGMA * float(np.median(pull)))
        keep = pull <= _FARTHEST * scale
    q, r = np.linalg.qr(terms * (keep / (scale * error))[:, None])
    z = q.T @ (value * keep / (scale * error))
    z[free:] *= np.maximum(0, 1 - _GARROTE / np.maximum(z[free:] ** 2, 1e-300))
    return np.asarray(np.linalg.lstsq(r, z, rcond=None)[0], np.float64)


def star_shapes(residual: F8, weight: F8, dx: F8, dy: F8, sigma: float) -> tuple[F8, F8]:
    """What stars have beyond a model in e1, e2 and the logarithm of the size T, with their errors.

    The templates are the derivatives of a Gaussian: ``(u^2 - v^2) G / 2``, ``u v G`` and ``(u^2 + v^2 - 2) G / 2``
    in units of sigma, the last one without what flux and sky take of it.

    Parameters
    ----------
    residual : (n, size, size) of stars of unit flux, flux, place and sky fitted
    weight : (n, size, size) inverse variance
    dx, dy : (n,) places of the stars from the middle pixel
    sigma : width of the stars, pixels

    Returns
    -------
    (n, 3) values and (n, 3) errors.
    """
    at = np.arange(residual.shape[1]) - residual.shape[1] // 2
    u, v = (at - dx[:, None])[:, None, :] / sigma, (at - dy[:, None])[:, :, None] / sigma
    gauss = np.exp(-0.5 * (u**2 + v**2)) / (2 * np.pi * sigma**2)
    size = _without((u**2 + v**2 - 2) * gauss / 2, gauss, weight)
    templates = [(u**2 - v**2) * gauss / 2, u * v * gauss, size]
    found = np.stack([(weight * residual * t).sum((1, 2)) for t in templates], 1)
    information = np.maximum(np.stack([(weight * t * t).sum((1, 2)) for t in templates], 1), 1e-300)
    return found / information, 1 / np.sqrt(information)


def _without(template: F8, gauss: F8, weight: F8) -> F8:
    """(n, size, size) the template less its weighted projections on the star and on a constant."""
    flat = [np.broadcast_to(a, weight.shape).reshape(len(weight), -1) for a in (gauss, np.ones(()), template)]
    known, w = np.stack(flat[:2], 1), weight.reshape(len(weight), -1)
    weighted = known * w[:, None]
    normal = weighted @ known.swapaxes(1, 2)
    normal += 1e-12 * normal.trace(axis1=1, axis2=2)[:, None, None] * np.eye(2)
    part = np.linalg.solve(normal, (weighted @ flat[2][..., None]))
    return np.asarray((flat[2] - (part.swapaxes(1, 2) @ known)[:, 0]).reshape(weight.shape))


def _score(terms: F8, value: F8, error: F8) -> float:
    """Sum of squared leave-one-out residuals in units of the errors, each at most `_FARTHEST`."""
    q, _ = np.linalg.qr(terms / error[:, None])
    pull = value / error
    leverage = np.minimum((q**2).sum(1), 1 - 1e-9)
    left = (pull - q @ (q.T @ pull)) / (1 - leverage)
    return float(np.minimum(left**2, _FARTHEST**2).sum())
