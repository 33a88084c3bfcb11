"""Pairs of nearest points, and what chance makes of them."""

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree
from scipy.special import gammaln

F8 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]


def nearest_pairs(points: F8, tree: KDTree, tolerance: float) -> tuple[Index, Index]:
    """Rows of points and of the tree that are each other's nearest and closer than the tolerance."""
    distance, j = tree.query(points, distance_upper_bound=tolerance)
    i = np.flatnonzero(np.isfinite(distance))
    order = i[np.argsort(distance[i], kind="stable")]
    _, first = np.unique(j[order], return_index=True)
    kept = np.sort(order[first])
    return kept, j[kept]


def log_poisson_tail(count: int, expected: float) -> float:
    """Upper bound of log P(at least ``count``) of a Poisson variable, tight in the tail."""
    if count <= expected:
        return 0.0
    leading = count * np.log(expected) - expected - gammaln(count + 1)
    return float(leading - np.log1p(-expected / (count + 1)))
