"""How many units of work there are of every grain, and which belong together.

A *grain* is what one job of a step is about: an exposure, a visit, a night, one filter's alerts of a night, a
band, a tract, a patch, a patch in one band, one kind of coadd of that, or the campaign. Two grains are
related when a job of one may use products of the other.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.containers.catalog import Catalog
from gnomon.pipeline.coadd import KINDS, TEMPLATE
from gnomon.plan.grains import (
    BAND,
    CAMPAIGN,
    COADD,
    EXPOSURE,
    FILTER,
    NIGHT,
    PATCH,
    PATCH_BAND,
    TRACT,
    VISIT,
)
from gnomon.plan.incidence import PIECE, Incidence, differ, distinct
from gnomon.plan.seasons import Seasons, seasons_of

F8 = npt.NDArray[np.float64]
I4 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int64]
Index = npt.NDArray[np.integer[Any]]

_ON_SKY = (VISIT, NIGHT, TRACT, PATCH, PATCH_BAND)


@dataclass(frozen=True)
class Census:
    """Units by grain. Exposures are the visits and after them the calibration exposures."""

    visit: I8
    """(nvisit,) numbers of the science visits."""
    night: I4
    """(nvisit,) index into ``nights``."""
    band: I4
    """(nvisit,) index into ``bands``."""
    n_detectors: I4
    """(nvisit,) detectors of a visit."""
    nights: tuple[str, ...]
    """Sorted."""
    bands: tuple[str, ...]
    """Sorted."""
    calibrations: I8
    """(ncalib,) numbers of the calibration exposures."""
    flats: I4
    """(ncalib,) band of each calibration exposure, -1 for one without a filter."""
    patch: Catalog
    """Columns tract and patch of the patches that any visit touches, sorted."""
    patch_band: Catalog
    """Columns patch (row of ``patch``) and band, sorted."""
    pair_visit: I4
    """(npair,) row of the visit of each pair of a visit and a patch."""
    pair_patch_band: I4
    """(npair,) row of ``patch_band`` of each pair."""
    seasons: Seasons
    """When the seasons of each tract and band begin."""
    pair_season: I4
    """(npair,) season of the pair's visit, from 1."""
    filters: tuple[str, ...] = ()
    """Names of the alert filters, sorted."""

    def size(self, grain: str) -> int:
        """Units of a grain."""
        sizes = {
            EXPOSURE: len(self.visit) + len(self.flats),
            VISIT: len(self.visit),
            NIGHT: len(self.nights),
            FILTER: len(self.nights) * len(self.filters),
            BAND: len(self.bands),
            TRACT: len(self.tracts),
            PATCH: len(self.patch),
            PATCH_BAND: len(self.patch_band),
        }
        return len(self.coadd) if grain == COADD else sizes.get(grain, 1)

    @cached_property
    def tracts(self) -> I4:
        """Tract ids, sorted."""
        return np.unique(self.patch["tract"])

    @cached_property
    def _tract_of_patch(self) -> I4:
        return np.searchsorted(self.tracts, self.patch["tract"]).astype(np.int32)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Names of the kinds of coadd: those of every patch and band, and a template for each season."""
        return KINDS + tuple(f"{TEMPLATE}{k + 1}" for k in range(int(self.pair_season.max(initial=0))))

    @cached_property
    def coadd(self) -> Catalog:
        """Columns patch_band and kind (index into ``kinds``), sorted.

        A season has a template where the patch was seen in that season, and in another one to make it of.
        """
        width = len(self.kinds)
        seen = self.pair_patch_band.astype(np.int64) * width + len(KINDS) - 1 + self.pair_season
        counts = np.bincount(seen, minlength=len(self.patch_band) * width).reshape(-1, width)
        there = (counts > 0) & (counts < counts.sum(axis=1, keepdims=True))
        there[:, : len(KINDS)] = True
        rows, kind = np.nonzero(there)
        return Catalog({"patch_band": rows.astype(np.int32), "kind": kind.astype(np.int32)})

    def owner(self, fine: str, coarse: str) -> Index | None:
        """For each fine unit the one coarse unit that it belongs to; None where it is not of that kind."""
        if coarse == CAMPAIGN:
            return np.zeros(self.size(fine), np.int32)
        match fine, coarse:
            case (a, b) if a == b:
                return np.arange(self.size(fine), dtype=np.int32)
            case ("visit", "night"):
                return self.night
            case ("filter", "night"):
                return np.repeat(np.arange(len(self.nights)), len(self.filters))
            case ("visit", "band"):
                return self.band
            case ("patch", "tract"):
                return self._tract_of_patch
            case ("patch_band", "patch"):
                return self.patch_band["patch"]
            case ("patch_band", "band"):
                return self.patch_band["band"]
            case ("patch_band", "tract"):
                return self._tract_of_patch[self.patch_band["patch"]]
            case ("coadd", "patch_band"):
                return self.coadd["patch_band"]
            case ("coadd", "patch" | "band" | "tract"):
                above = self.owner(PATCH_BAND, coarse)
                return None if above is None else above[self.coadd["patch_band"]]
        return None

    def pairs(self, source: str, target: str) -> tuple[Index, Index]:
        """Related units (source, target), each pair once; all with all where nothing is known."""
        if EXPOSURE in (source, target):
            return self._exposure_pairs(source, target)
        up, down = self.owner(source, target), self.owner(target, source)
        if up is not None:
            return np.arange(len(up)), up
        if down is not None:
            return down, np.arange(len(down))
        if target == FILTER:
            units, nights = self.pairs(source, NIGHT)
            width = len(self.filters)
            return np.repeat(units, width), (nights[:, None] * width + np.arange(width)).ravel()
        if source == FILTER:
            theirs, ours = self.pairs(target, source)
            return ours, theirs
        if (source, target) in ((VISIT, COADD), (COADD, VISIT)):
            return self._coadd_pairs(source)
        if source in _ON_SKY and target in _ON_SKY:
            return self._sky_pairs(source, target)
        every = np.indices((self.size(source), self.size(target))).reshape(2, -1)
        return every[0], every[1]

    def fan(self, source: str, target: str) -> I8:
        """Number of source units related to each target unit."""
        up, down = self.owner(source, target), self.owner(target, source)
        if up is None and down is not None and EXPOSURE not in (source, target):
            return np.ones(len(down), np.int64)
        return np.bincount(self.pairs(source, target)[1], minlength=self.size(target))

    def _exposure_pairs(self, source: str, target: str) -> tuple[Index, Index]:
        """Exposures are the visits themselves; what a band or the campaign reads are the calibrations."""
        if source == target:
            return (np.arange(self.size(EXPOSURE)),) * 2
        if target == EXPOSURE and source == CAMPAIGN:
            return np.zeros(self.size(EXPOSURE), np.int32), np.arange(self.size(EXPOSURE))
        if target == EXPOSURE:
            ours, theirs = self._exposure_pairs(EXPOSURE, source)
            return theirs, ours
        if target in (BAND, CAMPAIGN):
            used = np.flatnonzero(self.flats >= 0) if target == BAND else np.arange(len(self.flats))
            return used + len(self.visit), self.flats[used] if target == BAND else np.zeros(
                len(used), np.int32
            )
        return self.pairs(VISIT, target)

    def _sky_pairs(self, source: str, target: str) -> tuple[Index, Index]:
        """Relations through the pairs of visits and patches."""
        a, b = self._per_pair(source), self._per_pair(target)
        if {source, target} in ({VISIT, PATCH}, {VISIT, PATCH_BAND}):
            return a, b
        pieces = (slice(k, k + PIECE) for k in range(0, len(a), PIECE))
        keys = [distinct(a[p].astype(np.int64) * self.size(target) + b[p]) for p in pieces]
        key = distinct(np.concatenate([*keys, np.empty(0, np.int64)]))
        return key // self.size(target), key % self.size(target)

    def _coadd_pairs(self, source: str) -> tuple[Index, Index]:
        """Visits that a coadd is made of; or the templates that a visit reads, those of its own season."""
        first = np.searchsorted(self.coadd["patch_band"], np.arange(len(self.patch_band) + 1))
        each = np.diff(first)[self.pair_patch_band]
        visit = np.repeat(self.pair_visit, each)
        within = np.arange(len(visit)) - np.repeat(np.cumsum(each) - each, each)
        coadd = np.repeat(first[self.pair_patch_band], each) + within
        own = self.coadd["kind"][coadd] == len(KINDS) - 1 + np.repeat(self.pair_season, each)
        return (visit[~own], coadd[~own]) if source == VISIT else (coadd[own], visit[own])

    def _per_pair(self, grain: str) -> Index:
        base = VISIT if grain in (VISIT, NIGHT) else PATCH_BAND
        index = self.pair_visit if base == VISIT else self.pair_patch_band
        owner = self.owner(base, grain)
        return index if grain == base or owner is None else owner[index]


def census_of(table: Catalog, pairs: Incidence, gap_days: float, filters: tuple[str, ...] = ()) -> Census:
    """Census of a visit table (schema `visit_detector`); ``pairs`` count its science visits in order.

    A time without visits longer than ``gap_days`` ends a season.
    """
    science = table["obstype"] == "science"
    visit, first, count = np.unique(table["visit"][science], return_index=True, return_counts=True)
    rows = table.take(np.flatnonzero(science)[first])
    bands, band = np.unique(rows["band"].astype(str), return_inverse=True)
    nights, night = np.unique(rows["night"].astype(str), return_inverse=True)
    calibrations, flats = _calibrations(table.take(~science), bands.tolist())
    codes = night.astype(np.int32), band.astype(np.int32), count.astype(np.int32)
    names = tuple(nights.tolist()), tuple(bands.tolist())
    mjd = rows["midpointMjdTai"].astype(np.float64)
    made = census(visit, *codes, *names, calibrations, flats, pairs, mjd, gap_days)
    return replace(made, filters=filters)


def census(
    visit: I8,
    night: I4,
    band: I4,
    n_detectors: I4,
    nights: tuple[str, ...],
    bands: tuple[str, ...],
    calibrations: I8,
    flats: I4,
    pairs: Incidence,
    mjd: F8,
    gap_days: float,
) -> Census:
    """Census from codes; arguments as the fields of `Census`, ``mjd`` the visits' midpoints, days."""
    new = differ(pairs.tract) | differ(pairs.patch)
    patch = np.cumsum(new, dtype=np.int32) - np.int32(1)
    first = np.flatnonzero(new)
    dense = patch * np.int32(max(len(bands), 1)) + band[pairs.visit]
    there = np.bincount(dense, minlength=len(first) * len(bands)) > 0
    place = (np.cumsum(there) - 1).astype(np.int32)
    rows = np.flatnonzero(there).astype(np.int32)
    patches = Catalog({"tract": pairs.tract[first], "patch": pairs.patch[first]})
    seasons = seasons_of(pairs, band, mjd, night, gap_days)
    in_band = Catalog({"patch": rows // max(len(bands), 1), "band": rows % max(len(bands), 1)})
    return Census(
        visit,
        night,
        band,
        n_detectors,
        nights,
        bands,
        calibrations,
        flats,
        patches,
        in_band,
        pairs.visit,
        place[dense],
        seasons,
        seasons.numbers(pairs, band, mjd),
    )


def _calibrations(calibrations: Catalog, bands: list[str]) -> tuple[I8, I4]:
    """Number and band index of each calibration exposure; -1 for bias, dark and a band without visits."""
    numbers, first = np.unique(calibrations["visit"], return_index=True)
    names = calibrations["band"][first]
    kinds = calibrations["obstype"][first]
    codes = [bands.index(b) if k == "flat" and b in bands else -1 for b, k in zip(names, kinds, strict=True)]
    return numbers, np.array(codes, np.int32)
