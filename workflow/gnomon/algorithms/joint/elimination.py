"""Sparse least squares in which each row has one star, and the stars are solved away.

Minimise ``|W^1/2 (B c + S s - y)|^2 + c^T L c + s^T P s`` over calibration parameters ``c`` and star
parameters ``s``. Each star's few unknowns touch only its own rows, so that ``S^T W S + P`` is a block for
each star and the Schur complement ``B^T W B + L - (B^T W S)(S^T W S + P)^-1 (S^T W B)`` is all that is left
(as in bundle adjustment, Triggs et al. 2000, section 6, and ubercal, Padmanabhan et al. 2008, ApJ 674,
1217). Few parameters are solved directly, many by conjugate gradients with a block preconditioner:
a step costs four products with the sparse matrices, so work is proportional to the rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

F8 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

DIRECT_LIMIT = 1500
"""Parameters up to which the reduced normal matrix is formed and factored: 18 MB, 0.3 s."""

_DIRECT_WORK = 5e9  # multiplications up to which it is formed: a second
_SLAB = 4_000_000  # numbers of the stars' dense part held at a time: 32 MB
_RELATIVE_CHANGE = 1e-7  # of the corrections: 1e-5 mas, 1e-8 mag
_STEPS = 2000


@dataclass(frozen=True, slots=True)
class Rows:
    """One measurement a row."""

    design: sparse.csr_array
    """(n, p) B: derivatives of each row by the calibration parameters."""
    target: F8
    """(n,) y."""
    weight: F8
    """(n,) inverse variances; 0 leaves a row out."""
    star: Index
    """(n,) which star, 0 to nstar - 1."""
    star_terms: F8
    """(n, m) derivatives by the star's own m parameters."""


@dataclass(frozen=True, slots=True)
class Priors:
    """What is known beforehand; all expected values are 0."""

    parameter: F8
    """(p,) inverse variances, 0 where nothing is known."""
    star: F8
    """(nstar, m) inverse variances."""
    block: Index
    """(p,) parameters of the same block belong together in the preconditioner; contiguous, rising."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Calibration and star parameters."""

    parameter: F8
    """(p,) c."""
    star: F8
    """(nstar, m) s."""
    covariance: F8 | None
    """(p, p) of the parameters, stars marginalised; None where the system was solved by iteration."""
    iterations: int
    """Steps of conjugate gradients; 0 where solved directly."""


def solve(rows: Rows, priors: Priors, start: F8 | None = None, direct_limit: int = DIRECT_LIMIT) -> Solution:
    """Both kinds of parameters of the minimum.

    Parameters
    ----------
    rows, priors
        The problem.
    start
        (p,) where the iteration starts; zero if not given.
    direct_limit
        Number of parameters above which conjugate gradients are used.

    Raises
    ------
    ValueError
        A parameter or a star that no row and no prior determines.
    """
    stars = _StarBlocks.of(rows, priors)
    weighted = rows.design.T.multiply(rows.weight).tocsr()  # B^T W
    right = weighted @ rows.target - weighted @ stars.apply(stars.solve(stars.gather(rows.target)))
    covariance, steps = None, 0
    if len(right) <= direct_limit and len(right) ** 2 * priors.star.size <= _DIRECT_WORK:
        normal = _reduced_normal(rows, weighted, stars) + np.diag(priors.parameter)
        parameter, covariance = _factor_and_solve(normal, right)
    else:
        parameter, steps = _conjugate_gradients(rows, weighted, stars, priors, right, start)
    star = stars.solve(stars.gather(rows.target - rows.design @ parameter))
    return Solution(parameter, star, covariance, steps)


@dataclass(frozen=True, slots=True)
class _StarBlocks:
    """``S`` and the inverse blocks ``(S^T W S + P)^-1``."""

    rows: Rows
    inverse: F8
    count: int

    @classmethod
    def of(cls, rows: Rows, priors: Priors) -> "_StarBlocks":
        count, m = priors.star.shape
        block = np.zeros((count, m, m))
        for i in range(m):
            for j in range(m):
                product = rows.weight * rows.star_terms[:, i] * rows.star_terms[:, j]
                block[:, i, j] = np.bincount(rows.star, product, minlength=count)
            block[:, i, i] += priors.star[:, i]
        empty = block[:, 0, 0] <= 0
        block[empty] = np.eye(m)  # a star without rows stays at 0
        try:
            inverse: F8 = np.asarray(np.linalg.inv(block), np.float64)
        except np.linalg.LinAlgError:
            raise ValueError("a star's parameters are not fixed by its rows and priors") from None
        inverse[empty] = 0.0
        return cls(rows, inverse, count)

    def gather(self, values: F8) -> F8:
        """``S^T W v``, (nstar, m)."""
        weighted = self.rows.weight * values
        terms = self.rows.star_terms
        return np.stack(
            [
                np.bincount(self.rows.star, weighted * terms[:, i], minlength=self.count)
                for i in range(terms.shape[1])
            ],
            -1,
        )

    def solve(self, gathered: F8) -> F8:
        """``(S^T W S + P)^-1 g``, (nstar, m)."""
        return np.asarray(np.einsum("sij,sj->si", self.inverse, gathered), np.float64)

    def apply(self, star: F8) -> F8:
        """``S s``, (n,)."""
        return np.asarray(np.sum(self.rows.star_terms * star[self.rows.star], axis=1), np.float64)


