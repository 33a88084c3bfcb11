"""How well the same star is the same in all visits of a tract."""

from gnomon.algorithms.joint.positions import joint_fluxes, joint_positions
from gnomon.algorithms.validation.bars import bands_of, check_table
from gnomon.algorithms.validation.joint import repeat_measures, repeats
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.joint import CheckJointConfig


def check_joint(
    detections: Catalog,
    astrometry: Catalog,
    photometry: Catalog,
    *,
    data_id: DataId,
    config: CheckJointConfig,
) -> Catalog:
    """Repeatability of positions and fluxes of isolated stars on the joint maps and zero points."""
    if not len(detections):
        raise UnprocessableData(str(detections.meta.get("empty_reason", "no isolated stars")))
    final = joint_fluxes(joint_positions(detections, astrometry), photometry)
    found = repeats(final)
    bands = bands_of(final["band"])
    return concatenate([check_table(b, repeat_measures(final, found, b)) for b in bands])
