"""Detections of a night that move together."""

from collections.abc import Sequence

import numpy as np

from gnomon.algorithms.linking.names import LONE, tracklet_ids
from gnomon.algorithms.linking.tracklets import MotionLimits, find_tracklets
from gnomon.algorithms.orbit.tables import ARCSEC, detections_of, observers_of
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.moving import TrackletsConfig

_MINUTE = 1 / 1440


def tracklets(
    visits: Catalog,
    sources: Sequence[Catalog],
    attributed: Catalog,
    *,
    data_id: DataId,
    config: TrackletsConfig,
) -> Catalog:
    """Straight runs of detections that are no known object and do not stand still, and all other detections
    alone: an object that other nights find may claim them.
    """
    found = detections_of(sources, config.min_reliability)
    if len(attributed):
        found = found.take(~np.isin(found["diaSourceId"], attributed["diaSourceId"]))
    if not len(found):
        raise UnprocessableData("no detections of this night are left without a known object")
    limits = MotionLimits(
        np.deg2rad(config.fastest_deg_per_day), config.shortest_minutes * _MINUTE, config.longest_minutes *
        _MINUTE, config.least_motion_sigma, config.slowest_arcsec_per_hour * 24 * ARCSEC,
    )  # fmt: skip
    sigma = np.deg2rad(np.hypot(found["raErr"], found["decErr"]) / np.sqrt(2))
    sigma = np.hypot(sigma, config.sigma_floor_mas * 1e-3 * ARCSEC)
    ra, dec = (np.deg2rad(found[c]) for c in ("ra", "dec"))
    lines = find_tracklets(found["midpointMjdTai"], ra, dec, sigma, np.zeros(len(found), np.int64), limits)
    alone = np.setdiff1d(np.arange(len(found)), lines.member)
    members = found.take(np.append(lines.member, alone))
    ids = np.repeat(tracklet_ids(data_id.night, len(lines)), lines.count())
    columns = {**members.columns, **observers_of(visits, members["visit"])}
    columns["night"] = np.full(len(members), data_id.night)
    columns["trackletId"] = np.append(ids, np.full(len(alone), LONE))
    return Catalog(columns)
