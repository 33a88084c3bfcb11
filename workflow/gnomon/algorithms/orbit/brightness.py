"""Absolute magnitudes of orbits from the brightness of their detections."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.ephemeris import ephemeris, magnitude_hg
from gnomon.algorithms.orbit.propagate import propagate
from gnomon.algorithms.orbit.timescales import tai_to_tdb
from gnomon.containers.orbit import Astrometry
from gnomon.containers.perturbers import PerturberTable

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

SLOPE = 0.15  # G of the H, G system where it is not measured (Bowell et al. 1989)


def absolute_magnitudes(
    table: PerturberTable, epoch: float, states: F8, measured: Astrometry, owner: I8, magnitude: F8
) -> F8:
    """(n,) median of H over the detections of each orbit, G fixed at 0.15; NaN without a magnitude.

    ``magnitude`` (m,) is taken as V whatever the band: good to the object's colour, 0.3 mag in gri.
    """
    times = tai_to_tdb(measured.mjd_tai)
    span = (float(times.min(initial=epoch)) - 1, float(times.max(initial=epoch)) + 1)
    motion = propagate(table, epoch, states, span)
    sky = ephemeris(table, motion, owner, times, (measured.observer, measured.observer_velocity))
    zero = np.zeros(len(owner))
    offset = magnitude_hg(zero, zero + SLOPE, sky.sun_distance, sky.observer_distance, sky.phase)
    single = magnitude - offset
    out = np.full(len(states), np.nan)
    for k in range(len(states)):
        known = single[(owner == k) & np.isfinite(single)]
        if len(known):
            out[k] = np.median(known)
    return out
