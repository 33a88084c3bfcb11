"""A thumbnail of one visit."""

import numpy as np

from gnomon.algorithms.display import Tile, asinh_stretch, mosaic
from gnomon.constants import MAD_TO_SIGMA
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.dataid import DataId
from gnomon.containers.figure import Figure
from gnomon.containers.parts import Parts
from gnomon.errors import UnprocessableData
from gnomon.pipeline.visit import VisitFigureConfig


def visit_figure(image: Parts[CalibratedImage], *, data_id: DataId, config: VisitFigureConfig) -> Figure:
    """Draw the calibrated detectors of a visit in their places on the sky."""
    if not image:
        reasons = image.empty_reason or "; ".join(f"detector {n}: {r}" for n, r in image.failures.items())
        raise UnprocessableData(reasons or "no detectors")
    parts = list(image.values())
    canvas = mosaic([Tile(p.image.flux, p.wcs) for p in parts], config.size_px)
    noise = MAD_TO_SIGMA * float(np.nanmedian(np.abs(canvas - np.nanmedian(canvas))))
    grey = asinh_stretch(canvas, noise or 1.0)
    return Figure(np.repeat(grey[:, :, np.newaxis], 3, axis=2), f"visit {data_id.visit}, north up, east left")
