"""Scatter beyond the stated errors: what added to them makes the residuals what they should be."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gnomon.constants import MAD_TO_SIGMA

F8 = npt.NDArray[np.float64]

MEDIAN_OF_ONE = 0.6745
"""Median of |unit normal|."""
MEDIAN_OF_TWO = 1.0518
"""Median of the larger of two |unit normal| variables."""

_STEPS = 22  # halvings: six digits of the variance


def sigma_mad(d: npt.NDArray[np.floating]) -> float:
    """Robust standard deviation about the median; NaN of an empty sample."""
    return float(MAD_TO_SIGMA * np.median(np.abs(d - np.median(d)))) if len(d) else np.nan


def rows_by_group(group: npt.NDArray[np.intp], groups: int) -> list[npt.NDArray[np.intp]]:
    """Rows of each of ``groups`` groups, rising; one sort, however many groups there are.

    Parameters
    ----------
    group
        (n,) number of each row's group.
    """
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(groups + 1))
    return [order[low:high] for low, high in pairwise(bounds)]


def excess_from_chi2(square: F8, error: F8, dof: int) -> float:
    """Standard deviation that, added to the errors, makes chi squared equal the degrees of freedom.

    Parameters
    ----------
    square
        (n,) squared residuals, summed over axes.
    error
        (n,) stated standard errors, per axis.
    dof
        Degrees of freedom; 0 is returned where there are none, or where chi squared is below them.
    """
    if dof <= 0:
        return 0.0
    high = float(np.sum(square)) / dof
    return root_of_variance(lambda v: float(np.sum(square / (error**2 + v))) - dof, high)


def excess_from_median(size: F8, error: F8, expected: float) -> float:
    """The same from the median, which a minority of outliers hardly moves.

    Parameters
    ----------
    size
        (n,) absolute residuals, or the larger of two axes.
    error
        (n,) stated standard errors.
    expected
        Median of ``size / error`` if the errors are right: `MEDIAN_OF_ONE` or `MEDIAN_OF_TWO`.
    """
    if not len(size):
        return 0.0
    high, square = (2 * float(np.median(size)) / expected) ** 2, error**2
    return root_of_variance(lambda v: median(size / np.sqrt(square + v)) - expected, high)


def median(values: F8) -> float:
    """Median of (n,) finite values, n > 0, at a third of the cost of numpy's, which looks for NaN."""
    middle = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, middle)[middle])
    pair = np.partition(values, (middle - 1, middle))[middle - 1 : middle + 1]
    return float((pair[0] + pair[1]) / 2)


def root_of_variance(surplus: Callable[[float], float], high: float) -> float:
    """Square root of where a falling function of the variance crosses zero; 0 where it is never above."""
    low = 0.0
    if surplus(0.0) <= 0:
        return 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if surplus(middle) > 0 else (low, middle)
    return float(np.sqrt(high))
