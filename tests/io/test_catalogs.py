import numpy as np
import pyarrow.parquet as pq
import pytest

from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io import catalogs
from gnomon.schemas import ColumnSpec

MADE_BY = Provenance("measure", 1, "{}", {"a": "00"})
SPECS = (
    ColumnSpec("sourceId", "int64", "Identifier."),
    ColumnSpec("psfFlux", "float64", "Flux.", "nJy", "phot.flux", null=True),
    ColumnSpec("x", "float64", "Column.", "pixel"),
    ColumnSpec("band", "str", "Filter."),
)


@pytest.fixture(autouse=True)
def a_schema(monkeypatch):
    monkeypatch.setattr(catalogs, "schema", lambda name: SPECS)


def table(**changes):
    columns = {
        "x": np.array([1.0, 2.0]),
        "sourceId": np.array([5, 6]),
        "psfFlux": np.array([np.nan, 2.0]),
        "band": np.array(["g", "r"]),
    }
    return Catalog({**columns, **changes}, {"visit": 7})


def test_columns_come_back_in_the_schema_order(tmp_path):
    catalogs.write_catalog(table(), tmp_path / "t.parquet", MADE_BY, "source")
    back = catalogs.read_catalog(tmp_path / "t.parquet")
    assert list(back.columns) == ["sourceId", "psfFlux", "x", "band"]
    np.testing.assert_array_equal(back["psfFlux"], [np.nan, 2.0])
    assert list(back["band"]) == ["g", "r"]
    assert back.meta == {"visit": 7}
    assert catalogs.read_provenance(tmp_path / "t.parquet") == MADE_BY


def test_units_and_descriptions_stand_with_the_columns(tmp_path):
    catalogs.write_catalog(table(), tmp_path / "t.parquet", MADE_BY, "source")
    facts = pq.read_schema(tmp_path / "t.parquet").field("psfFlux").metadata
    assert facts[b"unit"] == b"nJy"
    assert facts[b"ucd"] == b"phot.flux"


def test_equal_tables_give_equal_bytes(tmp_path):
    for name in "ab":
        catalogs.write_catalog(table(), tmp_path / name, MADE_BY, "source")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_refuses_a_missing_and_an_unknown_column():
    wrong = Catalog({"sourceId": np.array([1]), "psfFluxx": np.array([1.0])})
    with pytest.raises(ValueError, match=r"missing columns \['band', 'psfFlux', 'x'\].*psfFluxx"):
        catalogs.conform(wrong, "source")


def test_refuses_nan_where_the_schema_forbids_it():
    with pytest.raises(ValueError, match="x holds NaN"):
        catalogs.conform(table(x=np.array([np.nan, 1.0])), "source")


def test_empty_catalog_has_every_column_and_a_reason(tmp_path):
    catalogs.write_catalog(catalogs.empty_catalog("source", "no stars"), tmp_path / "e", MADE_BY, "source")
    back = catalogs.read_catalog(tmp_path / "e")
    assert len(back) == 0
    assert set(back.columns) == {c.name for c in SPECS}
    assert back.meta["empty_reason"] == "no stars"


def test_vector_columns_keep_their_shape(tmp_path):
    pixels = np.arange(12.0).reshape(3, 4)
    catalogs.write_catalog(Catalog({"pz": pixels}), tmp_path / "v", MADE_BY, "")
    np.testing.assert_array_equal(catalogs.read_catalog(tmp_path / "v")["pz"], pixels)


def test_says_which_column_a_file_lacks(tmp_path):
    catalogs.write_catalog(table(), tmp_path / "t.parquet", MADE_BY, "source")
    with pytest.raises(UnprocessableData, match="no column kronFlux"):
        catalogs.read_catalog(tmp_path / "t.parquet", ["x", "kronFlux"])


def test_a_file_that_is_no_parquet_is_refused_by_name(tmp_path):
    (tmp_path / "bad.parquet").write_text("not a table")
    with pytest.raises(UnprocessableData, match=r"bad\.parquet"):
        catalogs.read_catalog(tmp_path / "bad.parquet")
