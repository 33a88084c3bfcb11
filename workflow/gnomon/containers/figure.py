"""A picture ready to be written."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Figure:
    """Pixels of a picture and what it shows."""

    rgb: npt.NDArray[np.uint8]
    """(ny, nx, 3) uint8, first row on top."""
    caption: str
    """One sentence for the reader."""
