"""Orbits that a night has found or made better."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.linking.names import night_epoch
from gnomon.algorithms.orbit.acceptance import why_not_ready
from gnomon.algorithms.orbit.determine import FitOptions, fit_orbits
from gnomon.algorithms.orbit.tables import (
    ARCSEC,
    astrometry_of,
    latest,
    orbit_rows,
    orbits_of,
    with_fit,
)  # fmt: skip
from gnomon.algorithms.orbit.update import carry_orbits, update_without_outliers
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.orbit import Orbits
from gnomon.containers.perturbers import SUN, PerturberTable
from gnomon.errors import UnprocessableData
from gnomon.pipeline.moving import OrbitsConfig

I8 = npt.NDArray[np.int64]


def orbits(
    perturbers: PerturberTable,
    linkage: Catalog,
    link_orbit: Catalog,
    attributed: Catalog,
    known: Sequence[Catalog],
    before: Sequence[Catalog],
    *,
    data_id: DataId,
    config: OrbitsConfig,
) -> Catalog:
    """Fit the linked objects to all their detections; improve the known orbits by tonight's.

    New orbits lose outliers and are judged by the Minor Planet Center's criteria. Known orbits take the
    night as an update of their covariance; those whose error is unknown stay as they are.
    """
    epoch = night_epoch(data_id.night)
    parts = []
    if len(link_orbit):
        parts.append(_new(perturbers, linkage, link_orbit, epoch, config))
    if len(attributed):
        parts.append(_updated(perturbers, attributed, latest(known, before), epoch, config))
    parts = [p for p in parts if len(p)]
    if not parts:
        raise UnprocessableData("this night found no object and saw no known one")
    return concatenate(parts)


def _new(
    perturbers: PerturberTable, linkage: Catalog, table: Catalog, epoch: float, config: OrbitsConfig
) -> Catalog:
    """Orbits of linked objects, refitted at the night's epoch."""
    owner, rows = _owners(table["designation"], linkage)
    mine = linkage.take(rows)
    start = carry_orbits(perturbers, orbits_of(table), epoch)
    measured = astrometry_of(mine, config.sigma_floor_mas * 1e-3 * ARCSEC)
    options = FitOptions(rejection_chi2=config.rejection_chi2)
    fit = fit_orbits(perturbers, epoch, start.state, measured, owner, options)
    done = Orbits(start.designation, start.epoch, fit.state, fit.covariance, start.H, start.G)
    first, last = table["firstMjdTai"], table["lastMjdTai"]
    out = with_fit(orbit_rows(done, "linked", fit.used_count, first, last), fit)
    heliocentric = fit.state - np.concatenate(perturbers.state(SUN, epoch))
    nights = np.array([len(np.unique(mine["night"][owner == k])) for k in range(len(table))])
    note = why_not_ready(heliocentric, fit.covariance, fit.rms / ARCSEC, nights, last - first)
    return out.with_columns(note=np.array(note, np.str_))


def _updated(
    perturbers: PerturberTable, attributed: Catalog, catalog: Catalog, epoch: float, config: OrbitsConfig
) -> Catalog:
    """Known orbits with tonight's detections taken in."""
    seen = np.isin(catalog["designation"], attributed["designation"]) & np.isfinite(catalog["cov00"])
    table = catalog.take(seen)
    owner, rows = _owners(table["designation"], attributed)
    mine = attributed.take(rows)
    measured = astrometry_of(mine, config.sigma_floor_mas * 1e-3 * ARCSEC)
    start = carry_orbits(perturbers, orbits_of(table), epoch)
    fit = update_without_outliers(perturbers, start, measured, owner, config.rejection_chi2)
    good = fit.converged & np.isfinite(fit.state).all(axis=1)
    done = Orbits(start.designation, start.epoch, fit.state, fit.covariance, start.H, start.G)
    last = np.full(len(table), -np.inf)
    np.maximum.at(last, owner, mine["midpointMjdTai"])
    earliest = np.full(len(table), np.inf)
    np.minimum.at(earliest, owner, mine["midpointMjdTai"])
    first = np.where(np.isfinite(table["firstMjdTai"]), table["firstMjdTai"], earliest)
    out = with_fit(orbit_rows(done, "updated", table["nObs"] + fit.used_count, first, last), fit)
    return out.with_columns(note=table["note"].astype(np.str_)).take(good)


def _owners(names: npt.NDArray[np.str_], rows: Catalog) -> tuple[I8, I8]:
    """For the rows of the named objects, sorted by object and time: the object's place, and the rows."""
    order = np.argsort(names)
    place = order[np.minimum(np.searchsorted(names, rows["designation"], sorter=order), len(names) - 1)]
    mine = np.flatnonzero(names[place] == rows["designation"]) if len(names) else np.zeros(0, np.int64)
    mine = mine[np.lexsort((rows["midpointMjdTai"][mine], place[mine]))]
    return place[mine].astype(np.int64), mine
