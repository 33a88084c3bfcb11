from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exposure_files import CALIBRATED, RAW, write_raw, write_triplet
from gnomon.io.ingest import exposure_files, ingest, listing
from gnomon.io.instrument import read_instrument
from gnomon.io.raw import SEPARATOR, open_raw
from gnomon.schemas import schema

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
real = pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared/data")


def test_table_has_a_row_for_each_detector_in_order(tmp_path):
    for number in (9, 7):
        write_raw(tmp_path / f"{number}.fits", EXPNUM=number)
    found = ingest(exposure_files(tmp_path), RAW)
    assert not found.rejects
    assert list(zip(found.table["visit"], found.table["detector"], strict=True)) == [
        (7, 0),
        (7, 1),
        (9, 0),
        (9, 1),
    ]
    assert list(found.table.columns) == [c.name for c in schema("visit_detector")]


def test_corners_run_round_the_detector(tmp_path):
    table = ingest([write_raw(tmp_path / "v.fits")], RAW).table
    # map of the header: 1e-4 degrees a pixel, x westward, centre of 20 x 16 pixels at (150, 2)
    east, north = 10e-4, 8e-4
    for corner, x, y in (("llc", 1, -1), ("lrc", -1, -1), ("urc", -1, 1), ("ulc", 1, 1)):
        assert table[f"{corner}dec"][0] == pytest.approx(2 + y * north, abs=1e-7)
        assert table[f"{corner}ra"][0] == pytest.approx(150 + x * east / np.cos(np.radians(2)), abs=1e-6)


def test_calibration_exposures_have_no_corners(tmp_path):
    table = ingest([write_raw(tmp_path / "v.fits", OBSTYPE="bias", RA=None)], RAW).table
    assert np.isnan(table["llcra"]).all()
    assert list(table["band"]) == ["none", "none"]


def spoilt(folder):
    """One good exposure and many that are not; the sentence each should give."""
    write_raw(folder / "good.fits")
    wanted = {}

    def spoil(name, says, **cards):
        write_raw(folder / name, **{"EXPNUM": 100 + len(wanted), **cards})
        wanted[name] = says

    spoil("again.fits", "duplicate of visit 7, detector 0, which good.fits gives already", EXPNUM=7)
    spoil("filter.fits", "found filter 'Q', wanted one of cam: G, R", FILTER="Q")
    spoil("date.fits", "wanted an MJD or a date", **{"MJD-OBS": "soon"})
    spoil("map.fits", "axes are not on the sky", amp_cards={"CTYPE1": "PIXEL", "CTYPE2": "PIXEL"})
    spoil("scale.fits", "", amp_cards={"CD1_1": 0.0, "CD2_2": 0.0})
    spoil("other.fits", "found INSTRUME = 'EYE', wanted 'CAM'", INSTRUME="EYE")
    spoil("size.fits", "pixels, wanted", amp_cards={"DETSEC": "[1:10,1:16]"})
    spoil("sections.fits", "BIASSEC", amp_cards={"BIASSEC": "right"})
    whole = write_raw(folder / "cut.fits", EXPNUM=99).read_bytes()
    (folder / "cut.fits").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.fits").write_bytes(b"")
    (folder / "text.fits").write_text("not FITS at all")
    return {**wanted, "cut.fits": "cut short", "empty.fits": "empty file", "text.fits": "not a FITS file"}


def test_every_bad_file_is_listed_and_stops_no_other(tmp_path):
    wanted = spoilt(tmp_path)
    files = sorted(exposure_files(tmp_path), key=lambda p: p.name != "good.fits")
    found = ingest(files, RAW)
    assert set(found.table["visit"]) == {7}
    reasons = {Path(r.path).name: r.reason for r in found.rejects}
    assert set(reasons) == set(wanted)
    for name, says in wanted.items():
        assert says in reasons[name], name
        assert "\n" not in reasons[name]
        assert not reasons[name].startswith(name)


def test_files_of_one_visit_that_disagree_are_refused(tmp_path):
    a = write_raw(tmp_path / "a.fits", detectors=(0,))
    b = write_raw(tmp_path / "b.fits", detectors=(1,), FILTER="R")
    found = ingest([a, b], RAW)
    assert found.rejects[0].reason == "visit 7 is science r 20180211 here, but science g 20180211 in a.fits"


def test_companions_belong_to_their_image(tmp_path):
    write_triplet(tmp_path)
    found = ingest(exposure_files(tmp_path), CALIBRATED)
    assert len(found.table) == 1
    assert not found.rejects
    files = found.table["path"][0].split(SEPARATOR)
    assert [Path(f).name for f in files] == ["v7_img.fits", "v7_wgt.fits", "v7_msk.fits"]
    assert tuple(open_raw(files, CALIBRATED, 7)) == (0,)


def test_nothing_gives_an_empty_table():
    found = ingest([], RAW)
    assert len(found.table) == 0
    assert set(found.table.columns) == {c.name for c in schema("visit_detector")}
    assert listing(found).endswith("0 visits, 0 detectors; 0 files left out")


def test_listing_names_visits_and_rejects(tmp_path):
    write_raw(tmp_path / "v.fits")
    (tmp_path / "w.fits").write_bytes(b"")
    text = listing(ingest(exposure_files(tmp_path), RAW))
    assert "0000000000007  20180211  science  g" in text
    assert "w.fits: found an empty file, wanted FITS" in text


def test_instruments_tell_each_other_apart(tmp_path):
    path = write_raw(tmp_path / "v.fits")
    assert ingest([path], replace(RAW, match={"INSTRUME": "OTHER"})).rejects


@real
def test_decam_visits_and_the_older_version_of_one():
    found = ingest(
        exposure_files(DATA / "images/decam_testcase4/images"),
        read_instrument(ROOT / "config/instruments/decam.yaml"),
    )
    assert len(np.unique(found.table["visit"])) == 9
    assert sorted(set(found.table["band"])) == ["g", "r", "z"]
    (older,) = found.rejects
    assert "duplicate of visit 431608, detector 34" in older.reason
    # all of them show one spot: SDSS brick 1867p255
    np.testing.assert_allclose(found.table["llcra"], 186.744, atol=0.02)
    np.testing.assert_allclose(found.table["llcdec"], 25.462, atol=0.02)


@real
def test_vircam_visits_overlap():
    found = ingest(
        exposure_files(DATA / "images/viking"), read_instrument(ROOT / "config/instruments/vircam.yaml")
    )
    assert len(found.table) == 4
    assert set(found.table["night"]) == {"20091103", "20091210", "20100103"}
    assert np.ptp(found.table["llcra"]) < 0.02


@real
def test_odd_real_files_are_each_given_a_reason():
    files = exposure_files(DATA / "headers") + exposure_files(DATA / "detector")
    found = ingest(files, read_instrument(ROOT / "config/instruments/singleccd.yaml"))
    assert len(found.rejects) == len(files)
    reasons = {Path(r.path).name: r.reason for r in found.rejects}
    assert reasons["empty_placeholder.fits"] == "found an empty file, wanted FITS"
    assert reasons["camera-bad-overscan.fits"] == "found no two-dimensional image"
    assert all(r and "\n" not in r for r in reasons.values())
