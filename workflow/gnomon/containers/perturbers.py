"""Where the masses of the solar system are: Chebyshev tables of their barycentric positions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]

SUN, MOON, EARTH = 10, 301, 399  # NAIF ids
EARTH_MOON_BARYCENTER = 3
# Earth/Moon mass ratio of DE440 (Park et al. 2021): the Earth stands opposite the Moon about their
# barycentre.
EARTH_MOON_MASS_RATIO = 81.3005682214972154


@dataclass(frozen=True, slots=True)
class Chebyshev:
    """Position of one body against one centre, on granules of equal length."""

    center: int
    """NAIF id of the origin; 0 is the solar-system barycentre."""
    start_mjd: float
    """TDB MJD at which the first granule begins."""
    granule_days: float
    """Length of a granule, days."""
    coefficients: F8
    """(ngranule, 3, ncoefficient) float64, au."""

    def evaluate(self, mjd_tdb: npt.ArrayLike) -> tuple[F8, F8]:
        """(..., 3) position in au and velocity in au/day.

        Raises
        ------
        ValueError
            A time lies outside the table.
        """
        t = (np.asarray(mjd_tdb, np.float64) - self.start_mjd) / self.granule_days
        if t.size and not (t.min() >= 0 and t.max() <= len(self.coefficients)):
            stop = self.start_mjd + self.granule_days * len(self.coefficients)
            raise ValueError(
                f"ephemeris covers MJD {self.start_mjd:.1f} to {stop:.1f} TDB, "
                f"asked for {np.min(mjd_tdb):.1f} to {np.max(mjd_tdb):.1f}"
            )
        granule = np.minimum(t.astype(np.int64), len(self.coefficients) - 1)
        position, slope = _clenshaw(self.coefficients, granule, 2 * (t - granule) - 1)
        return position, slope * (2 / self.granule_days)


@dataclass(frozen=True, slots=True, eq=False)
class PerturberTable:
    """The ephemeris that a computation of orbits stands on."""

    bodies: Mapping[int, Chebyshev]
    """Table per NAIF id; the Earth is derived from the Earth-Moon barycentre (3) and the Moon (301)."""
    gm: Mapping[int, float]
    """Gravitational parameter per NAIF id that attracts, au^3/day^2, in the order of summation."""
    source: str
    """The ephemerides the tables were taken from."""

    def state(self, body: int, mjd_tdb: npt.ArrayLike) -> tuple[F8, F8]:
        """Barycentric ICRF position (..., 3) in au and velocity in au/day of a body by NAIF id.

        Raises
        ------
        ValueError
            No table of the body, or a time outside it.
        """
        if body == EARTH:
            return self._earth(mjd_tdb)
        if body not in self.bodies:
            raise ValueError(f"no ephemeris of body {body}, there are {sorted(self.bodies)}")
        table = self.bodies[body]
        position, velocity = table.evaluate(mjd_tdb)
        if table.center:
            origin = self.state(table.center, mjd_tdb)
            position, velocity = position + origin[0], velocity + origin[1]
        return position, velocity

    def span(self) -> tuple[float, float]:
        """TDB MJD of begin and end of the time that every table covers."""
        tables = self.bodies.values()
        stops = (t.start_mjd + t.granule_days * len(t.coefficients) for t in tables)
        return max(t.start_mjd for t in tables), min(stops)

    def _earth(self, mjd_tdb: npt.ArrayLike) -> tuple[F8, F8]:
        center = self.bodies[EARTH_MOON_BARYCENTER].evaluate(mjd_tdb)
        moon = self.bodies[MOON].evaluate(mjd_tdb)
        share = 1 / EARTH_MOON_MASS_RATIO  # the Moon's table is against the barycentre too
        return center[0] - share * moon[0], center[1] - share * moon[1]


def _clenshaw(coefficients: F8, granule: npt.NDArray[np.int64], x: F8) -> tuple[F8, F8]:
    """Sum of c_k T_k(x) and its derivative, for each granule index and argument."""
    x = x[..., None]
    value, value_1 = np.zeros((*granule.shape, 3)), np.zeros((*granule.shape, 3))
    slope, slope_1 = value, value_1
    for k in range(coefficients.shape[2] - 1, 0, -1):
        slope, slope_1 = 2 * x * slope - slope_1 + 2 * value, slope
        value, value_1 = 2 * x * value - value_1 + coefficients[granule, :, k], value
    return x * value - value_1 + coefficients[granule, :, 0], x * slope - slope_1 + value
