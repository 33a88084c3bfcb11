"""Orbits known before the campaign."""

from collections.abc import Sequence

import numpy as np

from gnomon.algorithms.orbit.elements import keplerian_to_cartesian
from gnomon.algorithms.orbit.tables import orbit_rows
from gnomon.algorithms.orbit.timescales import tdb_minus_tt
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.containers.orbit import Orbits
from gnomon.containers.perturbers import SUN, PerturberTable
from gnomon.errors import UnprocessableData
from gnomon.pipeline.moving import KnownOrbitsConfig
from gnomon.sim.asteroids import known_orbits as simulated_catalogue


def known_orbits(
    perturbers: PerturberTable,
    asteroids: Sequence[Catalog],
    mpcorb: Sequence[Orbits],
    *,
    data_id: DataId,
    config: KnownOrbitsConfig,
) -> Catalog:
    """The orbits of a file in MPCORB format, or those that the simulated observer has, with assumed
    errors.
    """
    tables = [*mpcorb, *(_simulated(a, perturbers) for a in asteroids)]
    tables = [t for t in tables if len(t)]
    if not tables:
        raise UnprocessableData("no orbits are known beforehand")
    return orbit_rows(_with_errors(tables[0], config), "known")


def _simulated(asteroids: Catalog, perturbers: PerturberTable) -> Orbits:
    """What `sim` tells an observer, as barycentric states; named by the row of the truth."""
    known = simulated_catalogue(asteroids)
    n, epoch = len(known), float(asteroids.meta["epoch_tt"])
    epoch += float(tdb_minus_tt(epoch))
    angles = [np.deg2rad(known[c]) for c in ("i", "node", "peri", "mean_anomaly")]
    state = keplerian_to_cartesian(np.stack([known["a"], known["e"], *angles], axis=-1))
    names = np.array([f"s{k:06d}" for k in np.flatnonzero(asteroids["known"])], "U7")
    unknown = np.full((n, 6, 6), np.nan)
    sun = np.concatenate(perturbers.state(SUN, epoch))
    return Orbits(names, np.full(n, epoch), state + sun, unknown, known["H"], known["G"])


def _with_errors(orbits: Orbits, config: KnownOrbitsConfig) -> Orbits:
    """Unknown covariances replaced by the assumed errors, where there are some."""
    sigma = np.repeat([config.position_sigma_au, config.velocity_sigma_au], 3)
    unknown = ~np.isfinite(orbits.covariance).reshape(len(orbits), 36).all(axis=1)
    covariance = orbits.covariance.copy()
    if sigma.all():
        covariance[unknown] = np.diag(sigma**2)
    return Orbits(orbits.designation, orbits.epoch, orbits.state, covariance, orbits.H, orbits.G)
