import hashlib

import numpy as np
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.healpix import pixel_of
from gnomon.containers.provenance import Provenance
from gnomon.containers.release import ReleaseTable
from gnomon.io.hats import partitions, write_hats
from gnomon.schemas import ColumnSpec

MADE_BY = Provenance("release_catalogs", 1, "{}", {})
COLUMNS = [
    ColumnSpec("coord_ra", "float64", "Right ascension.", "deg", "pos.eq.ra;meta.main"),
    ColumnSpec("psfFlux", "float32", "Flux.", "nJy", "phot.flux"),
]


def catalog(n, seed=0):
    rng = np.random.default_rng(seed)
    return Catalog(
        {
            "objectId": np.arange(n),
            "coord_ra": rng.uniform(355, 365, n) % 360,
            "coord_dec": np.degrees(np.arcsin(rng.uniform(-0.05, 0.05, n))),
            "psfFlux": rng.random(n).astype(np.float32),
            "band": np.array(["g"] * n, dtype=object),
        }
    )


def table(rows):
    return ReleaseTable(rows, "object", 500, "demo")


def digest(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return [(str(p.relative_to(folder)), hashlib.sha256(p.read_bytes()).hexdigest()) for p in files]


def test_every_row_is_in_the_file_of_its_pixel(tmp_path):
    write_hats(table(catalog(3000)), tmp_path / "hats.properties", MADE_BY, COLUMNS)
    seen = []
    for path in (tmp_path / "dataset").rglob("Npix=*.parquet"):
        order, pixel = int(path.parts[-3].split("=")[1]), int(path.stem.split("=")[1])
        t = pq.read_table(path, partitioning=None)
        ra, dec = (np.radians(t[c].to_numpy()) for c in ("coord_ra", "coord_dec"))
        assert (pixel_of(1 << order, ra, dec) == pixel).all()
        assert (np.diff(t["_healpix_29"].to_numpy()) >= 0).all()
        assert len(t) <= 500
        assert path.parts[-2] == f"Dir={pixel // 10000 * 10000}"
        seen.append(t["objectId"].to_numpy())
    assert sorted(np.concatenate(seen)) == list(range(3000))


def test_metadata_files_describe_all_partitions(tmp_path):
    write_hats(table(catalog(3000)), tmp_path / "hats.properties", MADE_BY, COLUMNS)
    whole = pq.read_metadata(tmp_path / "dataset/_metadata")
    info = np.genfromtxt(tmp_path / "partition_info.csv", delimiter=",", names=True)
    assert whole.num_rows == 3000 == info["num_rows"].sum()
    assert whole.num_row_groups == len(info)
    found = ds.parquet_dataset(tmp_path / "dataset/_metadata").to_table()
    assert len(found) == 3000
    said = dict(line.split("=", 1) for line in (tmp_path / "hats.properties").read_text().splitlines())
    assert said["hats_nrows"] == "3000"


def test_columns_carry_unit_ucd_and_description(tmp_path):
    write_hats(table(catalog(10)), tmp_path / "hats.properties", MADE_BY, COLUMNS)
    field = pq.read_schema(tmp_path / "dataset/_common_metadata").field("psfFlux")
    assert field.metadata[b"unit"] == b"nJy"
    assert field.metadata[b"ucd"] == b"phot.flux"
    assert field.metadata[b"description"] == b"Flux."


def test_equal_catalogues_give_equal_bytes_in_any_row_order(tmp_path):
    c = catalog(2000)
    for name, rows in (("a", np.arange(2000)), ("b", np.random.default_rng(1).permutation(2000))):
        write_hats(table(c.take(rows)), tmp_path / name / "hats.properties", MADE_BY, COLUMNS)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


def test_writing_again_leaves_no_stale_partition(tmp_path):
    write_hats(table(catalog(3000)), tmp_path / "hats.properties", MADE_BY, COLUMNS)
    write_hats(table(catalog(30)), tmp_path / "hats.properties", MADE_BY, COLUMNS)
    assert sum(len(pq.read_table(p, partitioning=None)) for p in tmp_path.rglob("Npix=*")) == 30


def test_empty_catalogue_is_valid(tmp_path):
    write_hats(table(catalog(0)), tmp_path / "hats.properties", MADE_BY, COLUMNS)
    assert pq.read_metadata(tmp_path / "dataset/_metadata").num_rows == 0
    assert (tmp_path / "partition_info.csv").read_text() == "Norder,Npix,num_rows\n"


def test_crowded_pixel_stops_at_the_finest_order():
    order, pixel = partitions(np.full(100, 12345678901234), 10)
    assert set(order.tolist()) == {12}
    assert len(set(pixel.tolist())) == 1


def test_row_without_position_is_refused(tmp_path):
    c = catalog(5)
    c["coord_ra"][2] = np.nan
    with pytest.raises(ValueError, match="1 rows have no position"):
        write_hats(table(c), tmp_path / "hats.properties", MADE_BY)
