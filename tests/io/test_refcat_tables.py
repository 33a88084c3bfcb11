"""Foreign tables as reference catalogues."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from astropy.io import fits

from gnomon.errors import ConfigError, UnprocessableData
from gnomon.io.refcat import Region, read_refcat
from gnomon.io.refcat_tables import read_columns, read_flavours, to_reference

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
FLAVOURS = read_flavours(ROOT / "config" / "refcats.yaml")
MAS = np.pi / 180 / 3.6e6


def gaia(n=3):
    return {
        "source_id": np.arange(n) + 10**15,
        "ra": np.linspace(0, 359, n),
        "dec": np.linspace(-90, 90, n),
        "ra_error": np.array([0.1, 0.2, np.nan]),
        "dec_error": np.full(n, 0.3),
        "pmra": np.array([5.0, np.nan, 1.0]),
        "pmdec": np.zeros(n),
        "pmra_error": np.full(n, 0.1),
        "pmdec_error": np.full(n, 0.1),
        "parallax": np.full(n, 2.0),
        "parallax_error": np.full(n, 0.2),
        "ref_epoch": np.full(n, 2015.5),
        "phot_g_mean_mag": np.array([15.0, 16.0, np.nan]),
        "phot_bp_mean_mag": np.full(n, 15.5),
        "phot_rp_mean_mag": np.full(n, 14.5),
    }


def test_gaia_units_epoch_and_ab_magnitudes():
    ref = to_reference(gaia(), FLAVOURS["gaia_dr2"])
    np.testing.assert_allclose(ref["coord_dec"], [-np.pi / 2, 0, np.pi / 2], atol=1e-15)
    np.testing.assert_allclose(ref["raErr"] / MAS, [0.1, 0.2, 1.0])  # the default where none is stated
    # J2015.5 = 2000 January 1.5 + 15.5 Julian years
    np.testing.assert_allclose(ref["epoch"], 51544.5 + 15.5 * 365.25)
    assert ref["flux_gaiaG"][0] == pytest.approx(10 ** (0.4 * (31.4 - 15.105)))
    assert np.isnan(ref["flux_gaiaG"][2])
    assert np.isnan(ref["pmRA"][1])
    # r from G and BP - RP = 1: G - r = -0.12879 + 0.24662 - 0.027464 - 0.049465
    assert 31.4 - 2.5 * np.log10(ref["flux_r"][0]) == pytest.approx(15.0 - 0.040901, abs=1e-6)


def test_csv_parquet_and_fits_say_the_same(tmp_path):
    columns = gaia()
    table = pa.table(columns)
    pa.csv.write_csv(table, tmp_path / "t.csv")
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    fits.BinTableHDU.from_columns(
        [fits.Column(n, "K" if v.dtype.kind == "i" else "D", array=v) for n, v in columns.items()]
    ).writeto(tmp_path / "t.fits")
    first, *others = (
        to_reference(read_columns(tmp_path / f"t.{e}"), FLAVOURS["gaia_dr3"])
        for e in ("csv", "parquet", "fits")
    )
    for other in others:
        for name in first.columns:
            np.testing.assert_array_equal(first[name], other[name])


def test_missing_magnitudes_are_missing():
    columns = {"objID": [1, 2], "raMean": [1.0, 2.0], "decMean": [0.0, 0.0], "epochMean": [56000.0, 56100.0]}
    columns |= {f"{b}MeanPSFMag": [18.0, -999.0] for b in "grizy"}
    ref = to_reference({k: np.array(v) for k, v in columns.items()}, FLAVOURS["panstarrs1"])
    assert np.isfinite(ref["flux_y"]).tolist() == [True, False]
    assert ref["epoch"].tolist() == [56000.0, 56100.0]


def test_what_is_no_catalogue_is_refused(tmp_path):
    with pytest.raises(UnprocessableData, match="no column ra"):
        to_reference({"x": np.zeros(2)}, FLAVOURS["gaia_dr2"])
    with pytest.raises(UnprocessableData, match="epoch"):
        to_reference({"ra": np.zeros(2), "dec": np.zeros(2)}, FLAVOURS["gaia_dr2"])
    with pytest.raises(UnprocessableData, match="ends in"):
        read_columns("stars.txt")
    for name in ("a.fits", "a.parquet"):
        (tmp_path / name).write_text("not a table")
        with pytest.raises(UnprocessableData, match="not a readable table"):
            read_columns(tmp_path / name)
    (tmp_path / "bad.yaml").write_text("gaia: {angle: deg}")
    with pytest.raises(ConfigError, match="columns"):
        read_flavours(tmp_path / "bad.yaml")


def test_tycho_becomes_shards_by_the_script(tmp_path):
    table = DATA / "refcat" / "tycho2_index10_stars.parquet"
    if not table.exists():
        pytest.skip("shared/data is not here")
    raw = read_columns(table)
    part = (np.abs(raw["ra"] - 223.5) < 5) & (np.abs(raw["dec"] + 37) < 4)
    raw = {n: v[part] for n, v in raw.items()}
    pa.parquet.write_table(pa.table(raw), tmp_path / "part.parquet")
    script = [sys.executable, str(ROOT / "scripts" / "build_refcat.py"), str(tmp_path / "part.parquet")]
    options = ["--flavour", "tycho2", "--into", str(tmp_path)]
    subprocess.run([*script, *options], cwd=ROOT, check=True, env={"PYTHONPATH": "workflow"})
    region = Region(np.deg2rad(223.5), np.deg2rad(-37.0), np.deg2rad(1.0))
    got = read_refcat(tmp_path, region)
    inside = region.holds(np.deg2rad(raw["ra"]), np.deg2rad(raw["dec"]))
    assert len(got) == inside.sum() > 10
    np.testing.assert_allclose(np.sort(np.rad2deg(got["coord_ra"])), np.sort(raw["ra"][inside]), rtol=1e-14)


def test_the_gaia_chunks_of_decam_are_read():
    path = DATA / "images" / "decam_testcase4" / "gaia" / "chunk-03458.fits"
    if not path.exists():
        pytest.skip("shared/data is not here")
    ref = to_reference(read_columns(path), FLAVOURS["gaia_dr2"])
    raw = fits.getdata(path, 1)
    assert len(ref) == np.asarray(raw["ra"]).size
    assert np.nanmedian(ref["epoch"]) == pytest.approx(51544.5 + 15.5 * 365.25)
