import numpy as np
import pytest
from astropy.io import fits

from gnomon.containers.provenance import Provenance
from gnomon.containers.sparsemap import SparseMap, empty_map
from gnomon.errors import UnprocessableData
from gnomon.io.sparse_maps import read_sparse_map, write_sparse_map

MADE_BY = Provenance("property_maps", 1, "{}", {})
NSIDE = 1024


def made():
    """Pixels in two coarse pixels, at the end of one and in the last of the sky."""
    pixel = np.array([63, 64, 70, 12 * NSIDE**2 - 1])
    depth = np.array([26.5, np.nan, 25.0, 24.0], np.float32)
    epoch = np.array([61000.25, 61001.5, np.nan, 61002.0])
    return SparseMap(NSIDE, pixel, {"n_exposure": np.ones(4, np.float32), "r_depth": depth, "r_epoch": epoch})


def test_what_is_written_is_read(tmp_path):
    maps = made()
    write_sparse_map(maps, tmp_path / "m.hsp", MADE_BY)
    back = read_sparse_map(tmp_path / "m.hsp")
    np.testing.assert_array_equal(back.pixel, maps.pixel)
    assert (back.nside, list(back.values)) == (NSIDE, list(maps.values))
    for name, values in maps.values.items():
        np.testing.assert_array_equal(back.values[name], values)
        assert back.values[name].dtype == values.dtype
    np.testing.assert_array_equal(
        back.at("r_depth", np.array([[70, 71], [63, 64]])), [[25, np.nan], [26.5, np.nan]]
    )


def test_the_coverage_tells_the_row_of_each_pixel(tmp_path):
    """The layout as its specification states it: row = COV[coarse pixel] + pixel."""
    maps = made()
    write_sparse_map(maps, tmp_path / "m.hsp", MADE_BY)
    with fits.open(tmp_path / "m.hsp") as opened:
        first, rows, head = opened["COV"].data, opened["SPARSE"].data, opened["SPARSE"].header
        assert (head["PIXTYPE"], head["NSIDE"], opened["COV"].header["NSIDE"]) == ("HEALSPARSE", NSIDE, 128)
        row = first[maps.pixel // 64] + maps.pixel
        np.testing.assert_array_equal(rows["n_exposure"][row], 1)
        assert len(rows) == 64 * 4  # three coarse pixels with data, and the block of those without
        other = np.delete(np.arange(12 * NSIDE**2), maps.pixel)[::97]
        assert (rows["n_exposure"][first[other // 64] + other] < -1e30).all()


def test_the_package_reads_the_same_map(tmp_path):
    healsparse = pytest.importorskip("healsparse")
    maps = made()
    write_sparse_map(maps, tmp_path / "m.hsp", MADE_BY)
    theirs = healsparse.HealSparseMap.read(str(tmp_path / "m.hsp"))
    np.testing.assert_array_equal(theirs.valid_pixels, maps.pixel)
    assert theirs.get_valid_area(degrees=False) == pytest.approx(4 * 4 * np.pi / (12 * NSIDE**2))
    depth = theirs.get_single("r_depth")
    np.testing.assert_array_equal(depth.valid_pixels, maps.pixel[[0, 2, 3]])
    np.testing.assert_array_equal(theirs["r_epoch"][maps.pixel[[0, 1, 3]]], maps.values["r_epoch"][[0, 1, 3]])


def test_equal_maps_give_equal_bytes_and_an_empty_one_its_reason(tmp_path):
    for name in "ab":
        write_sparse_map(made(), tmp_path / name, MADE_BY)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    write_sparse_map(empty_map("no coadds"), tmp_path / "e", MADE_BY)
    back = read_sparse_map(tmp_path / "e")
    assert (len(back.pixel), back.empty_reason) == (0, "no coadds")
    assert np.isnan(back.at("n_exposure", np.array([5]))).all()


def test_a_file_cut_short_is_refused(tmp_path):
    write_sparse_map(made(), tmp_path / "m", MADE_BY)
    whole = (tmp_path / "m").read_bytes()
    (tmp_path / "m").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnprocessableData, match="no whole HealSparse"):
        read_sparse_map(tmp_path / "m")
