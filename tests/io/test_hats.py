"""The HATS layout: rows in their pixels, margins, equal bytes; opened by pyarrow and, where it is, by hats."""

import hashlib
import importlib.util

import numpy as np
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.healpix import pixel_of
from gnomon.containers.provenance import Provenance
from gnomon.containers.release import ReleaseTable
from gnomon.containers.stream import Stream
from gnomon.io.catalogs import empty_catalog
from gnomon.io.hats import write_empty_release, write_release
from gnomon.schemas import schema

MADE_BY = Provenance("release_catalogs", 1, "{}", {})
FILE = "star/collection.properties"


def catalog(n, seed=0):
    """Stars over 0.3 degrees about RA 0."""
    rng = np.random.default_rng(seed)
    columns = {c.name: np.zeros(n, c.dtype) for c in schema("star_motion")}
    place = {"coord_ra": rng.uniform(359.85, 360.15, n) % 360, "coord_dec": rng.uniform(-0.15, 0.15, n)}
    return Catalog({**columns, **place, "isolatedStarId": np.arange(n), "pmRa": rng.random(n)})


def write(parts, folder, margin_arcsec=10.0, max_rows=500):
    table = ReleaseTable(parts, "star", max_rows, "demo", margin_arcsec)
    write_release(table, folder / FILE, MADE_BY, "star_motion")
    return folder / "star"


def digest(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return [(str(p.relative_to(folder)), hashlib.sha256(p.read_bytes()).hexdigest()) for p in files]


def said(path):
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def test_every_row_is_in_the_file_of_its_pixel(tmp_path):
    folder, seen = write([catalog(3000)], tmp_path), []
    for path in (folder / "star" / "dataset").rglob("Npix=*.parquet"):
        order, pixel = int(path.parts[-3].split("=")[1]), int(path.stem.split("=")[1])
        t = pq.read_table(path, partitioning=None)
        ra, dec = (np.radians(t[c].to_numpy()) for c in ("coord_ra", "coord_dec"))
        assert (pixel_of(1 << order, ra, dec) == pixel).all()
        assert (np.diff(t["_healpix_29"].to_numpy()) >= 0).all()
        assert len(t) <= 500
        assert path.parts[-2] == f"Dir={pixel // 10000 * 10000}"
        seen.append(t["isolatedStarId"].to_numpy())
    assert sorted(np.concatenate(seen)) == list(range(3000))


def test_metadata_files_describe_all_partitions(tmp_path):
    table = write([catalog(3000)], tmp_path) / "star"
    whole = pq.read_metadata(table / "dataset/_metadata")
    info = np.genfromtxt(table / "partition_info.csv", delimiter=",", names=True)
    assert whole.num_rows == 3000 == info["num_rows"].sum()
    assert whole.num_row_groups == len(info)
    assert len(ds.parquet_dataset(table / "dataset/_metadata").to_table()) == 3000
    assert said(table / "hats.properties")["hats_nrows"] == "3000"


def test_columns_carry_unit_ucd_and_description(tmp_path):
    field = pq.read_schema(write([catalog(10)], tmp_path) / "star/dataset/_common_metadata").field("pmRa")
    assert field.metadata[b"unit"] == b"mas.yr-1"
    assert field.metadata[b"ucd"]
    assert field.metadata[b"description"]


def test_parts_and_the_order_of_rows_do_not_change_the_bytes(tmp_path):
    c, shuffled = catalog(2000), np.random.default_rng(1).permutation(2000)
    empty = empty_catalog("star_motion", "cloudy")
    parts = [c.take(rows) for rows in np.array_split(shuffled, 7)]
    one = write([c], tmp_path / "a")
    other = write([empty, *parts], tmp_path / "b")
    assert digest(one) == digest(other)


def test_only_one_part_is_in_memory_at_a_time(tmp_path):
    """Parts are asked for in order, twice each, and no list of them is made."""
    asked = []

    def part(k):
        asked.append(k)
        return catalog(100, k)

    write(Stream(5, part), tmp_path)
    assert asked == [0, 1, 2, 3, 4] * 2


def test_the_margin_holds_what_is_near_but_outside(tmp_path):
    folder = write([catalog(3000)], tmp_path)
    near = 0
    for path in (folder / "star_10arcs" / "dataset").rglob("Npix=*.parquet"):
        order, pixel = int(path.parts[-3].split("=")[1]), int(path.stem.split("=")[1])
        t = pq.read_table(path, partitioning=None)
        ra, dec = (np.radians(t[c].to_numpy()) for c in ("coord_ra", "coord_dec"))
        assert not (pixel_of(1 << order, ra, dec) == pixel).any()
        near += len(t)
    assert near > 100
    about = said(folder / "star_10arcs/hats.properties")
    assert about["dataproduct_type"] == "margin"
    assert float(about["hats_margin_threshold"]) == 10
    assert said(folder / "collection.properties")["default_margin"] == "star_10arcs"


def test_writing_again_leaves_nothing_stale(tmp_path):
    write([catalog(3000)], tmp_path)
    folder = write([catalog(30)], tmp_path)
    assert sum(len(pq.read_table(p, partitioning=None)) for p in folder.rglob("Npix=*")) == 30
    assert not (folder / "star_10arcs").exists()


def test_an_empty_table_is_valid_and_says_why(tmp_path):
    table = write([empty_catalog("star_motion", "cloudy"), empty_catalog("star_motion", "cloudy")], tmp_path)
    assert pq.read_metadata(table / "star/dataset/_metadata").num_rows == 0
    assert (table / "star/partition_info.csv").read_text() == "Norder,Npix,num_rows\n"
    assert said(table / "collection.properties")["gnomon_empty_reason"] == "cloudy"


def test_a_table_that_could_not_be_made_is_valid_too(tmp_path):
    write_empty_release("no difference images", tmp_path / FILE, MADE_BY, "dia_source")
    found = said(tmp_path / "star/star/hats.properties")
    assert (found["hats_nrows"], found["hats_col_ra"]) == ("0", "ra")


def test_rows_without_a_position_are_left_out(tmp_path):
    c = catalog(5)
    c["coord_ra"][2] = np.nan
    assert said(write([c], tmp_path) / "star/hats.properties")["hats_nrows"] == "4"


@pytest.mark.skipif(importlib.util.find_spec("hats") is None, reason="the package hats is not installed")
def test_the_reference_reader_finds_it_valid(tmp_path):
    from hats.io.validation import is_valid_collection

    for n in (3000, 10, 0):
        assert is_valid_collection(write([catalog(n)], tmp_path / str(n)), strict=True)
