import h5py
import numpy as np
import pytest
from astropy.io import fits

from gnomon.audit.difference import first_difference, same_bytes
from gnomon.containers.catalog import Catalog
from gnomon.containers.provenance import Provenance
from gnomon.io.catalogs import write_catalog

MADE_BY = Provenance("step", 1, '{"a": 1}', {"x/y": "0" * 64})


def catalog(path, made_by=MADE_BY, **columns):
    write_catalog(
        Catalog({"x": np.arange(4.0), "name": np.array(["a", "b", "c", "d"], object)} | columns),
        path,
        made_by,
        "",
    )
    return path


def image(path, pixels, **cards):
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(pixels, fits.Header(cards), name="SCI_000")]
    fits.HDUList(hdus).writeto(path)
    return path


def hdf5(path, values, **attributes):
    with h5py.File(path, "w", track_order=False) as opened:
        opened.create_dataset("000/flux", data=values, track_times=False)
        opened.attrs.update({"provenance": "{}", **attributes})
    return path


def test_equal_files_do_not_differ(tmp_path):
    a, b = catalog(tmp_path / "a.parquet"), catalog(tmp_path / "b.parquet")
    assert same_bytes(a, b)
    assert first_difference(a, b) == ""


def test_names_hdu_and_pixel(tmp_path):
    pixels = np.zeros((5, 7), np.float32)
    a = image(tmp_path / "a.fits", pixels)
    pixels[3, 2] = 1.5
    b = image(tmp_path / "b.fits", pixels)
    assert first_difference(a, b) == "HDU SCI_000 pixel [3, 2]: 0.0 and 1.5; 1 of 35 differ"


def test_nan_equals_nan_and_the_sign_of_zero_counts(tmp_path):
    pixels = np.array([[np.nan, 0.0]], np.float32)
    a = image(tmp_path / "a.fits", pixels)
    b = image(tmp_path / "b.fits", np.array([[np.nan, -0.0]], np.float32))
    assert first_difference(a, b).startswith("HDU SCI_000 pixel [0, 1]: 0.0 and -0.0; 1 of 2")


def test_names_the_card_where_the_pixels_are_equal(tmp_path):
    pixels = np.zeros((2, 2), np.float32)
    a, b = image(tmp_path / "a.fits", pixels, ZP=1.0), image(tmp_path / "b.fits", pixels, ZP=2.0)
    assert first_difference(a, b) == "HDU SCI_000 card ZP: 1.0 and 2.0"


@pytest.mark.parametrize(
    "other, said",
    [
        ({"x": np.array([0.0, 1.0, 9.0, 3.0])}, "column x row [2]: 2.0 and 9.0; 1 of 4 differ"),
        ({"name": np.array(["a", "b", "c", "e"], object)}, "column name row [3]: d and e; 1 of 4 differ"),
        ({"y": np.zeros(4)}, "columns y are in one only"),
        ({"made_by": Provenance("step", 1, '{"a": 2}', {"x/y": "0" * 64})}, "provenance, config: a: 1 and 2"),
    ],
)
def test_names_column_and_row_or_the_provenance(tmp_path, other, said):
    a, b = catalog(tmp_path / "a.parquet"), catalog(tmp_path / "b.parquet", **other)
    assert first_difference(a, b) == said


def test_a_value_is_named_before_the_provenance_that_differs_with_it(tmp_path):
    other = Provenance("step", 1, '{"a": 1}', {"x/y": "1" * 64})
    a, b = catalog(tmp_path / "a.parquet"), catalog(tmp_path / "b.parquet", other, x=np.zeros(4))
    assert first_difference(a, b).startswith("column x row [1]")


def test_names_dataset_and_index(tmp_path):
    a, b = hdf5(tmp_path / "a.h5", np.zeros((2, 3))), hdf5(tmp_path / "b.h5", np.eye(2, 3))
    assert first_difference(a, b) == "000/flux at [0, 0]: 0.0 and 1.0; 2 of 6 differ"
    c = hdf5(tmp_path / "c.h5", np.zeros((2, 3)), empty_reason="none")
    assert first_difference(a, c) == "attribute empty_reason: None and none"


def test_names_the_line_of_a_text_and_the_byte_of_anything_else(tmp_path):
    for name, text in (
        ("a.html", b"<p>\none\n"),
        ("b.html", b"<p>\ntwo\n"),
        ("a.png", b"\xff\x01"),
        ("b.png", b"\xff\x02"),
    ):
        (tmp_path / name).write_bytes(text)
    assert first_difference(tmp_path / "a.html", tmp_path / "b.html") == "line 2: one and two"
    assert first_difference(tmp_path / "a.png", tmp_path / "b.png") == "byte 1 of 2 and 2"


def test_a_file_that_cannot_be_read_is_compared_by_bytes(tmp_path):
    a, b = catalog(tmp_path / "a.parquet"), tmp_path / "b.parquet"
    b.write_bytes(a.read_bytes()[:100])
    assert first_difference(a, b).startswith("byte 100 of")
