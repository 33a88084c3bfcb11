"""One-to-one matches between two lists of positions with covariances."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from gnomon.containers.ragged import Grouping, group_rows
from gnomon.containers.sphere import chord, directions, tangent_offsets

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Positions:
    """Places on the sky with their uncertainty."""

    identity: I8
    """(n,) unique identifiers; they settle every tie."""
    ra: F8
    """(n,) radians."""
    dec: F8
    """(n,) radians."""
    covariance: F8
    """(n, 2, 2) radians squared, east and north."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Pairs of rows, rising by the first."""

    first: I8
    """(m,) rows of the first list."""
    second: I8
    """(m,) rows of the second list."""
    separation: F8
    """(m,) radians."""
    chi: F8
    """(m,) separation in units of the combined covariance."""


def isotropic(sigma: F8) -> F8:
    """(n, 2, 2) covariance of an error per axis."""
    return np.asarray((sigma**2)[:, None, None] * np.eye(2), np.float64)


def candidates(a: Positions, b: Positions, radius: float, n_sigma: float) -> Matches:
    """All pairs nearer than ``radius`` (radians) and ``n_sigma``, sorted by first and second."""
    if not len(a.ra) or not len(b.ra):
        none = np.zeros(0, np.int64)
        return Matches(none, none, np.zeros(0), np.zeros(0))
    near = cKDTree(directions(a.ra, a.dec)).sparse_distance_matrix(
        cKDTree(directions(b.ra, b.dec)), chord(radius), output_type="ndarray"
    )
    near = near[np.lexsort((near["j"], near["i"]))]
    i, j = near["i"].astype(np.int64), near["j"].astype(np.int64)
    chi = _chi(a, b, i, j)
    ok = chi <= n_sigma
    return Matches(i[ok], j[ok], 2 * np.arcsin(near["v"][ok] / 2), chi[ok])


def _chi(a: Positions, b: Positions, i: I8, j: I8) -> F8:
    """Mahalanobis distance of pairs in the tangent plane at the second position."""
    d = np.stack(tangent_offsets(a.ra[i], a.dec[i], b.ra[j], b.dec[j]), axis=-1)
    c = a.covariance[i] + b.covariance[j]
    det = c[:, 0, 0] * c[:, 1, 1] - c[:, 0, 1] ** 2
    q = c[:, 1, 1] * d[:, 0] ** 2 + c[:, 0, 0] * d[:, 1] ** 2 - 2 * c[:, 0, 1] * d[:, 0] * d[:, 1]
    return np.sqrt(np.maximum(q / det, 0.0))


def match(a: Positions, b: Positions, radius: float, n_sigma: float) -> Matches:
    """The one-to-one assignment of least total chi2 in which a pair costs less than no pair.

    Every unmatched pair costs ``n_sigma`` squared, so more pairs are preferred as long as each lies within
    ``n_sigma``. Pairs without rivals are taken at once, others by the Hungarian method part by part
    (Kuhn 1955). The result does not depend on the order of the rows.

    Parameters
    ----------
    a, b : the two lists.
    radius : largest separation, radians.
    n_sigma : largest separation in units of the combined covariance.
    """
    order_a, order_b = np.argsort(a.identity, kind="stable"), np.argsort(b.identity, kind="stable")
    pairs = candidates(_taken(a, order_a), _taken(b, order_b), radius, n_sigma)
    n_a, n_b = len(order_a), len(order_b)
    graph = coo_array(
        (np.ones(len(pairs.first), np.int8), (pairs.first, n_a + pairs.second)), shape=(n_a + n_b,) * 2
    )
    _, part = connected_components(graph, directed=False) if n_a + n_b else (0, np.zeros(0, np.int32))
    groups = group_rows(part[pairs.first].astype(np.int64))
    size = np.diff(groups.offsets)
    alone = groups.order[groups.offsets[:-1][size == 1]]
    rivals = [_assign(pairs, _list(groups, int(k)), n_sigma) for k in np.flatnonzero(size > 1)]
    rows = np.concatenate([alone, *rivals]).astype(np.int64)
    first, second = order_a[pairs.first[rows]], order_b[pairs.second[rows]]
    by_first = np.argsort(first, kind="stable")
    return Matches(
        first[by_first], second[by_first], pairs.separation[rows][by_first], pairs.chi[rows][by_first]
    )


def _taken(p: Positions, rows: I8) -> Positions:
    return Positions(p.identity[rows], p.ra[rows], p.dec[rows], p.covariance[rows])


def _list(groups: Grouping, k: int) -> I8:
    return groups.order[groups.offsets[k] : groups.offsets[k + 1]]


def _assign(pairs: Matches, rows: I8, n_sigma: float) -> I8:
    """The chosen pairs of one part in which several pairs compete."""
    firsts, i = np.unique(pairs.first[rows], return_inverse=True)
    seconds, j = np.unique(pairs.second[rows], return_inverse=True)
    gain = np.zeros((len(firsts), len(seconds)))
    where = np.full(gain.shape, -1, np.int64)
    # A pair at exactly n_sigma is still worth a little more than none.
    gain[i, j] = n_sigma**2 * (1 + 1e-9) - pairs.chi[rows] ** 2
    where[i, j] = rows
    chosen: I8 = where[linear_sum_assignment(gain, maximize=True)]
    return chosen[chosen >= 0]
