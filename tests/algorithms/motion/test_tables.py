import numpy as np

from gnomon.algorithms.motion.tables import motion_table
from gnomon.containers.catalog import Catalog


def detections(seed=0, n=40, m=25):
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(n), m)
    t = 61000 + rng.uniform(-600, 600, n * m)
    err = 15 / 3.6e6
    pm = rng.normal(0, 80, n)  # mas/yr north
    dec = 10 + who * 0.01 + pm[who] * (t - 61000) / 365.25 / 3.6e6 + err * rng.standard_normal(n * m)
    ra = 120 + err * rng.standard_normal(n * m) / np.cos(np.radians(10))
    sigma = np.full(n * m, err)
    return pm, Catalog(
        {
            "isolatedStarId": who * 3 + 7, "midpointMjdTai": t, "coord_ra": ra, "coord_dec": dec,
            "coord_raErr": sigma, "coord_decErr": sigma,
        }
    )  # fmt: skip


def test_motions_are_recovered_within_their_errors():
    pm, table = detections()
    got = motion_table(table, 0.0, 61000.0)
    pull = (got["pmDec"] - pm) / got["pmDecErr"]
    assert got["hasMotion"].all()
    assert 0.7 < pull.std() < 1.35  # 40 stars: 0.11
    assert "pmRa_parallax_Cov" in got


def test_error_floor_widens_the_errors():
    _, table = detections()
    a, b = motion_table(table, 0.0, 61000.0), motion_table(table, 20.0, 61000.0)
    np.testing.assert_allclose(b["pmRaErr"] / a["pmRaErr"], 25 / 15, rtol=1e-6)  # 15 and 20 mas in quadrature


def test_rows_may_come_in_any_order():
    _, table = detections()
    rows = np.random.default_rng(3).permutation(len(table))
    a, b = motion_table(table, 5.0, 61000.0), motion_table(table.take(rows), 5.0, 61000.0)
    for name in a.columns:
        np.testing.assert_array_equal(a[name], b[name])


def test_no_stars_give_an_empty_table():
    _, table = detections()
    assert len(motion_table(table.take(np.zeros(0, np.int64)), 5.0, 61000.0)) == 0
