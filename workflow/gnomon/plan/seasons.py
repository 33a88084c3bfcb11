"""Seasons: runs of nights without a long gap. The template of a visit holds none of its own season's visits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.datamodel import DIMENSIONS
from gnomon.plan.incidence import PIECE, Incidence, differ, distinct

F8 = npt.NDArray[np.float64]
I4 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Seasons:
    """First visit of every season of a tract in a band, sorted by tract, band and time."""

    tract: I4
    """Tract id."""
    band: I4
    """Index of the band."""
    start: F8
    """Midpoint of the first visit, MJD TAI."""

    def starts(self, bands: Sequence[str]) -> dict[str, list[float]]:
        """First midpoints of the seasons, by ``tract/band``."""
        found: dict[str, list[float]] = {}
        for tract, band, start in zip(
            self.tract.tolist(), self.band.tolist(), self.start.tolist(), strict=True
        ):
            found.setdefault(f"{DIMENSIONS['tract'].token(tract)}/{bands[band]}", []).append(start)
        return found

    def numbers(self, pairs: Incidence, band: I4, mjd: F8) -> I4:
        """(npair,) season of each pair's visit in its tract and band, from 1.

        Parameters
        ----------
        pairs
            Patches by row of the visits.
        band, mjd
            (nvisit,) index of the band, and midpoint as `seasons_of` was given it.
        """
        _, rank = np.unique(np.concatenate([self.start, mjd]), return_inverse=True)
        first, now = rank[: len(self.start)], rank[len(self.start) :]
        n_bands = int(max(self.band.max(initial=0), band.max(initial=0))) + 1
        groups = self.tract.astype(np.int64) * n_bands + self.band
        starts = groups * len(rank) + first
        found = np.empty(len(pairs), np.int32)
        for k in range(0, len(pairs), PIECE):
            part = slice(k, k + PIECE)
            visit = pairs.visit[part]
            group = pairs.tract[part].astype(np.int64) * n_bands + band[visit]
            begun = np.searchsorted(starts, group * len(rank) + now[visit], "right")
            found[part] = begun - np.searchsorted(groups, group)
        return found


def seasons_of(pairs: Incidence, band: I4, mjd: F8, night: I4, gap_days: float) -> Seasons:
    """Seasons of every tract and band that visits touch; where there is but one, its nights.

    Parameters
    ----------
    pairs
        Patches by row of the visits.
    band, night
        (nvisit,) index of the band and of the night.
    mjd
        (nvisit,) midpoint, days.
    gap_days
        A longer time without a visit ends a season.
    """
    tract, visit = _visits_of_tracts(pairs)
    order = np.lexsort((visit, mjd[visit], band[visit], tract))
    tract, visit = tract[order], visit[order]
    new = differ(tract) | differ(band[visit])
    group = np.cumsum(new) - 1
    season = new | (np.diff(mjd[visit], prepend=-np.inf) > gap_days)
    alone = np.bincount(group, season, minlength=1) == 1
    start = np.where(alone[group], new | differ(night[visit]), season)
    return Seasons(tract[start], band[visit[start]], mjd[visit[start]])


def _visits_of_tracts(pairs: Incidence) -> tuple[I4, I4]:
    """Tract and visit of the pairs, each once; the pairs of a tract stand together."""
    starts = np.flatnonzero(differ(pairs.tract))
    visits = [distinct(v) for v in np.split(pairs.visit, starts[1:])]
    tracts = np.repeat(pairs.tract[starts], [len(v) for v in visits[: len(starts)]])
    return tracts.astype(np.int32), np.concatenate(visits)
