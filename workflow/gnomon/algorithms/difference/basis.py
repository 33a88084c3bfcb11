"""Gaussians times polynomials: what a matching kernel is made of."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

WIDTHS = (0.5, 1.0, 2.0)
"""Widths of the Gaussians, in units of the kernel's expected width (Israel, Hessman & Schuh 2007)."""

DEGREES = (4, 2, 2)
"""Degrees of their polynomials."""

NARROWEST_PX = 0.5
"""A Gaussian narrower than this is a pixel."""

REACH = 3.0
"""Half side of the kernel in units of the widest Gaussian."""

HALF_SIDE_PX = (6, 15)
"""Least and largest half side of the kernel."""


@dataclass(frozen=True, slots=True)
class GaussianBasis:
    """Functions ``y^q x^p exp(-(x^2 + y^2) / 2 sigma^2)``; all but the first have sum 0, the first 1."""

    profiles: F8
    """(nprofile, side) the functions of one axis."""
    pairs: npt.NDArray[np.intp]
    """(n, 2) which profile along y and which along x."""
    norm: F8
    """(n,) each product is divided by this,"""
    sums: F8
    """(n,) and then loses this many times the first."""

    @property
    def half(self) -> int:
        """Half side, pixels."""
        return int(self.profiles.shape[1]) // 2

    def __len__(self) -> int:
        return len(self.pairs)

    def images(self) -> F8:
        """(n, side, side) the functions."""
        return self._combine(self.profiles[self.pairs[:, 0], :, None] * self.profiles[self.pairs[:, 1], None])

    def convolve(self, stamps: F8) -> F8:
        """Stamps convolved with every function, where they are whole.

        Parameters
        ----------
        stamps : (m, size, size)

        Returns
        -------
        (m, n, size - 2 half, size - 2 half)
        """
        banded = _banded(self.profiles, stamps.shape[-1])
        along_x = stamps[:, None] @ banded.swapaxes(1, 2)[None]  # (m, nprofile, size, out)
        pairs = [banded[q] @ along_x[:, p] for q, p in self.pairs]
        return self._combine(np.stack(pairs, axis=1))

    def _combine(self, products: F8) -> F8:
        """Products of profiles, on axis -3, made into the functions."""
        scaled = products / self.norm[:, None, None]
        first = scaled[..., :1, :, :]
        return np.asarray(scaled - self.sums[:, None, None] * first, np.float64)


def gaussian_basis(width_px: float) -> GaussianBasis:
    """The basis of a kernel that is about ``width_px`` (standard deviation) wide; Alard & Lupton 1998, eq. 3."""
    sigmas = [max(w * width_px, NARROWEST_PX * (1 + k)) for k, w in enumerate(WIDTHS)]
    half = int(np.clip(np.ceil(REACH * sigmas[-1]), *HALF_SIDE_PX))
    x = np.arange(-half, half + 1, dtype=np.float64)
    profiles: list[F8] = []
    pairs: list[tuple[int, int]] = []
    for sigma, degree in zip(sigmas, DEGREES, strict=True):
        start = len(profiles)
        profiles += [(x / sigma) ** p * np.exp(-0.5 * (x / sigma) ** 2) for p in range(degree + 1)]
        pairs += [(start + q, start + d - q) for d in range(degree + 1) for q in range(d + 1)]
    return _normalised(np.array(profiles), np.array(pairs))


def _normalised(profiles: F8, pairs: npt.NDArray[np.intp]) -> GaussianBasis:
    products = profiles[pairs[:, 0], :, None] * profiles[pairs[:, 1], None]
    norm = np.sqrt((products**2).sum(axis=(1, 2)))
    norm[0] = products[0].sum()
    sums = products.sum(axis=(1, 2)) / norm
    sums[0] = 0.0
    return GaussianBasis(profiles, pairs, norm, sums)


def _banded(profiles: F8, size: int) -> F8:
    """(nprofile, size - side + 1, size) matrices that convolve along one axis."""
    side = profiles.shape[1]
    out = np.zeros((len(profiles), size - side + 1, size))
    for row in range(size - side + 1):
        out[:, row, row : row + side] = profiles[:, ::-1]
    return out
