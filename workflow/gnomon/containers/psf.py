"""A point-spread function that varies over a detector."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PsfModel:
    """Pixel images times polynomials of position: ``P(x, y) = sum_k basis[k] X^p_k Y^q_k``.

    ``X = (x - centre_x) / scale_x`` and likewise Y, so that both run over about [-1, 1]. Terms are ordered
    by total degree, then by rising power of Y: 1, X, Y, X^2, XY, Y^2, ... Sampled at the detector's pixels,
    normalised to sum 1 at every position, centred on the middle pixel.
    """

    basis: F4
    """(nterm, size, size) float32, size odd; dimensionless."""
    degree: int
    """Degree of the polynomials; nterm = (degree + 1)(degree + 2) / 2."""
    centre: tuple[float, float]
    """Pixel (x, y) where X = Y = 0."""
    scale: tuple[float, float]
    """Pixels per unit of X and of Y."""

    @property
    def size(self) -> int:
        """Side of a stamp, pixels."""
        return int(self.basis.shape[1])

    def stamps(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F4:
        """(n, size, size) float32 images of unit sum at n positions, each centred on its middle pixel."""
        terms = polynomial_terms(self.normalise(x, y), self.degree)
        images: F8 = np.tensordot(terms, self.basis.astype(np.float64), axes=(1, 0))
        total = images.sum(axis=(1, 2), keepdims=True)
        return np.asarray(images / total, np.float32)

    def normalise(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[F8, F8]:
        """Pixel positions to (X, Y)."""
        xs = (np.atleast_1d(np.asarray(x, np.float64)) - self.centre[0]) / self.scale[0]
        ys = (np.atleast_1d(np.asarray(y, np.float64)) - self.centre[1]) / self.scale[1]
        return xs, ys


def polynomial_terms(xy: tuple[F8, F8], degree: int) -> F8:
    """(n, nterm) float64 matrix of the monomials named in `PsfModel`."""
    x, y = xy
    return np.stack([x ** (d - q) * y**q for d in range(degree + 1) for q in range(d + 1)], axis=-1)
