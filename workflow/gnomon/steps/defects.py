"""The pixels of a detector that never tell the truth."""

from collections.abc import Sequence

from gnomon.algorithms.detrend.defects import find_defects
from gnomon.containers.dataid import DataId
from gnomon.containers.image import Image
from gnomon.pipeline.calib import DefectsConfig


def defects(flats: Sequence[Image], darks: Sequence[Image], data_id: DataId, config: DefectsConfig) -> Image:
    """Hot pixels of the master dark, odd pixels of the master flats, and columns that stand out in either."""
    dark = darks[0] if darks else None
    response = (config.min_response, config.max_response)
    return find_defects(dark, flats, config.max_rate, config.nsigma, response, config.radius)
