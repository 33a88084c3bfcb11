"""Pictures of images: stretches and mosaics."""

from gnomon.algorithms.display.mosaic import Tile, mosaic
from gnomon.algorithms.display.stretch import asinh_stretch

__all__ = ["Tile", "asinh_stretch", "mosaic"]
