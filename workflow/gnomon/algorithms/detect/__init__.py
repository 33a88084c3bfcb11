"""Finding sources and sharing their light."""

from gnomon.algorithms.detect.deblend import deblend
from gnomon.algorithms.detect.find import (
    find_footprints,
    mark_detected,
    significance_map,
)
from gnomon.algorithms.detect.sky import sky_positions

__all__ = ["deblend", "find_footprints", "mark_detected", "significance_map", "sky_positions"]
