"""Orbits that a finished simulated campaign found, beside the Cramer-Rao bound of their positions, object by object.

python tests/bench/orbit_limit.py run/demo
"""

import sys
from pathlib import Path

import numpy as np

from gnomon.algorithms.orbit.determine import FitOptions, fit_orbits
from gnomon.algorithms.orbit.tables import ARCSEC, DETECTION, astrometry_of, latest, orbit_rows, orbits_of
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.orbit import Orbits
from gnomon.containers.perturbers import SUN
from gnomon.io.catalogs import read_catalog
from gnomon.io.instrument import read_instrument
from gnomon.io.perturbers import shipped_perturbers
from gnomon.pipeline.moving import CheckMovingConfig, OrbitsConfig
from gnomon.sim.asteroids import states_of
from gnomon.sim.ephemeris import propagate
from gnomon.steps.check_moving import _ahead

USED = (*DETECTION, "designation", "obsX", "obsY", "obsZ", "obsVX", "obsVY", "obsVZ")
AT_TRUTH = FitOptions(steps=0, rejection_chi2=np.inf)


def detections(run: Path, name: str) -> Catalog:
    """All positions that an object's orbit is made of, in order of time."""
    parts = []
    for kind in ("linkage", "ss_source"):
        for table in map(read_catalog, sorted((run / "moving" / kind).glob("*.parquet"))):
            if len(table):
                mine = table.take(table["designation"].astype(str) == name)
                parts.append(Catalog({c: mine[c] for c in USED}))
    whole = concatenate(parts)
    return whole.take(np.argsort(whole["midpointMjdTai"]))


def main(run: Path) -> None:
    """Print the table."""
    table, instrument = shipped_perturbers(), read_instrument("config/instruments/gnomonsim.yaml")
    asteroids, found = (
        read_catalog(run / "truth/asteroids.parquet"),
        read_catalog(run / "check/moving_objects.parquet"),
    )
    catalog = latest([], [read_catalog(p) for p in sorted((run / "moving/catalog").glob("*.parquet"))])
    epoch, days = float(orbits_of(catalog).epoch[0]), CheckMovingConfig().days_ahead
    true = propagate(states_of(asteroids), float(asteroids.meta["epoch_tt"]), epoch)
    true = true + np.concatenate(table.state(SUN, epoch))
    print('asteroid  nights  positions  error mas  arc d   error"  foretold"  limit"  foretold / limit')
    rows = []
    for k in np.flatnonzero((found["nLinked"] > 0) & ~found["known"].astype(bool)):
        name = str(found["designation"][k])
        seen = detections(run, name)
        measured = astrometry_of(seen, OrbitsConfig().sigma_floor_mas * 1e-3 * ARCSEC)
        fit = fit_orbits(table, epoch, true[k : k + 1], measured, np.zeros(len(seen), np.int64), AT_TRUTH)
        one = Orbits(
            np.array([name]), np.array([epoch]), fit.state, fit.covariance, np.array([15.0]), np.array([0.15])
        )
        limit = _ahead(instrument, table, asteroids, found, [orbit_rows(one, "linked")], days)["aheadSigma"][
            k
        ]
        arc, error = np.ptp(seen["midpointMjdTai"]), np.median(measured.sigma) / ARCSEC * 1e3
        told = float(found["aheadOffset"][k]), float(found["aheadSigma"][k]), float(limit)
        print(f"{found['asteroidId'][k]}  {found['nPairNights'][k]:6d} {len(seen):10d} {error:10.1f} {arc:6.1f}"
              f"  {told[0]:7.2f} {told[1]:10.2f} {told[2]:7.2f} {told[1] / told[2]:9.2f}")  # fmt: skip
        rows.append(told)
    error, foretold, limit = np.array(rows).T
    print(f"{len(rows)} orbits: median error {np.median(error):.2f}\", median limit {np.median(limit):.2f}\" (1 sigma "
          f"of the longer axis), rms of error over limit {np.sqrt(np.mean((error / limit) ** 2)):.2f}")  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
