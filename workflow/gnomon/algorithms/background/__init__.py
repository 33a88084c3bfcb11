"""The sky background of one detector."""

from gnomon.algorithms.background.mesh import (
    background_map,
    fit_background,
    rms_map,
    scale_background,
    subtract_background,
)

__all__ = ["background_map", "fit_background", "rms_map", "scale_background", "subtract_background"]
