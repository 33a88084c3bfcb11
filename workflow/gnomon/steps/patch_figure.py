"""A picture of one patch."""

from collections.abc import Sequence

import numpy as np

from gnomon.algorithms.report.patches import draw, panels
from gnomon.containers.coadd import Coadd
from gnomon.containers.dataid import DataId
from gnomon.containers.figure import Figure
from gnomon.containers.skymap import SkyMap
from gnomon.errors import UnprocessableData
from gnomon.pipeline.coadd import PatchFigureConfig


def patch_figure(
    skymap: SkyMap, coadds: Sequence[Coadd], *, data_id: DataId, config: PatchFigureConfig
) -> Figure:
    """The patch in colour, how many visits each pixel has, and how deep it is."""
    filled = [c for c in coadds if c.band and (c.image.variance > 0).any()]
    if not filled:
        raise UnprocessableData("; ".join(dict.fromkeys(c.empty_reason for c in coadds)) or "no coadds")
    shown = panels(filled, np.degrees(skymap.grid.pixel_scale) * 3600)
    return Figure(draw(shown), f"tract {data_id.tract} patch {data_id.patch}, north up, east left")
