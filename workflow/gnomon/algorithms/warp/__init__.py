"""Resampling of images and PSFs to other pixel grids."""

from gnomon.algorithms.warp.grid import Nodes, coordinate_nodes
from gnomon.algorithms.warp.resample import warp_image, warp_psf

__all__ = ["Nodes", "coordinate_nodes", "warp_image", "warp_psf"]
