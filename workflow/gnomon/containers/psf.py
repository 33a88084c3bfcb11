"""A point-spread function that varies over a detector."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from gnomon.containers.bspline import shift_matrices

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

_CHUNK = 256  # stamps drawn at a time, so that the work stays in cache


class Psf(Protocol):
    """What detection and measurement ask of a PSF, whatever it varies with."""

    @property
    def size(self) -> int:
        """Side of a stamp, pixels."""

    @property
    def basis(self) -> F4:
        """(nterm, size, size) float32."""

    def terms(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """(n, nterm) float64: the PSF at a position is the sum of the basis with these factors, normalised."""

    def stamps(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F4:
        """(n, size, size) float32 of unit sum, centred on the middle pixel."""


class Chromatic(NamedTuple):
    """How the shape of the PSF goes with the colour of the star."""

    e1: float
    """Slope of e1, per magnitude."""
    e2: float
    """Slope of e2, per magnitude."""
    ln_size: float
    """Slope of ln T, per magnitude."""
    reference: float
    """Colour for which the PSF holds, magnitudes."""


@dataclass(frozen=True, slots=True)
class PsfModel:
    """Pixel images times polynomials of position: ``P(x, y) = sum_k basis[k] X^p_k Y^q_k``.

    ``X = (x - centre_x) / scale_x`` and likewise Y, so that both run over about [-1, 1]. Terms are ordered
    by total degree, then by rising power of Y: 1, X, Y, X^2, XY, Y^2, ... Sampled at the detector's pixels
    (the effective PSF, pixel included), normalised to sum 1 at every position, centred on the middle pixel.
    Between the samples runs a quintic B-spline, so that a star can be drawn at its sub-pixel place.
    """

    basis: F4
    """(nterm, size, size) float32, size odd; dimensionless."""
    degree: int
    """Degree of the polynomials; nterm = (degree + 1)(degree + 2) / 2."""
    centre: tuple[float, float]
    """Pixel (x, y) where X = Y = 0."""
    scale: tuple[float, float]
    """Pixels per unit of X and of Y."""
    chromatic: Chromatic | None = None
    """What the colour of a star changes; None where it is not known. All that is drawn here is of the reference."""

    @property
    def size(self) -> int:
        """Side of a stamp, pixels."""
        return int(self.basis.shape[1])

    def stamps(
        self, x: npt.ArrayLike, y: npt.ArrayLike, dx: npt.ArrayLike = 0.0, dy: npt.ArrayLike = 0.0
    ) -> F4:
        """Images of stars of unit flux.

        Parameters
        ----------
        x, y : n positions on the detector, pixels
        dx, dy : place of the star from the centre of the middle pixel, n values or one, pixels

        Returns
        -------
        (n, size, size) float32; a stamp of dx = dy = 0 sums to 1, and others are scaled alike.
        """
        images = self.samples(x, y)
        shift_x = np.broadcast_to(np.asarray(dx, np.float64), len(images))
        shift_y = np.broadcast_to(np.asarray(dy, np.float64), len(images))
        if not shift_x.any() and not shift_y.any():
            return images.astype(np.float32)
        out = np.empty((len(images), self.size, self.size), np.float32)
        for start in range(0, len(images), _CHUNK):
            part = slice(start, start + _CHUNK)
            rows, columns = self.shift_matrices(shift_y[part]), self.shift_matrices(shift_x[part])
            out[part] = rows @ images[part] @ columns.swapaxes(1, 2)
        return out

    def samples(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """(n, size, size) float64 images of unit sum at n positions, each centred on its middle pixel."""
        terms = polynomial_terms(self.normalise(x, y), self.degree)
        images: F8 = np.tensordot(terms, self.basis.astype(np.float64), axes=(1, 0))
        return np.asarray(images / images.sum(axis=(1, 2), keepdims=True), np.float64)

    def shift_matrices(self, shift: F8, *, slope: bool = False) -> F8:
        """(n, size, size) float64: rows that evaluate samples for a star at ``shift``, or their slope."""
        return shift_matrices(-shift, self.size, slope=slope)

    def terms(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """(n, nterm) float64 values of the polynomials at n positions."""
        return polynomial_terms(self.normalise(x, y), self.degree)

    def normalise(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[F8, F8]:
        """Pixel positions to (X, Y)."""
        xs = (np.atleast_1d(np.asarray(x, np.float64)) - self.centre[0]) / self.scale[0]
        ys = (np.atleast_1d(np.asarray(y, np.float64)) - self.centre[1]) / self.scale[1]
        return xs, ys


def polynomial_terms(xy: tuple[F8, F8], degree: int) -> F8:
    """(n, nterm) float64 matrix of the monomials named in `PsfModel`."""
    x, y = xy
    return np.stack([x ** (d - q) * y**q for d in range(degree + 1) for q in range(d + 1)], axis=-1)
