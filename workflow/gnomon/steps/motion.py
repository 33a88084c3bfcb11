"""Proper motions and parallaxes of isolated stars."""

from gnomon.algorithms.joint.positions import joint_positions
from gnomon.algorithms.motion.tables import motion_table
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.object import MotionConfig


def motion(detections: Catalog, astrometry: Catalog, *, data_id: DataId, config: MotionConfig) -> Catalog:
    """Five parameters of every star that was seen often and long enough, a mean position of the others."""
    if not len(detections):
        raise UnprocessableData(str(detections.meta.get("empty_reason", "no isolated stars")))
    detections = joint_positions(detections, astrometry)
    return motion_table(detections, config.sigma_floor_mas, config.epoch_mjd_tai)
