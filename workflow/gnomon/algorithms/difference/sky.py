"""The sky that is left on a difference."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.background.mesh import NOT_SKY
from gnomon.containers.background import BackgroundModel
from gnomon.containers.image import Image
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]
B1 = npt.NDArray[np.bool_]

CLIP = 2.5
"""Standard deviations beyond which a pixel is a source or its residual,"""

ROUNDS = 4
"""and how often the level is found anew without them."""

LEAST = 0.15
"""Part of a cell's pixels that must be usable."""


def fit_level(image: Image, box_px: int) -> BackgroundModel:
    """Clipped mean of every cell of about ``box_px``: what is left of stars has both signs, so no mode is needed.

    Its error is that of the mean, a third of that of a mode; cells without enough pixels take the mean of all.

    Raises
    ------
    UnprocessableData
        No cell has enough usable pixels.
    """
    rows, columns = (np.linspace(0, n, max(1, round(n / box_px)) + 1).astype(np.intp) for n in image.shape)
    good = (image.variance > 0) & ((image.mask & np.uint32(NOT_SKY)) == 0)
    sigma = np.sqrt(image.variance)
    level = np.zeros((len(rows) - 1, len(columns) - 1))
    kept = good
    for _ in range(ROUNDS):
        count = _cell_sums(kept.astype(np.float64), rows, columns)
        total = _cell_sums(np.where(kept, image.flux, 0).astype(np.float64), rows, columns)
        rich = count > LEAST * image.flux.size / level.size
        if not rich.any():
            raise UnprocessableData("no cell of the difference has enough pixels for its sky")
        level = np.where(rich, total / np.maximum(count, 1), total[rich].sum() / count[rich].sum())
        plane = np.repeat(np.repeat(level, np.diff(rows), axis=0), np.diff(columns), axis=1)
        kept = good & (np.abs(image.flux - plane) < CLIP * sigma)
    rms = np.full(level.shape, np.median(sigma[good]), np.float32)
    return BackgroundModel(level.astype(np.float32), rms, image.shape)


def _cell_sums(values: F8, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> F8:
    by_row = np.add.reduceat(values, rows[:-1], axis=0)
    return np.asarray(np.add.reduceat(by_row, columns[:-1], axis=1), np.float64)
