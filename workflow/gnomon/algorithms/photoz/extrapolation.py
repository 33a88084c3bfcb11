"""How far an object lies from the training set."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

F8 = npt.NDArray[np.float64]
F4 = npt.NDArray[np.float32]
B1 = npt.NDArray[np.bool_]

N_NEIGHBOURS = 5
"""The distance to this neighbour measures density: one stray training object makes no region known."""

MAX_REFERENCE = 20_000
"""Training objects kept for the distance; every n-th when there are more."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The training set in feature space."""

    points: F4
    """(n, n_inputs) float32 network inputs."""
    distance: float
    """99th percentile of the training objects' own distance to their fifth neighbour."""


def fit_reach(inputs: F4) -> Reach:
    """The points themselves and how far apart they usually are."""
    points = inputs[:: max(1, -(-len(inputs) // MAX_REFERENCE))]
    if len(points) <= N_NEIGHBOURS:
        return Reach(points, np.inf)
    d, _ = cKDTree(points).query(points, k=N_NEIGHBOURS + 1)
    return Reach(points, float(np.percentile(d[:, -1], 99)))


def training_distance(inputs: F4, reach: Reach) -> F8:
    """Distance to the fifth nearest training object in units of the training set's 99th percentile.

    Above 1 the object is less well covered than 99 % of the training set; above 2 it is outside it.
    """
    if not len(inputs) or not np.isfinite(reach.distance):
        return np.full(len(inputs), np.nan)
    d, _ = cKDTree(reach.points).query(inputs, k=N_NEIGHBOURS)
    return np.asarray(d[:, -1] / reach.distance, np.float64)
