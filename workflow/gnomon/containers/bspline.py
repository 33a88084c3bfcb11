"""Quintic B-splines on uniform knots: smooth functions from samples, at any sub-pixel place."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]


def quintic(t: F8) -> F8:
    """Centred B-spline of degree 5, zero beyond |t| = 3 (Unser 1999, IEEE Signal Process. Mag. 16(6), eq. 6)."""
    return np.asarray(
        (_power5(3 - np.abs(t)) - 6 * _power5(2 - np.abs(t)) + 15 * _power5(1 - np.abs(t))) / 120
    )


def quintic_slope(t: F8) -> F8:
    """Derivative of `quintic`."""
    a = np.abs(t)
    return np.asarray(-np.sign(t) * (_power4(3 - a) - 6 * _power4(2 - a) + 15 * _power4(1 - a)) / 24)


def _power4(t: F8) -> F8:
    """Fourth power of the positive part."""
    square = np.maximum(t, 0) ** 2
    return np.asarray(square * square)


def _power5(t: F8) -> F8:
    """Fifth power of the positive part."""
    return _power4(t) * t


@lru_cache(maxsize=16)
def prefilter(n: int) -> F8:
    """(n, n) float64 matrix from n samples to B-spline coefficients, zero outside."""
    knots = np.arange(n, dtype=np.float64)
    return np.asarray(np.linalg.inv(quintic(knots[:, None] - knots)), np.float64)


def shift_matrices(shift: F8, n: int, *, slope: bool = False) -> F8:
    """Rows that evaluate the spline through n samples at all samples moved by a shift, or its derivative by place.

    The same as ``resampling_matrix(arange(n) + shift[:, None], n)`` at a tenth of the cost: all places of a shift
    have the same weights, so that the rows are six shifted copies of the prefilter.

    Parameters
    ----------
    shift : (k,) float64, in units of the samples' spacing
    n : number of samples
    slope : give the derivative by place instead

    Returns
    -------
    (k, n, n) float64; a value is ``row @ samples``, zero far outside [0, n - 1].
    """
    whole = np.floor(shift)
    taps = (quintic_slope if slope else quintic)((shift - whole)[:, None] - np.arange(-2, 4))
    known = np.isfinite(whole)
    step = np.where(known, np.clip(whole, -n - 3, n + 3), 0).astype(np.intp)
    low, high = (int(step.min()), int(step.max())) if len(step) else (0, 0)
    weights = np.zeros((len(step), high - low + 6))
    np.put_along_axis(
        weights, (step - low)[:, None] + np.arange(6), np.where(known[:, None], taps, 0), axis=1
    )
    return np.asarray((weights @ _copies(low - 2, high - low + 6, n)).reshape(-1, n, n))


@lru_cache(maxsize=64)
def _copies(first: int, count: int, n: int) -> F8:
    """(count, n * n): row m of copy j is row m + first + j of the prefilter, zero where it has none."""
    copies = np.zeros((count, n, n))
    for j, move in enumerate(range(first, first + count)):
        rows = slice(max(0, -move), max(0, min(n, n - move)))
        copies[j, rows] = prefilter(n)[max(0, move) : max(0, move) + max(0, rows.stop - rows.start)]
    return copies.reshape(count, -1)


def resampling_matrix(at: F8, n: int, *, slope: bool = False) -> F8:
    """Rows that evaluate the spline through n samples at given places.

    Parameters
    ----------
    at : (..., m) float64, in units of the samples' spacing; sample i stands at i
    n : number of samples
    slope : give the derivative by place instead

    Returns
    -------
    (..., m, n) float64; a value is ``row @ samples``, zero far outside [0, n - 1].
    """
    kernel = quintic_slope if slope else quintic
    knots = np.floor(at).astype(np.intp)[..., None] + np.arange(-2, 4)
    taps = np.where((knots >= 0) & (knots < n), kernel(at[..., None] - knots), 0)
    rows = np.zeros((*at.shape, n + 1))
    np.put_along_axis(rows, np.where((knots >= 0) & (knots < n), knots, n), taps, axis=-1)
    return np.asarray(rows[..., :n] @ prefilter(n))
