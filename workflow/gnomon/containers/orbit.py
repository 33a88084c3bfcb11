"""Orbits of small bodies and the measurements they rest on, as columns."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
Text = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Orbits:
    """n orbits, each with its own epoch."""

    designation: Text
    """(n,) name, unique in a table: a string everywhere, numbers passed a million."""
    epoch: F8
    """(n,) MJD TDB of the state."""
    state: F8
    """(n, 6) barycentric ICRF position au and velocity au/day."""
    covariance: F8
    """(n, 6, 6) of the state, NaN where unknown."""
    H: F8
    """(n,) absolute V magnitude, NaN where unknown."""
    G: F8
    """(n,) slope parameter of the H, G system."""

    def __post_init__(self) -> None:
        n = len(self.designation)
        shapes = {"epoch": (n,), "state": (n, 6), "covariance": (n, 6, 6), "H": (n,), "G": (n,)}
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, wanted {shape}")

    def __len__(self) -> int:
        return len(self.designation)

    def take(self, rows: npt.NDArray[np.bool_] | I8) -> "Orbits":
        """Rows by boolean mask or by index."""
        return Orbits(*(getattr(self, f.name)[rows] for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Astrometry:
    """m positions measured on the sky."""

    mjd_tai: F8
    """(m,) middle of the exposure."""
    ra: F8
    """(m,) ICRS radians, astrometric: not corrected for light time, aberration taken out."""
    dec: F8
    """(m,) ICRS radians."""
    sigma: F8
    """(m, 2) standard errors to the east and to the north, radians."""
    observer: F8
    """(m, 3) barycentric ICRF position of the observer, au."""
    observer_velocity: F8
    """(m, 3) its velocity, au/day."""

    def __post_init__(self) -> None:
        m = len(self.mjd_tai)
        shapes = {"ra": (m,), "dec": (m,), "sigma": (m, 2), "observer": (m, 3), "observer_velocity": (m, 3)}
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, wanted {shape}")

    def __len__(self) -> int:
        return len(self.mjd_tai)

    def take(self, rows: npt.NDArray[np.bool_] | I8) -> "Astrometry":
        """Rows by boolean mask or by index."""
        return Astrometry(*(getattr(self, f.name)[rows] for f in fields(self)))


@dataclass(frozen=True, slots=True)
class OrbitFit:
    """What a differential correction of n orbits gave."""

    epoch: float
    """MJD TDB of all states."""
    state: F8
    """(n, 6) barycentric ICRF, au and au/day."""
    covariance: F8
    """(n, 6, 6); what prior was used is in it."""
    chi2: F8
    """(n,) of the used measurements."""
    rms: F8
    """(n,) root mean square of the used residuals per axis, radians."""
    used_count: I8
    """(n,) measurements used."""
    converged: npt.NDArray[np.bool_]
    """(n,) the last step was far below the errors and the motion was integrable."""
    used: npt.NDArray[np.bool_]
    """(m,) per measurement: kept in its object's fit."""
    residual: F8
    """(m, 2) predicted minus measured, east and north, radians."""
