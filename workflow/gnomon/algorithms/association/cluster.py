"""Clusters of detections on the sphere, the same whatever the order of the input."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from gnomon.containers.ragged import Grouping, group_rows, sums
from gnomon.containers.sphere import angles, chord, directions

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Detections:
    """Points on the sky, each seen in one exposure."""

    identity: I8
    """(n,) unique identifiers; they settle every tie."""
    exposure: I8
    """(n,) a cluster takes at most one detection of each exposure."""
    ra: F8
    """(n,) radians."""
    dec: F8
    """(n,) radians."""
    sigma: F8
    """(n,) position error per axis, radians, positive."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Which detections belong together."""

    label: I8
    """(n,) cluster of each detection, 0 to n_clusters - 1 in order of ``identity``."""
    identity: I8
    """(n_clusters,) smallest identifier among the members, rising."""

    def __len__(self) -> int:
        return len(self.identity)


def cluster(detections: Detections, radius: float, n_sigma: float) -> Clusters:
    """Group detections of the same object seen in different exposures.

    Pairs nearer than ``radius`` and ``n_sigma`` combined errors are links. A group of linked detections
    that has one detection per exposure and fits into the radius is one object. Any other group is built up
    from its closest pairs: two parts join if they share no exposure and their weighted centres pass the
    same test.
    The result depends on the set of detections, not on their order.

    Parameters
    ----------
    detections : all detections, any order.
    radius : largest separation of a detection from its object, radians.
    n_sigma : likewise in units of the combined position error.
    """
    order = np.argsort(detections.identity, kind="stable")
    d = _taken(detections, order)
    r = directions(d.ra, d.dec)
    i, j, distance = _links(d, r, radius, n_sigma)
    n = len(order)
    graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(n, n))
    _, part = connected_components(graph, directed=False) if n else (0, np.zeros(0, np.int64))
    label = _first_member(part.astype(np.int64))
    for rows, edges in _conflicts(d, r, label, (i, j), radius, n_sigma):
        label[rows] = _agglomerate(rows, (i[edges], j[edges], distance[edges]), d, r, radius, n_sigma)
    heads, index = np.unique(label, return_inverse=True)
    out = np.empty(n, np.int64)
    out[order] = index
    return Clusters(out, d.identity[heads])


def _taken(d: Detections, rows: I8) -> Detections:
    return Detections(d.identity[rows], d.exposure[rows], d.ra[rows], d.dec[rows], d.sigma[rows])


def _links(d: Detections, r: F8, radius: float, n_sigma: float) -> tuple[I8, I8, F8]:
    """Pairs of rows (i < j) that may be one object, and their distance in combined sigma."""
    if len(r) < 2:
        none = np.zeros(0, np.int64)
        return none, none, np.zeros(0)
    pairs = cKDTree(r).query_pairs(chord(radius), output_type="ndarray").astype(np.int64)
    i, j = pairs[:, 0], pairs[:, 1]
    distance = np.linalg.norm(r[i] - r[j], axis=1) / np.hypot(d.sigma[i], d.sigma[j])
    ok = (d.exposure[i] != d.exposure[j]) & (distance <= n_sigma)
    return i[ok], j[ok], distance[ok]


def _first_member(part: I8) -> I8:
    """Each row's label replaced by the first row of its part."""
    first = np.full(int(part.max(initial=-1)) + 1, len(part), np.int64)
    np.minimum.at(first, part, np.arange(len(part)))
    return first[part]


def _conflicts(
    d: Detections, r: F8, label: I8, links: tuple[I8, I8], radius: float, n_sigma: float
) -> list[tuple[I8, I8]]:
    """Rows and links of the parts that are not plainly one object."""
    groups = group_rows(label, d.exposure)
    member = groups.order
    who = np.repeat(np.arange(len(groups.keys)), np.diff(groups.offsets))
    twice = (np.diff(d.exposure[member]) == 0) & (np.diff(who) == 0)
    w = d.sigma[member] ** -2.0
    centre = sums(w[:, None] * r[member], groups.offsets)
    weight = sums(w, groups.offsets)
    centre /= np.linalg.norm(centre, axis=1, keepdims=True)
    off = np.linalg.norm(r[member] - centre[who], axis=1)
    wide = (off > chord(radius)) | (off > n_sigma * np.hypot(d.sigma[member], weight[who] ** -0.5))
    bad = np.unique(np.concatenate([who[1:][twice], who[wide]]))
    by_label = group_rows(label[links[0]])
    at = np.searchsorted(by_label.keys, groups.keys[bad])
    return [(_list(groups, k), _list(by_label, m)) for k, m in zip(bad, at, strict=True)]


def _list(groups: Grouping, k: int) -> I8:
    return groups.order[groups.offsets[k] : groups.offsets[k + 1]]


class _Parts:
    """Parts that grow by joining: members' exposures, weighted direction and weight by their first row."""

    def __init__(self, rows: I8, d: Detections, r: F8) -> None:
        w = d.sigma[rows] ** -2.0
        self.parent = {int(k): int(k) for k in rows}
        self.exposures = {int(k): {int(e)} for k, e in zip(rows, d.exposure[rows], strict=True)}
        self.sum = {int(k): v for k, v in zip(rows, w[:, None] * r[rows], strict=True)}
        self.weight = {int(k): float(v) for k, v in zip(rows, w, strict=True)}

    def root(self, k: int) -> int:
        """First row of the part that row ``k`` is in."""
        while self.parent[k] != k:
            k = self.parent[k]
        return k

    def distance(self, a: int, b: int) -> tuple[float, float]:
        """Between the centres of two parts: chord, and in combined sigma."""
        u, v = (self.sum[k] / np.linalg.norm(self.sum[k]) for k in (a, b))
        apart = float(np.linalg.norm(u - v))
        return apart, apart / float(np.sqrt(1 / self.weight[a] + 1 / self.weight[b]))

    def join(self, a: int, b: int) -> None:
        """Put two parts together."""
        a, b = min(a, b), max(a, b)
        self.parent[b] = a
        self.exposures[a] |= self.exposures.pop(b)
        self.sum[a] = self.sum[a] + self.sum.pop(b)
        self.weight[a] += self.weight.pop(b)


def _agglomerate(
    rows: I8, links: tuple[I8, I8, F8], d: Detections, r: F8, radius: float, n_sigma: float
) -> I8:
    """First row of the cluster of every row, joined along the links from the shortest to the longest."""
    i, j, distance = links
    parts, reach = _Parts(rows, d, r), chord(radius)
    for k in np.lexsort((j, i, distance)):
        a, b = parts.root(int(i[k])), parts.root(int(j[k]))
        if a == b or parts.exposures[a] & parts.exposures[b]:
            continue
        apart, sigmas = parts.distance(a, b)
        if apart <= reach and sigmas <= n_sigma:
            parts.join(a, b)
    return np.array([parts.root(int(k)) for k in rows], np.int64)


def mean_positions(detections: Detections, clusters: Clusters) -> tuple[F8, F8, F8]:
    """Right ascension, declination and error per axis of each cluster, weighted by inverse variance.

    Sums run in order of ``identity``: the same members give the same bits.
    """
    groups = group_rows(clusters.label, detections.identity)
    w = detections.sigma[groups.order] ** -2.0
    r = directions(detections.ra, detections.dec)[groups.order]
    ra, dec = angles(sums(w[:, None] * r, groups.offsets))
    return ra, dec, sums(w, groups.offsets) ** -0.5
