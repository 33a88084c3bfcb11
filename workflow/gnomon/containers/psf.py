"""A point-spread function that varies over a detector."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.bspline import resampling_matrix

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

_CHUNK = 256  # stamps drawn at a time, so that the work stays in cache


@dataclass(frozen=True, slots=True)
class PsfModel:
    """Images times polynomials of position: ``P(x, y) = sum_k basis[k] X^p_k Y^q_k``.

    ``X = (x - centre_x) / scale_x`` and likewise Y, so that both run over about [-1, 1]. Terms are ordered
    by total degree, then by rising power of Y: 1, X, Y, X^2, XY, Y^2, ... The images are samples of the
    effective PSF (pixel included), ``oversampling`` per detector pixel, centred on the middle sample;
    between the samples runs a quintic B-spline, so that a star can be drawn at its sub-pixel place.
    """

    basis: F4
    """(nterm, n, n) float32, n odd, n = oversampling (size - 1) + 1; dimensionless."""
    degree: int
    """Degree of the polynomials; nterm = (degree + 1)(degree + 2) / 2."""
    centre: tuple[float, float]
    """Pixel (x, y) where X = Y = 0."""
    scale: tuple[float, float]
    """Pixels per unit of X and of Y."""
    oversampling: int = 1
    """Samples per detector pixel along an axis."""

    @property
    def size(self) -> int:
        """Side of a stamp, detector pixels, odd."""
        return (self.basis.shape[1] - 1) // self.oversampling + 1

    def stamps(
        self, x: npt.ArrayLike, y: npt.ArrayLike, dx: npt.ArrayLike = 0.0, dy: npt.ArrayLike = 0.0
    ) -> F4:
        """Detector-pixel images of a star of unit flux.

        Parameters
        ----------
        x, y : n positions on the detector, pixels
        dx, dy : place of the star from the centre of the middle pixel, n values or one, pixels

        Returns
        -------
        (n, size, size) float32; the stamp of dx = dy = 0 sums to 1, and others are scaled alike.
        """
        images = self.samples(x, y)
        shift_x = np.broadcast_to(np.asarray(dx, np.float64), len(images))
        shift_y = np.broadcast_to(np.asarray(dy, np.float64), len(images))
        if self.oversampling == 1 and not shift_x.any() and not shift_y.any():
            return images.astype(np.float32)
        out = np.empty((len(images), self.size, self.size), np.float32)
        for start in range(0, len(images), _CHUNK):
            part = slice(start, start + _CHUNK)
            rows, columns = self.shift_matrices(shift_y[part]), self.shift_matrices(shift_x[part])
            out[part] = rows @ images[part] @ columns.swapaxes(1, 2)
        return out

    def samples(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """(n, n_sample, n_sample) float64 images as sampled, of unit sum over the pixels of a centred stamp."""
        terms = polynomial_terms(self.normalise(x, y), self.degree)
        images = np.tensordot(terms, self.basis.astype(np.float64), axes=(1, 0))
        step = self.oversampling
        return np.asarray(images / images[:, ::step, ::step].sum(axis=(1, 2), keepdims=True))

    def shift_matrices(self, shift: F8, *, slope: bool = False) -> F8:
        """(n, size, n_sample) float64: from samples to pixels of a star at ``shift``, or its slope by pixel."""
        pixels = np.arange(self.size) - shift[:, None]
        matrices = resampling_matrix(self.oversampling * pixels, self.basis.shape[1], slope=slope)
        return matrices * self.oversampling if slope else matrices

    def normalise(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[F8, F8]:
        """Pixel positions to (X, Y)."""
        xs = (np.atleast_1d(np.asarray(x, np.float64)) - self.centre[0]) / self.scale[0]
        ys = (np.atleast_1d(np.asarray(y, np.float64)) - self.centre[1]) / self.scale[1]
        return xs, ys


@dataclass(frozen=True, slots=True)
class PositionPolynomial:
    """A number that varies over a detector, as a polynomial in the terms of `PsfModel`."""

    coefficients: F8
    """(nterm,) float64."""
    degree: int
    """Degree; nterm = (degree + 1)(degree + 2) / 2."""
    centre: tuple[float, float]
    """Pixel (x, y) where X = Y = 0."""
    scale: tuple[float, float]
    """Pixels per unit of X and of Y."""

    def __call__(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """(n,) float64 values at n pixel positions."""
        xs = (np.atleast_1d(np.asarray(x, np.float64)) - self.centre[0]) / self.scale[0]
        ys = (np.atleast_1d(np.asarray(y, np.float64)) - self.centre[1]) / self.scale[1]
        return polynomial_terms((xs, ys), self.degree) @ self.coefficients


def polynomial_terms(xy: tuple[F8, F8], degree: int) -> F8:
    """(n, nterm) float64 matrix of the monomials named in `PsfModel`."""
    x, y = xy
    return np.stack([x ** (d - q) * y**q for d in range(degree + 1) for q in range(d + 1)], axis=-1)
