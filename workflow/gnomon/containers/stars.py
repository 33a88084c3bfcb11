"""Lists of stars that calibrations compare: what was measured, and what is known."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Detections:
    """Stars measured on one detector."""

    x: F8
    """(n,) float64 pixel column."""
    y: F8
    """(n,) float64 pixel row."""
    error: F8
    """(n,) float64 standard error of x and of y, pixels."""
    flux: F8
    """(n,) float64, any linear unit; only the order counts here; NaN sorts last."""

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "Detections":
        """Rows by index or by boolean mask."""
        return Detections(self.x[rows], self.y[rows], self.error[rows], self.flux[rows])


@dataclass(frozen=True, slots=True)
class Reference:
    """Stars of a catalogue at the epoch of the exposure."""

    ra: F8
    """(n,) float64 ICRS right ascension, radians."""
    dec: F8
    """(n,) float64 ICRS declination, radians."""
    error: F8
    """(n,) float64 standard error per axis on the sky, radians."""
    flux: F8
    """(n,) float64, any linear unit; only the order counts here; NaN sorts last."""

    def __len__(self) -> int:
        return len(self.ra)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "Reference":
        """Rows by index or by boolean mask."""
        return Reference(self.ra[rows], self.dec[rows], self.error[rows], self.flux[rows])


def brightest(flux: F8, count: int) -> npt.NDArray[np.intp]:
    """Rows of the ``count`` greatest fluxes, brightest first; ties by row, NaN last."""
    order = np.argsort(-np.where(np.isfinite(flux), flux, -np.inf), kind="stable")
    return order[:count]
