"""Coadds, cell by cell: each cell is the mean of the visits that cover it whole."""

from gnomon.algorithms.coadd.artifacts import ArtifactSettings, find_artifacts
from gnomon.algorithms.coadd.cell import coadd_cell
from gnomon.algorithms.coadd.stack import CellWarp, WarpStack, stack_warps, warp_to_cell

__all__ = [
    "ArtifactSettings",
    "CellWarp",
    "WarpStack",
    "coadd_cell",
    "find_artifacts",
    "stack_warps",
    "warp_to_cell",
]
