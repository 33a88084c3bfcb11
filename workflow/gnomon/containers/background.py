"""The sky of one detector, as the small mesh it was measured on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F4 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BackgroundModel:
    """Sky level and noise at the centres of equal cells; a bicubic spline between them gives every pixel."""

    level: F4
    """(my, mx) float32, unit of the image; finite."""
    rms: F4
    """(my, mx) float32, standard deviation of one pixel of sky, unit of the image; finite."""
    shape: tuple[int, int]
    """Rows and columns of the image that the mesh covers."""

    def __post_init__(self) -> None:
        if self.level.shape != self.rms.shape or self.level.ndim != 2:
            raise ValueError(f"level {self.level.shape} and rms {self.rms.shape} are not one mesh")
        if not (np.isfinite(self.level).all() and np.isfinite(self.rms).all()):
            raise ValueError("a background mesh must be finite")