def _reduced_normal(rows: Rows, weighted: sparse.csr_array, stars: _StarBlocks) -> F8:
    """``B^T W B - (B^T W S) inverse (S^T W B)``, dense; in slabs of stars that fit the memory."""
    n, m, columns = len(rows.star), rows.star_terms.shape[1], weighted.shape[0]
    normal = (weighted @ rows.design).toarray()
    index = (rows.star[:, None] * m + np.arange(m)).ravel()
    bounds = np.arange(n + 1) * m
    s = sparse.csr_array((rows.star_terms.ravel(), index, bounds), shape=(n, stars.count * m))
    cross = (weighted @ s).T.tocsr()
    slab = max(_SLAB // (columns * m), 1)
    for first in range(0, stars.count, slab):
        inverse = stars.inverse[first : first + slab]
        part = cross[first * m : (first + slab) * m].toarray()
        solved = np.einsum("sij,sjp->sip", inverse, part.reshape(len(inverse), m, columns))
        normal -= part.T @ solved.reshape(len(part), columns)
    return np.asarray((normal + normal.T) / 2, np.float64)


def _factor_and_solve(normal: F8, right: F8) -> tuple[F8, F8]:
    scale = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    try:
        factor = linalg.cho_factor(normal / scale / scale[:, None], lower=True)
    except linalg.LinAlgError:
        raise ValueError("the measurements and priors do not fix the calibration parameters") from None
    if np.min(np.abs(np.diag(factor[0]))) < 1e-7:
        raise ValueError("the measurements and priors do not fix the calibration parameters")
    inverse = linalg.cho_solve(factor, np.eye(len(right)))
    return linalg.cho_solve(factor, right / scale) / scale, inverse / scale / scale[:, None]


def _conjugate_gradients(
    rows: Rows, weighted: sparse.csr_array, stars: _StarBlocks, priors: Priors, right: F8, start: F8 | None
) -> tuple[F8, int]:
    """Solution of the reduced system and the steps it took."""

    def product(c: F8) -> F8:
        moved = rows.design @ c
        left = moved - stars.apply(stars.solve(stars.gather(moved)))
        return np.asarray(weighted @ left + priors.parameter * c, np.float64)

    precondition = _block_preconditioner(rows, priors)
    c = np.zeros_like(right) if start is None else start.copy()
    residual = right - product(c)
    step = precondition(residual)
    direction, gain = step, float(residual @ step)
    goal = _RELATIVE_CHANGE**2 * float(right @ precondition(right))
    for number in range(_STEPS):
        if gain <= goal:
            return c, number
        image = product(direction)
        length = gain / float(direction @ image)
        c, residual = c + length * direction, residual - length * image
        step = precondition(residual)
        previous, gain = gain, float(residual @ step)
        direction = step + gain / previous * direction
    raise ValueError(f"the calibration did not settle in {_STEPS} steps: something is hardly determined")


def _block_preconditioner(rows: Rows, priors: Priors) -> Callable[[F8], F8]:
    """Inverse of the diagonal blocks of ``B^T W B + L``."""
    columns = rows.design.tocsc()
    bounds = np.append(np.flatnonzero(np.diff(priors.block, prepend=-1)), len(priors.block))
    inverses = []
    for low, high in pairwise(bounds):
        part = columns[:, low:high]
        touched, place = np.unique(part.indices, return_inverse=True)
        dense = np.zeros((len(touched), high - low))
        dense[place, np.repeat(np.arange(high - low), np.diff(part.indptr))] = part.data
        block = dense.T @ (rows.weight[touched, None] * dense) + np.diag(priors.parameter[low:high])
        ridge = 1e-12 * max(float(np.trace(block)), 1e-300)
        inverses.append((slice(low, high), np.linalg.inv(block + ridge * np.eye(high - low))))

    def precondition(c: F8) -> F8:
        out = np.empty_like(c)
        for block, inverse in inverses:
            out[block] = inverse @ c[block]
        return out

    return precondition
