"""How well the same star is the same in all visits of a tract."""

from collections.abc import Sequence

from gnomon.algorithms.joint.positions import joint_fluxes, joint_positions
from gnomon.algorithms.validation.bars import bands_of, check_table
from gnomon.algorithms.validation.joint import (
    absolute_measures,
    off_truth,
    pull_of_all,
    repeat_measures,
    repeats,
    undisturbed,
)
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.joint import CheckJointConfig
from gnomon.sim.stars import REFERENCE_MJD


def check_joint(
    detections: Catalog,
    astrometry: Catalog,
    photometry: Catalog,
    stars: Sequence[Catalog],
    galaxies: Sequence[Catalog],
    *,
    data_id: DataId,
    config: CheckJointConfig,
) -> Catalog:
    """Repeatability of positions and fluxes of isolated stars on the joint maps and zero points.

    Where the truth is known, of those that shine steadily and have no neighbour that matters.
    """
    if not len(detections):
        raise UnprocessableData(str(detections.meta.get("empty_reason", "no isolated stars")))
    final = joint_fluxes(joint_positions(detections, astrometry), photometry)
    for truth, others in zip(stars, galaxies, strict=True):
        final = final.take(undisturbed(final, truth, others))
    if not len(final):
        raise UnprocessableData("no isolated star is steady and without a neighbour")
    found = repeats(final)
    bands = bands_of(final["band"])
    tables = [check_table(b, repeat_measures(final, found, b)) for b in bands]
    if stars:
        off = off_truth(final, concatenate(stars), REFERENCE_MJD)
        tables += [check_table(b, absolute_measures(final, off, b)) for b in bands]
    return concatenate([*tables, check_table("", pull_of_all(final, found))])
