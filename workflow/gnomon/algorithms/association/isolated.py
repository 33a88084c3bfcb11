"""Stars seen again and again with nothing beside them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.algorithms.association.cluster import Clusters, Detections, cluster, mean_positions
from gnomon.containers.sphere import chord, directions

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
B1 = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class IsolatedStars:
    """Stars, and which detections they own."""

    star: I8
    """(n_detections,) star of each detection, -1 for none."""
    identity: I8
    """(n_stars,) smallest identifier among a star's detections, rising."""
    ra: F8
    """(n_stars,) radians, weighted mean."""
    dec: F8
    """(n_stars,) radians."""
    n_detections: I8
    """(n_stars,)"""


def crowded(ra: F8, dec: F8, radius: float) -> B1:
    """Which positions have another one within ``radius`` (radians)."""
    r = directions(ra, dec)
    out = np.zeros(len(r), np.bool_)
    if len(r) > 1:
        out[cKDTree(r).query_pairs(chord(radius), output_type="ndarray").ravel()] = True
    return out


def isolated_stars(
    detections: Detections, radius: float, n_sigma: float, isolation: float, min_detections: int
) -> IsolatedStars:
    """Clusters of at least ``min_detections`` without another such cluster within ``isolation``.

    Parameters
    ----------
    detections : star-like sources of all exposures.
    radius, n_sigma : reach of a match, radians and combined errors.
    isolation : no other star nearer than this, radians.
    min_detections : fewest exposures of a star.
    """
    clusters = cluster(detections, radius, n_sigma)
    ra, dec, _ = mean_positions(detections, clusters)
    n = np.bincount(clusters.label, minlength=len(clusters))
    often = n >= min_detections
    alone = often.copy()
    alone[often] = ~crowded(ra[often], dec[often], isolation)
    return _kept(clusters, ra, dec, n, alone)


def _kept(clusters: Clusters, ra: F8, dec: F8, n: I8, keep: B1) -> IsolatedStars:
    new = np.where(keep, np.cumsum(keep) - 1, -1)
    star = new[clusters.label] if len(clusters.label) else np.zeros(0, np.int64)
    return IsolatedStars(star, clusters.identity[keep], ra[keep], dec[keep], n[keep])
