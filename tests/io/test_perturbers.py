import struct

import h5py
import numpy as np
import pytest

from gnomon.containers.perturbers import EARTH, MOON, SUN
from gnomon.errors import UnprocessableData
from gnomon.io.perturbers import bake_perturbers, read_perturbers, shipped_perturbers
from gnomon.io.spk import read_spk


def test_shipped_table_covers_the_time_of_digital_surveys():
    start, stop = shipped_perturbers().span()
    assert start <= 25000 and stop >= 77000
    assert len(shipped_perturbers().gm) == 27


def test_the_earth_agrees_with_an_independent_theory():
    erfa = pytest.importorskip("erfa")
    for mjd in (45000.0, 51544.5, 61000.0):
        heliocentric, _ = erfa.epv00(2400000.5, mjd)
        earth, sun = shipped_perturbers().state(EARTH, mjd), shipped_perturbers().state(SUN, mjd)
        # ERFA states 11.2 km (7.5e-8 au) and 5 mm/s (3e-9 au/day) at most for 1900-2100
        np.testing.assert_allclose(earth[0] - sun[0], heliocentric["p"], atol=7.5e-8)
        np.testing.assert_allclose(earth[1] - sun[1], heliocentric["v"], atol=3e-9)


def test_the_moon_is_384_thousand_km_away():
    times = np.linspace(60000, 60030, 300)
    away = shipped_perturbers().state(MOON, times)[0] - shipped_perturbers().state(EARTH, times)[0]
    distance = np.linalg.norm(away, axis=1) * 149597870.7
    assert 356000 < distance.min() < 371000 and 404000 < distance.max() < 407000


@pytest.mark.parametrize("body", [SUN, EARTH, MOON, 5, 9, 2000001, 2000704])
def test_velocity_is_the_derivative_of_position(body):
    t, h = np.linspace(50000, 65000, 40), 0.01
    ahead, behind = (shipped_perturbers().state(body, t + s)[0] for s in (h, -h))
    # quantum of the coefficients 1e-9 au at most over 0.02 d, and h^2 / 6 times the jerk
    np.testing.assert_allclose((ahead - behind) / (2 * h), shipped_perturbers().state(body, t)[1], atol=2e-7)


def test_the_attracting_masses_balance_about_the_barycentre():
    table = shipped_perturbers()
    places = np.array([table.state(b, 60000.0)[0] for b in table.gm])
    weights = np.array(list(table.gm.values()))
    # the rest: other asteroids, trans-Neptunian objects, relativity
    assert np.linalg.norm(weights @ places / weights.sum()) < 1e-6


def test_times_and_bodies_outside_are_refused():
    with pytest.raises(ValueError, match="covers MJD"):
        shipped_perturbers().state(SUN, 90000.0)
    with pytest.raises(ValueError, match="no ephemeris of body 42"):
        shipped_perturbers().state(42, 60000.0)


def small_spk(path, target, center, coefficients, granule_days=32.0, start_mjd=24000.0):
    """A file with one type-2 segment of constant granules."""
    count = int(np.ceil((78000 - start_mjd) / granule_days))
    seconds = granule_days * 86400
    start = (start_mjd - 51544.5) * 86400
    records = [
        np.concatenate([[start + (k + 0.5) * seconds, seconds / 2], *coefficients]) for k in range(count)
    ]
    data = np.concatenate([*records, [start, seconds, len(records[0]), count]])
    head = bytearray(1024)
    head[:8], head[8:16], head[88:96] = b"DAF/SPK ", struct.pack("<ii", 2, 6), b"LTL-IEEE"
    head[76:84] = struct.pack("<ii", 2, 2)
    summary = np.zeros(128)
    summary[2] = 1
    summary[3:5] = start, start + count * seconds
    first = 3 * 128 + 1
    summary[5:8] = np.frombuffer(
        struct.pack("<6i", target, center, 1, 2, first, first + len(data) - 1), "<f8"
    )
    path.write_bytes(bytes(head) + summary.tobytes() + bytes(1024) + data.tobytes())


def test_baking_rounds_to_the_quantum(tmp_path):
    au = 149597870.7
    coefficients = np.array([[1.0, 0.25], [0.5, -0.125], [0.1, 0.0]]) * au
    small_spk(tmp_path / "a.bsp", 10, 0, coefficients)
    small_spk(tmp_path / "b.bsp", 2000001, 10, coefficients)
    bake_perturbers(tmp_path / "a.bsp", tmp_path / "b.bsp", tmp_path / "table.h5")
    table = read_perturbers(tmp_path / "table.h5")
    middle = 24000.0 + 32 * 1000.5
    np.testing.assert_allclose(table.state(10, middle)[0], [1.0, 0.5, 0.1], atol=1e-13)
    np.testing.assert_allclose(table.state(2000001, middle)[0], [2.0, 1.0, 0.2], atol=2e-9)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.bsp").write_bytes(b"NAIF/DAF" + bytes(2000))
    with pytest.raises(UnprocessableData, match="no little-endian SPK"):
        read_spk(tmp_path / "a.bsp")
    with h5py.File(tmp_path / "x.h5", "w"):
        pass
    with pytest.raises(UnprocessableData, match="no table of perturbers"):
        read_perturbers(tmp_path / "x.h5")
