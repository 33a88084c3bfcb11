"""Lists of unequal length laid end to end: list ``i`` is ``values[offsets[i]:offsets[i + 1]]``.

All functions accept empty lists and take their sums in storage order, so the same lists give the same bits.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows of a table sorted into groups."""

    keys: I8
    """(n_groups,) the key of each group, increasing."""
    order: I8
    """(n_rows,) row numbers, group after group."""
    offsets: I8
    """(n_groups + 1,) where each group begins in ``order``."""


def group_rows(key: I8, *within: npt.NDArray[Any]) -> Grouping:
    """Rows with equal keys together, inside a group ascending in ``within`` (first is most important).

    Rows that agree in all of these keep their order.
    """
    order = np.lexsort((*reversed(within), key))
    keys, starts = np.unique(key[order], return_index=True)
    return Grouping(keys.astype(np.int64), order, np.append(starts, len(key)).astype(np.int64))


def counts(offsets: I8) -> I8:
    """Length of each list."""
    return np.diff(offsets)


def owners(offsets: I8) -> I8:
    """(n_values,) the list each value belongs to."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def _reduce(ufunc: np.ufunc, values: F8, offsets: I8, empty: float) -> F8:
    """``ufunc.reduceat`` that gives ``empty`` for lists without values."""
    out = np.full((len(offsets) - 1, *values.shape[1:]), empty)
    full = np.flatnonzero(np.diff(offsets))
    if len(full):
        out[full] = ufunc.reduceat(values[: offsets[-1]], offsets[full], axis=0)
    return out


def sums(values: F8, offsets: I8) -> F8:
    """Sum of each list, 0 if empty; further axes of ``values`` are kept."""
    return _reduce(np.add, values, offsets, 0.0)


def minima(values: F8, offsets: I8) -> F8:
    """Smallest value of each list, NaN if empty."""
    return _reduce(np.minimum, values, offsets, np.nan)


def maxima(values: F8, offsets: I8) -> F8:
    """Largest value of each list, NaN if empty."""
    return _reduce(np.maximum, values, offsets, np.nan)


def means(values: F8, offsets: I8) -> F8:
    """Mean of each list, NaN if empty."""
    n = np.diff(offsets).astype(float)
    with np.errstate(invalid="ignore"):
        return np.where(n > 0, sums(values, offsets) / np.maximum(n, 1), np.nan)


def percentiles(values: F8, offsets: I8, levels: tuple[float, ...]) -> F8:
    """(n_lists, n_levels) percentiles, linear between order statistics as numpy's default; NaN if empty."""
    order = np.lexsort((values, owners(offsets)))
    ranked, n = values[order], np.diff(offsets)
    out = np.full((len(n), len(levels)), np.nan)
    full = n > 0
    for k, level in enumerate(levels):
        position = level / 100 * (n[full] - 1)
        low = np.floor(position).astype(np.int64)
        high = np.minimum(low + 1, n[full] - 1)
        a, b = ranked[offsets[:-1][full] + low], ranked[offsets[:-1][full] + high]
        out[full, k] = a + (position - low) * (b - a)
    return out


def medians(values: F8, offsets: I8) -> F8:
    """Median of each list, NaN if empty."""
    return percentiles(values, offsets, (50.0,))[:, 0]


def kept(mask: npt.NDArray[np.bool_], offsets: I8) -> I8:
    """Offsets of the lists after ``values[mask]``."""
    return np.concatenate([[0], np.cumsum(mask)])[offsets].astype(np.int64)
