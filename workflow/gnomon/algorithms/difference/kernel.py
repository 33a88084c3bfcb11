"""The kernel that makes the stars of one image look like those of another."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.difference.basis import GaussianBasis
from gnomon.constants import MAD_TO_SIGMA
from gnomon.containers.psf import polynomial_terms
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]
B1 = npt.NDArray[np.bool_]

SYSTEMATIC = 0.005
"""Part of a pixel's flux added to its noise: no kernel matches PSFs better, and the brightest star must not rule."""

OUTLIER = 4.0
"""Robust standard deviations of log chi2 beyond which a stamp is left out,"""

SCATTER = 0.15
"""and the least standard deviation: a stamp 0.6 in log chi2 from the median may stay."""

CLIPS = 8
"""Rounds of clipping; the set is stable after three or four."""

STAMPS_PER_TERM = 3
"""Stamps asked for every term of the variation over the image."""

SCATTER_OF_SCALE = 0.02
"""Of the flux scale from star to star, as models of the PSF err: so that no bright star sets it alone."""

RIDGE = 1e-9
"""Relative to the diagonal of the normal equations: functions that no stamp constrains stay 0."""


@dataclass(frozen=True, slots=True)
class StarStamps:
    """Pairs of stamps of one star each, on one pixel grid."""

    source: F8
    """(n, size + 2 half, size + 2 half) image that is convolved."""
    target: F8
    """(n, size, size) image to be reached."""
    variance: F8
    """(n, size, size) noise of target and convolved source together; 0 for unusable pixels."""
    x: F8
    """(n,) column of the middle pixel."""
    y: F8
    """(n,) row."""


