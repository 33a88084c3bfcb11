"""The masses of the solar system at the nodes of an integration grid."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from gnomon.containers.perturbers import SUN, PerturberTable
from gnomon.kernels.orbit import collocation

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]


@lru_cache(maxsize=64)
def masses_on_grid(table: PerturberTable, start: float, step: float, nstep: int) -> tuple[F8, F8, F8]:
    """What `kernels.orbit.integrate` wants: (nstep, 8, nbody, 3) positions, (nstep, 8, 3) velocity of the
    Sun, gm.

    ``start`` is MJD TDB, ``step`` days. Bodies in the order of ``table.gm``; the Sun must be the first.

    Raises
    ------
    ValueError
        The Sun is not first, or the grid leaves the table's time.
    """
    bodies = list(table.gm)
    if bodies[0] != SUN:
        raise ValueError(f"the first mass must be the Sun, it is NAIF {bodies[0]}")
    times = start + step * (np.arange(nstep)[:, None] + collocation().node)
    sun = table.state(SUN, times)
    places = [sun[0], *(_position(table, b, times, sun[0]) for b in bodies[1:])]
    return np.ascontiguousarray(np.stack(places, axis=2)), sun[1], np.array([table.gm[b] for b in bodies])


def index_of_mass(table: PerturberTable, naif_ids: npt.ArrayLike) -> I8:
    """(n,) index into ``table.gm`` of bodies by NAIF id, -1 where a body is none of the masses."""
    order = {body: k for k, body in enumerate(table.gm)}
    return np.array([order.get(int(b), -1) for b in np.atleast_1d(naif_ids)], np.int64)


def _position(table: PerturberTable, body: int, times: F8, sun: F8) -> F8:
    if body in table.bodies and table.bodies[body].center == SUN:  # spares the Sun's series per asteroid
        return table.bodies[body].evaluate(times)[0] + sun
    return table.state(body, times)[0]
