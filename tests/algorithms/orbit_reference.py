"""Real data of the moving-object tests: ephemeris, observatories, JPL's answers."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from gnomon.algorithms.orbit.elements import ecliptic_to_icrf
from gnomon.containers.perturbers import SUN
from gnomon.io.obscodes import read_obscodes
from gnomon.io.perturbers import shipped_perturbers

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "orbits"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no shared/data/orbits beside the project")
ARCSEC = np.deg2rad(1 / 3600)


@cache
def codes():
    return read_obscodes(DATA / "ObsCodes.json.gz")


@cache
def horizons_states(name):
    """(ids, names, MJD TDB, (n, 6) barycentric ICRF) of one of adam_core's tables of Horizons states."""
    rows = pq.read_table(DATA / name).to_pylist()
    at = [r["coordinates"] for r in rows]
    mjd = np.array([c["time"]["days"] + c["time"]["nanos"] / 86400e9 for c in at])
    ecliptic = np.array([[c[k] for k in ("x", "y", "z", "vx", "vy", "vz")] for c in at])
    sun = shipped_perturbers().state(SUN, mjd)
    state = np.concatenate(
        [ecliptic_to_icrf(ecliptic[:, :3]) + sun[0], ecliptic_to_icrf(ecliptic[:, 3:]) + sun[1]], axis=1
    )
    return np.array([r["orbit_id"] for r in rows]), np.array([r["object_id"] for r in rows]), mjd, state


@cache
def horizons_ephemeris():
    with open(DATA / "ephemeris.csv") as stream:
        return list(csv.DictReader(stream))
