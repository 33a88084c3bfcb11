"""Reference shards: what goes in comes out, at poles and across ra = 0 too."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.provenance import Provenance
from gnomon.containers.sphere import directions, from_tangent
from gnomon.errors import UnprocessableData
from gnomon.io.refcat import ASTROMETRY, Region, read_refcat, read_shard, shards_near, write_refcat

MADE = Provenance("test", 1, "{}", {})
CENTRES = [(0.0, 0.0), (2 * np.pi - 1e-4, 0.4), (1.0, np.pi / 2), (4.0, -np.pi / 2), (2.0, 0.7297)]


def stars(ra, dec, seed=0):
    n = len(ra)
    columns = {name: np.full(n, float(i)) for i, name in enumerate(ASTROMETRY)}
    rng = np.random.default_rng(seed)
    columns |= {"coord_ra": ra, "coord_dec": dec, "id": rng.permutation(10 * n)[:n].astype(np.int64)}
    return Catalog({**columns, "flux_g": np.linspace(1, 2, n), "fluxErr_g": np.full(n, np.nan)})


def around(centre, n=4000, reach=0.05):
    xi, eta = np.random.default_rng(1).uniform(-reach, reach, (2, n))
    return stars(*from_tangent(xi, eta, *(np.array(c) for c in centre)))


@pytest.mark.parametrize("centre", CENTRES)
def test_a_region_gets_all_its_stars_and_no_others(tmp_path, centre):
    table = around(centre)
    write_refcat([table], tmp_path, MADE)
    region = Region(*centre, 0.02)
    got = read_refcat(tmp_path, region)
    inside = region.holds(table["coord_ra"], table["coord_dec"])
    assert 100 < inside.sum() < len(table)
    assert set(got["id"]) == set(table["id"][inside])
    # great-circle distance by the vector product, another formula than the one in use
    unit = directions(got["coord_ra"], got["coord_dec"])
    axis = directions(*(np.array([c]) for c in centre))
    assert np.max(np.linalg.norm(np.cross(unit, axis), axis=1)) <= np.sin(0.02) + 1e-12


def test_columns_come_back_as_they_were(tmp_path):
    table = around(CENTRES[0])
    write_refcat([table.take(np.arange(0, 2000)), table.take(np.arange(2000, 4000))], tmp_path, MADE)
    got = read_refcat(tmp_path, Region(0.0, 0.0, 0.2))
    order, back = np.argsort(table["id"]), np.argsort(got["id"])
    for name in table.columns:
        # radians to degrees and back: two roundings
        np.testing.assert_allclose(got[name][back], table[name][order], rtol=1e-15, atol=1e-18)


def test_degrees_are_in_the_file(tmp_path):
    (path,) = write_refcat([stars(np.array([1.0]), np.array([0.5]))], tmp_path, MADE)
    with h5py.File(path) as opened:
        assert opened["coord_ra"][0] == pytest.approx(np.rad2deg(1.0))
        assert opened["coord_ra"].attrs["unit"] == "deg"
        assert opened["pmRA"].attrs["unit"] == "mas/yr"


def test_the_order_of_stars_does_not_change_the_bytes(tmp_path):
    table = around(CENTRES[1], 500)
    first = write_refcat([table], tmp_path / "a", MADE)
    second = write_refcat([table.take(np.arange(500)[::-1])], tmp_path / "b", MADE)
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_a_list_of_shards_is_as_good_as_the_folder(tmp_path):
    table = around(CENTRES[2])
    paths = write_refcat([table], tmp_path, MADE)
    region = Region(*CENTRES[2], 0.03)
    assert {int(p.stem) for p in paths} <= set(shards_near(Region(*CENTRES[2], 0.08)))
    assert sorted(read_refcat(paths, region)["id"]) == sorted(read_refcat(tmp_path, region)["id"])


def test_an_empty_region_keeps_its_columns(tmp_path):
    table = stars(np.array([0.01]), np.array([0.0]))
    write_refcat([table], tmp_path, MADE)
    got = read_refcat(tmp_path, Region(0.012, 0.0, 1e-5))
    assert len(got) == 0
    assert set(got.columns) == set(table.columns)


def test_nowhere_and_nonsense_are_refused(tmp_path):
    with pytest.raises(UnprocessableData, match="nothing near"):
        read_refcat(tmp_path, Region(0.0, 0.0, 0.01))
    bad = tmp_path / "bad.h5"
    bad.write_text("no")
    with pytest.raises(UnprocessableData, match="no reference shard"):
        read_shard(bad)
    with h5py.File(tmp_path / "lame.h5", "w") as out:
        out["id"] = np.arange(3)
    with pytest.raises(UnprocessableData, match="lacks the columns"):
        read_shard(tmp_path / "lame.h5")
    with pytest.raises(ValueError, match="needs raErr"):
        write_refcat([Catalog({c: np.zeros(1) for c in ("id", "coord_ra", "coord_dec")})], tmp_path, MADE)
    twice = stars(np.array([1.0, 1.0]), np.array([0.5, 0.5])).with_columns(id=np.array([7, 7]))
    with pytest.raises(ValueError, match="twice"):
        write_refcat([twice], tmp_path, MADE)
    assert write_refcat([], Path(tmp_path), MADE) == []
    assert len(concatenate([around(CENTRES[0], 3)])) == 3
