"""Detections on difference images beside what the simulator let change."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.containers.catalog import Catalog
from gnomon.containers.sphere import chord, directions

F8 = npt.NDArray[np.float64]
B1 = npt.NDArray[np.bool_]

SAME = float(np.radians(1 / 3600))
"""A detection nearer than this is the source, radians."""


@dataclass(frozen=True, slots=True)
class ChangeCount:
    """Numbers of one visit; sums of several are those of all."""

    wanted: int = 0
    """Transients that could be seen: bright enough, on known pixels."""
    found: int = 0
    """Of these, detected."""
    kept: int = 0
    """Of these, reliable."""
    movers: int = 0
    """Asteroids that were detected, as bright and on known pixels."""
    movers_kept: int = 0
    """Of these, reliable."""
    reliable: int = 0
    """Reliable detections."""
    true: int = 0
    """Of these, with something true behind them."""
    rises: int = 0
    """Reliable detections that are brighter than the template."""
    true_rises: int = 0
    """Of these, with something true behind them in the visit itself."""

    def plus(self, other: "ChangeCount") -> "ChangeCount":
        """Both together."""
        names = ChangeCount.__dataclass_fields__
        return ChangeCount(*(getattr(self, n) + getattr(other, n) for n in names))


def count_changes(
    found: Catalog, seen: Catalog, transient: B1, asteroid: B1, templates: Catalog, least: float
) -> ChangeCount:
    """Count what was found of what changed, and what of the found is true.

    Parameters
    ----------
    found : detections of a visit with ``ra``, ``dec`` (degrees), ``isNegative``, ``reliability``
    seen : true sources of the visit that change: transients, asteroids, variable stars
    transient : (n,) rows of ``seen`` that are transients to be found
    asteroid : likewise asteroids
    templates : true sources that come and go, in other visits: the template may hold them
    least : reliability from which a detection is one
    """
    wanted, movers = seen.take(transient), seen.take(asteroid)
    if not len(found):
        return ChangeCount(wanted=len(wanted))
    with np.errstate(invalid="ignore"):
        reliable = np.asarray(found["reliability"] >= least, np.bool_)
    told = found.take(reliable)
    now, rises = near(told, seen), ~told["isNegative"].astype(np.bool_)
    before = near(told, templates) & ~rises
    return ChangeCount(
        len(wanted),
        int(near(wanted, found).sum()),
        int(near(wanted, told).sum()),
        int(near(movers, found).sum()),
        int(near(movers, told).sum()),
        len(told),
        int((now | before).sum()),
        int(rises.sum()),
        int((now & rises).sum()),
    )


def flux_errors(found: Catalog, new: Catalog) -> F8:
    """Measured over true flux, less 1, of single rises (``psfFlux``) with a ``new`` source (``flux``) behind them."""
    rises = found.take(~(found["isNegative"] | found["isDipole"]).astype(np.bool_))
    if not len(rises) or not len(new):
        return np.zeros(0)
    a, b = (directions(np.radians(t["ra"]), np.radians(t["dec"])) for t in (rises, new))
    distance, row = cKDTree(b).query(a, distance_upper_bound=chord(SAME))
    pairs = np.isfinite(distance)
    return np.asarray(rises["psfFlux"][pairs] / new["flux"][row[pairs]] - 1, np.float64)


def near(these: Catalog, those: Catalog) -> B1:
    """(n,) which of ``these`` have one of ``those`` within `SAME`."""
    if not len(these) or not len(those):
        return np.zeros(len(these), np.bool_)
    a, b = (directions(np.radians(t["ra"]), np.radians(t["dec"])) for t in (these, those))
    distance, _ = cKDTree(b).query(a, distance_upper_bound=chord(SAME))
    return np.asarray(np.isfinite(distance), np.bool_)