@dataclass(frozen=True, slots=True)
class MatchingKernel:
    """A kernel that varies over the image: ``K = sum_ia c_ia basis_i X^p_a Y^q_a``, terms as in `PsfModel`."""

    coefficients: F8
    """(nbasis, nterm); the first row is the sum of the kernel: constant, as both images are calibrated."""
    basis: F8
    """(nbasis, side, side)."""
    degree: int
    """Of the polynomials of position."""
    centre: tuple[float, float]
    """Pixel (x, y) where X = Y = 0."""
    scale: tuple[float, float]
    """Pixels per unit of X and of Y."""
    used: B1 = field(default_factory=lambda: np.zeros(0, np.bool_))
    """(n,) stamps that were not clipped."""
    chi2: float = np.nan
    """Median reduced chi squared of the stamps used."""

    def at(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """(n, side, side) kernels at pixel positions."""
        return np.asarray(np.tensordot(self._terms(x, y) @ self.coefficients.T, self.basis, axes=(1, 0)))

    def sum_at(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        """(n,) flux scale: what a star's flux is multiplied by."""
        return np.asarray(self._terms(x, y) @ self.coefficients[0], np.float64)

    def _terms(self, x: npt.ArrayLike, y: npt.ArrayLike) -> F8:
        xs = (np.atleast_1d(np.asarray(x, np.float64)) - self.centre[0]) / self.scale[0]
        ys = (np.atleast_1d(np.asarray(y, np.float64)) - self.centre[1]) / self.scale[1]
        return polynomial_terms((xs, ys), self.degree)


@dataclass(frozen=True, slots=True)
class _Normal:
    """Normal equations of each stamp for a kernel of its own; the sky of the stamp is eliminated."""

    matrix: F8
    """(n, nbasis, nbasis)."""
    vector: F8
    """(n, nbasis)."""
    square: F8
    """(n,) weighted sum of squares of the target."""
    count: F8
    """(n,) pixels."""
    light: F8
    """(n, nbasis) of the convolved source through the profile of a star,"""
    wanted: F8
    """(n,) of the target,"""
    noise: F8
    """(n,) and its variance; all 0 without a profile."""


def fit_kernel(
    stamps: StarStamps,
    basis: GaussianBasis,
    shape: tuple[int, int],
    *,
    max_degree: int = 2,
    min_stars: int = 4,
    profile: F8 | None = None,
) -> MatchingKernel:
    """The kernel that takes the source stamps to the target stamps by weighted least squares.

    Alard & Lupton (1998), varying as in Alard (2000), with a free sky level in every stamp. The normal
    equations of each stamp are made once; stamps whose chi2 stands out are dropped, round after round; the
    degree of the variation is the one with the least Bayesian information criterion. The sum of the kernel is the
    same everywhere (Alard 2000, section 3): a few faint stars in a corner would else set the flux scale there.

    Parameters
    ----------
    stamps : of stars; the source reaches ``basis.half`` further on every side
    shape : (ny, nx) of the image, over which positions are scaled to [-1, 1]
    max_degree : largest degree of the variation that is tried
    min_stars : fewest stamps
    profile : (size, size) of a star in the target, by which the flux scale is set at the end: see `_scale`

    Raises
    ------
    UnprocessableData
        Fewer than ``min_stars`` stamps have enough usable pixels, or remain after clipping.
    """
    normal = _normal_equations(stamps, basis, profile)
    usable = normal.count > 0.5 * stamps.target[0].size if len(stamps.x) else np.zeros(0, np.bool_)
    if usable.sum() < min_stars:
        raise UnprocessableData(
            f"{usable.sum()} stars for the matching kernel of {len(stamps.x)} offered, {min_stars} needed"
        )
    centre = (0.5 * (shape[1] - 1), 0.5 * (shape[0] - 1))
    scale = (0.5 * shape[1], 0.5 * shape[0])
    xy = (stamps.x - centre[0]) / scale[0], (stamps.y - centre[1]) / scale[1]
    fits: list[tuple[int, F8, B1, F8]] = []
    for degree in range(max_degree + 1):
        terms = polynomial_terms(xy, degree)
        if degree and usable.sum() < STAMPS_PER_TERM * terms.shape[1]:
            break
        fits.append((degree, *_clipped_fit(normal, terms, usable, fits[-1][2] if fits else usable)))
    degree, coefficients, used, chi2 = fits[
        _best([(f[1].size - f[1].shape[1] + 1, f[3]) for f in fits], normal.count, fits[-1][2])
    ]
    if used.sum() < min_stars:
        raise UnprocessableData(f"{used.sum()} of {usable.sum()} stars agree on a kernel, {min_stars} needed")
    reduced = float(np.median(chi2[used] / normal.count[used]))
    coefficients = coefficients * _scale(normal, polynomial_terms(xy, degree) @ coefficients.T, used)
    return MatchingKernel(coefficients, basis.images(), degree, centre, scale, used, reduced)


def _normal_equations(stamps: StarStamps, basis: GaussianBasis, profile: F8 | None) -> _Normal:
    n, nb = len(stamps.x), len(basis)
    sums = np.zeros((n, nb, nb)), np.zeros((n, nb)), np.zeros(n), np.zeros(n)
    out = _Normal(*sums, np.zeros((n, nb)), np.zeros(n), np.zeros(n))
    for start in range(0, n, 32):
        part = slice(start, start + 32)
        model = basis.convolve(stamps.source[part]).reshape(-1, nb, stamps.target[0].size)
        target = stamps.target[part].reshape(len(model), -1)
        variance = stamps.variance[part].reshape(len(model), -1)
        good = variance > 0
        noise = variance + (SYSTEMATIC * model[:, 0]) ** 2
        weight = np.where(good, 1 / np.where(good, noise, 1), 0)
        if profile is not None:
            star = _without_sky(np.broadcast_to(profile.ravel(), good.shape), good.astype(np.float64)) * good
            out.light[part] = np.einsum("np,nbp->nb", star, model)
            out.wanted[part] = (star * target).sum(axis=1)
            out.noise[part] = (star**2 * variance).sum(axis=1)
        model, target = _without_sky(model, weight[:, None]), _without_sky(target, weight)
        weighted = model * weight[:, None]
        out.matrix[part] = weighted @ model.swapaxes(1, 2)
        out.vector[part] = np.einsum("nbp,np->nb", weighted, target)
        out.square[part] = (weight * target**2).sum(axis=1)
        out.count[part] = good.sum(axis=1)
    return out


def _scale(normal: _Normal, kernel: F8, used: B1) -> float:
    """What the kernel (n, nbasis) of each stamp lacks in flux: the weighted median of the stars, as some vary.

    Least squares with a noisy source makes a kernel too faint, by the noise of the source in the stamp over its
    light, squared: 1 % at a signal to noise of 100, more where the template has few exposures. A profile that
    knows nothing of that noise does not (an instrumental variable; Fuller 1987, section 1.4).
    """
    made, wanted = np.einsum("ni,ni->n", kernel, normal.light), normal.wanted
    seen = used & (made > 0) & (wanted > 0)
    if not seen.any():
        return 1.0
    made, wanted = made[seen], wanted[seen]
    ratio, weight = wanted / made, 1 / (normal.noise[seen] / wanted**2 + SCATTER_OF_SCALE**2)
    order = np.argsort(ratio, kind="stable")
    below = np.cumsum(weight[order]) - 0.5 * weight[order]
    return float(np.interp(0.5 * weight.sum(), below, ratio[order]))


def _without_sky(values: F8, weight: F8) -> F8:
    """Values less their weighted mean over the last axis."""
    total = np.maximum(weight.sum(axis=-1, keepdims=True), np.finfo(np.float64).tiny)
    return np.asarray(values - (values * weight).sum(axis=-1, keepdims=True) / total, np.float64)


def _clipped_fit(normal: _Normal, terms: F8, usable: B1, used: B1) -> tuple[F8, B1, F8]:
    """Coefficients (nbasis, nterm), stamps used and chi2 of every stamp; ``used`` is the first choice.

    A stiff kernel finds the outliers that a flexible one would follow; a stamp that was dropped may return.
    """
    for _ in range(CLIPS):
        coefficients = _solve(normal, terms, used)
        chi2 = _chi2(normal, terms @ coefficients.T)
        kept = usable & _unsuspicious(chi2, normal.count, usable)
        if (kept == used).all() or kept.sum() < STAMPS_PER_TERM * terms.shape[1]:
            break
        used = kept
    return coefficients, used, chi2


def _solve(normal: _Normal, terms: F8, used: B1) -> F8:
    """Coefficients (nbasis, nterm); the sum of the kernel, its first row, does not vary."""
    t = terms[used]
    nb, nt = normal.vector.shape[1], t.shape[1]
    free = np.flatnonzero((np.arange(nb * nt) == 0) | (np.arange(nb * nt) >= nt))
    matrix = np.einsum("nij,na,nb->iajb", normal.matrix[used], t, t, optimize=True).reshape(nb * nt, nb * nt)
    vector = np.einsum("ni,na->ia", normal.vector[used], t).ravel()[free]
    matrix = matrix[np.ix_(free, free)]
    size = np.sqrt(np.maximum(np.diag(matrix), np.finfo(np.float64).tiny))
    scaled = matrix / size / size[:, None] + RIDGE * np.eye(len(free))
    out = np.zeros(nb * nt)
    out[free] = np.linalg.solve(scaled, vector / size) / size
    return out.reshape(nb, nt)


def _chi2(normal: _Normal, kernel: F8) -> F8:
    """(n,) chi2 of each stamp under its kernel (n, nbasis)."""
    cross = np.einsum("ni,ni->n", kernel, normal.vector)
    return np.asarray(
        normal.square - 2 * cross + np.einsum("ni,nij,nj->n", kernel, normal.matrix, kernel, optimize=True)
    )


def _unsuspicious(chi2: F8, count: F8, usable: B1) -> B1:
    value = np.log(np.maximum(chi2, 1e-6) / np.maximum(count, 1))
    middle = np.median(value[usable])
    scatter = max(MAD_TO_SIGMA * float(np.median(np.abs(value[usable] - middle))), SCATTER)
    return np.asarray(value < middle + OUTLIER * scatter)


def _best(fits: list[tuple[int, F8]], count: F8, used: B1) -> int:
    """Which fit has the least of Schwarz's criterion, in units where the last one fits the typical stamp.

    Parameters
    ----------
    fits : number of parameters and (n,) chi2 of the stamps
    """
    typical = float(np.median(fits[-1][1][used] / count[used])) if used.any() else 1.0
    pixels = float(count[used].sum())
    return int(np.argmin([float(chi2[used].sum()) / typical + size * np.log(pixels) for size, chi2 in fits]))
