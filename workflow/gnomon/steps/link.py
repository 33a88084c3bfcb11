"""Objects that several nights saw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnomon.algorithms.linking.candidates import LinkOptions
from gnomon.algorithms.linking.hypotheses import hypothesis_grid
from gnomon.algorithms.linking.link import Links, link_tracklets
from gnomon.algorithms.linking.names import LONE, link_names, night_epoch
from gnomon.algorithms.linking.recover import recover_detections
from gnomon.algorithms.linking.tracklets import straight_lines
from gnomon.algorithms.orbit.brightness import SLOPE, absolute_magnitudes
from gnomon.algorithms.orbit.tables import ARCSEC, DETECTION, astrometry_of, magnitudes, orbit_rows, with_fit
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.orbit import Orbits
from gnomon.containers.perturbers import PerturberTable
from gnomon.containers.tracklet import Tracklets
from gnomon.errors import UnprocessableData
from gnomon.pipeline.moving import LinkConfig

_OBSERVER = ("obsX", "obsY", "obsZ", "obsVX", "obsVY", "obsVZ")


@dataclass(frozen=True, slots=True)
class NightLinks:
    """Results of the step."""

    linkage: Catalog
    orbit: Catalog


def link(
    perturbers: PerturberTable,
    tracklets: Sequence[Catalog],
    linked: Sequence[Catalog],
    *,
    data_id: DataId,
    config: LinkConfig,
) -> NightLinks:
    """Link the tracklets of the last nights, less those of objects that earlier nights have linked; then give
    each object what else its exposures saw of it.
    """
    rows = _open_rows(tracklets, linked, night_epoch(data_id.night), config.window_days)
    nights = len(np.unique(rows["night"][rows["trackletId"] > 0]))
    if nights < config.least_nights:
        raise UnprocessableData(f"tracklets of {nights} nights: {config.least_nights} are needed")
    detections, lines = _columns(rows)
    measured = astrometry_of(detections, config.sigma_floor_mas * 1e-3 * ARCSEC)
    epoch = float(np.rint(measured.mjd_tai.mean()))
    options = LinkOptions(least_nights=config.least_nights, chi2_limit=config.chi2_limit)
    grid = hypothesis_grid(config.inverse_step)
    found = link_tracklets(perturbers, lines, measured, epoch, grid, options)
    if not len(found):
        raise UnprocessableData(f"no orbit goes through {len(lines)} tracklets of {nights} nights")
    found = recover_detections(perturbers, found, measured, detections["visit"], config.chi2_limit)
    return _products(perturbers, found, detections, data_id.night, config)


def _open_rows(
    tracklets: Sequence[Catalog], linked: Sequence[Catalog], epoch: float, window: float
) -> Catalog:
    """Rows of the window that are no linked object's; tracklets that hold such a one are none any more."""
    parts = [t for t in tracklets if len(t)]
    if not parts:
        raise UnprocessableData("no tracklets in the window")
    rows = concatenate(parts)
    taken = np.concatenate([np.zeros(0, np.int64), *(t["diaSourceId"] for t in linked if len(t))])
    spent = np.unique(rows["trackletId"][np.isin(rows["diaSourceId"], taken)])
    rows = rows.with_columns(
        trackletId=np.where(np.isin(rows["trackletId"], spent), LONE, rows["trackletId"])
    )
    recent = rows["midpointMjdTai"] > epoch - window
    return rows.take(recent & ~np.isin(rows["diaSourceId"], taken))


def _columns(rows: Catalog) -> tuple[Catalog, Tracklets]:
    """Each detection once, in the order of time, and the tracklets that count in them."""
    _, first = np.unique(rows["diaSourceId"], return_index=True)
    first = first[np.lexsort((rows["diaSourceId"][first], rows["midpointMjdTai"][first]))]
    detections = rows.take(first)
    place = {int(d): k for k, d in enumerate(detections["diaSourceId"])}
    rows = rows.take(rows["trackletId"] != LONE)
    order = np.lexsort((rows["midpointMjdTai"], rows["trackletId"]))
    _, starts = np.unique(rows["trackletId"][order], return_index=True)
    runs = np.split([place[int(d)] for d in rows["diaSourceId"][order]], starts[1:])
    night = np.unique(detections["night"], return_inverse=True)[1]
    sigma = np.deg2rad(np.hypot(detections["raErr"], detections["decErr"]) / np.sqrt(2))
    ra, dec = (np.deg2rad(detections[c]) for c in ("ra", "dec"))
    found = [tuple(int(m) for m in run) for run in runs]
    return detections, straight_lines(found, detections["midpointMjdTai"], ra, dec, sigma, night)


def _products(
    perturbers: PerturberTable, found: Links, detections: Catalog, night: str, config: LinkConfig
) -> NightLinks:
    count = np.diff(found.start)
    owner = np.repeat(np.arange(len(found)), count)
    names = link_names(night, len(found))
    mine = detections.take(found.detection)
    linkage = Catalog(
        {"designation": names[owner], **{c: mine[c] for c in (*DETECTION, "night", *_OBSERVER)}}
    )
    measured = astrometry_of(mine, config.sigma_floor_mas * 1e-3 * ARCSEC)
    h = absolute_magnitudes(perturbers, found.fit.epoch, found.fit.state, measured, owner, magnitudes(mine))
    epochs, slopes = np.full(len(found), found.fit.epoch), np.full(len(found), SLOPE)
    orbits = Orbits(names, epochs, found.fit.state, found.fit.covariance, h, slopes)
    first, last = mine["midpointMjdTai"][found.start[:-1]], mine["midpointMjdTai"][found.start[1:] - 1]
    return NightLinks(linkage, with_fit(orbit_rows(orbits, "linked", count, first, last), found.fit))
