"""How fast the PSF varies over a detector: the degree that foretells best the stars that it has not seen."""

import numpy as np
import numpy.typing as npt

from gnomon.containers.psf import polynomial_terms

F8 = npt.NDArray[np.float64]

_FARTHEST = 3.0  # errors beyond which a star counts no more: it has a neighbour

_PRICE = 2.0  # by which a free number must lower the sum of squares: chance lowers it by about one


def best_degree(x: F8, y: F8, shape: F8, error: F8, most: int) -> int:
    """Degree of the polynomial in position that foretells each star's shape best from all the others.

    Leave-one-out residuals of weighted least squares need one fit a degree: they are the residuals over ``1 - h``,
    with h the diagonal of the projection (Allen 1974, Technometrics 16, 125). Every star is a reserve star in turn.

    Parameters
    ----------
    x, y : (n,) positions, of order one
    shape : (n, k) numbers that tell the shape of each star
    error : (n, k) their standard errors
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
        score = sum(_score(terms, s, e) for s, e in zip(shape.T, error.T, strict=True))
        scores.append(score + _PRICE * terms.shape[1] * shape.shape[1])
    return int(np.argmin(scores))


def star_shapes(residual: F8, weight: F8, dx: F8, dy: F8, sigma: float) -> tuple[F8, F8]:
    """What stars have beyond a model: amplitudes of both ellipticities and of size, with their errors.

    The templates are the derivatives of a Gaussian by shear and by size: ``(u^2 - v^2) G``, ``2 u v G`` and
    ``(u^2 + v^2 - 2 sigma^2) G`` over sigma^2.

    Parameters
    ----------
    residual : (n, size, size) of stars of unit flux, flux, place and sky fitted
    weight : (n, size, size) inverse variance
    dx, dy : (n,) places of the stars from the middle pixel
    sigma : width of the stars, pixels

    Returns
    -------
    (n, 3) amplitudes and (n, 3) errors.
    """
    at = np.arange(residual.shape[1]) - residual.shape[1] // 2
    u, v = (at - dx[:, None])[:, None, :] / sigma, (at - dy[:, None])[:, :, None] / sigma
    gauss = np.exp(-0.5 * (u**2 + v**2)) / (2 * np.pi * sigma**2)
    templates = [(u**2 - v**2) * gauss, 2 * u * v * gauss, (u**2 + v**2 - 2) * gauss]
    found = np.stack([(weight * residual * t).sum((1, 2)) for t in templates], 1)
    information = np.maximum(np.stack([(weight * t * t).sum((1, 2)) for t in templates], 1), 1e-300)
    return found / information, 1 / np.sqrt(information)


def _score(terms: F8, value: F8, error: F8) -> float:
    """Sum of squared leave-one-out residuals in units of the errors, each at most `_FARTHEST`."""
    q, _ = np.linalg.qr(terms / error[:, None])
    pull = value / error
    leverage = np.minimum((q**2).sum(1), 1 - 1e-9)
    left = (pull - q @ (q.T @ pull)) / (1 - leverage)
    return float(np.minimum(left**2, _FARTHEST**2).sum())
