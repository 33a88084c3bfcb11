import numpy as np
import pytest
from scipy.spatial import KDTree

from gnomon.containers.hats import Partitions, index_of, near, partitions
from gnomon.containers.healpix import outline
from gnomon.containers.sphere import directions

ARCSEC = np.pi / 180 / 3600


def counted(index, max_rows):
    cells, counts = np.unique(index >> 34, return_counts=True)
    return partitions(cells, counts, max_rows)


def test_every_row_has_one_partition_of_at_most_the_wanted_size():
    rng = np.random.default_rng(1)
    index = index_of(rng.uniform(-0.02, 0.02, 5000), rng.uniform(-0.02, 0.02, 5000))
    parts = counted(index, 300)
    rows = np.bincount(parts.of(index), minlength=len(parts))
    assert parts.of(index).min() >= 0
    assert rows.max() <= 300
    assert rows.min() > 0
    assert len(set(parts.order.tolist())) > 1


def test_crowded_pixel_stops_at_the_finest_order():
    parts = counted(np.full(100, 12345678901234), 10)
    assert parts.order.tolist() == [12]


def test_no_rows_have_no_partitions():
    assert len(counted(np.empty(0, np.int64), 10)) == 0
    assert Partitions(np.empty(0, int), np.empty(0, int)).of(np.array([5])).tolist() == [-1]


def test_a_partition_holds_at_least_one_row():
    with pytest.raises(ValueError, match="at least one row"):
        counted(np.array([1]), 0)


@pytest.mark.parametrize("centre", [(0.0, 0.0), (2.0, 0.7), (0.8, np.pi / 2 - 0.004)])
def test_rows_within_the_margin_are_all_found(centre):
    """Against distances to a finely sampled outline of every partition: 0.2 arcsec at order 12."""
    rng, width = np.random.default_rng(2), 10 * ARCSEC
    dec = centre[1] + rng.uniform(-0.001, 0.001, 2000)
    ra = centre[0] + rng.uniform(-0.001, 0.001, 2000) / np.cos(dec)
    index = index_of(ra, dec)
    parts = counted(index, 100)
    rows, found = near(parts, ra, dec, width)
    home, place = parts.of(index), directions(ra, dec)
    assert len(parts) > 10
    for k in range(len(parts)):
        per_side = 300 << (12 - int(parts.order[k]))
        edge = directions(*outline(1 << int(parts.order[k]), parts.pixel[k], per_side))
        distance, _ = KDTree(edge).query(place)
        mine = rows[found == k]
        assert set(np.flatnonzero((home != k) & (distance < width)).tolist()) <= set(mine.tolist())
        assert distance[mine].max(initial=0) < 1.2 * width + 0.2 * ARCSEC
