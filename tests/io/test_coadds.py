from dataclasses import fields, replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

import field
from gnomon.containers.cellpsf import CellPsf
from gnomon.containers.coadd import Coadd, CoaddInputs, Selection, empty_coadd
from gnomon.containers.dataid import DataId
from gnomon.containers.image import Image
from gnomon.containers.provenance import Provenance
from gnomon.errors import UnprocessableData
from gnomon.io.coadds import read_coadd, write_coadd

MADE_BY = Provenance("coadd", 1, "{}", {})


def made():
    rng = np.random.default_rng(1)
    shape = (8, 8)
    image = Image(
        rng.normal(size=shape).astype("f4"), rng.uniform(size=shape).astype("f4"),
        rng.integers(0, 2**32, shape, np.uint32),
    )  # fmt: skip
    psf = CellPsf(rng.uniform(size=(4, 5, 5)).astype("f4"), 2, 2)
    rows = np.arange(3)
    inputs = CoaddInputs(rows, rows + 2025010100001, rows % 2, rows / 7)
    count = rng.integers(0, 65535, shape, np.uint16)
    fraction = rng.uniform(size=shape).astype("f4")
    numbers = [(0.7, 2.5), (0.1, 0.2), (1.0, 0.9), (1.0, 1.1), (9, 0), (1e-3, 0.0)]
    chosen = Selection((7, 2025010100001), (0, 12), *numbers, ("", "seeing above 2.00 arcsec"))
    coadd = Coadd(image, count, field.skymap().patch_wcs(0, 0), psf, "r", inputs, fraction, chosen)
    return replace(coadd, data_id=DataId(tract=4, patch=7, band="r", kind="template_2"))


def test_what_is_written_is_read(tmp_path):
    coadd = made()
    write_coadd(coadd, tmp_path / "c.fits", MADE_BY)
    back = read_coadd(tmp_path / "c.fits")
    for name in ("flux", "variance", "mask"):
        np.testing.assert_array_equal(getattr(back.image, name), getattr(coadd.image, name))
    for f in fields(CoaddInputs):
        np.testing.assert_array_equal(getattr(back.inputs, f.name), getattr(coadd.inputs, f.name))
    np.testing.assert_array_equal(back.count, coadd.count)
    np.testing.assert_array_equal(back.masked_fraction, coadd.masked_fraction)
    assert back.selection == coadd.selection
    assert back.data_id == coadd.data_id
    assert back.noise.size == back.parts.size == 0
    np.testing.assert_array_equal(back.psf.images, coadd.psf.images)
    assert (back.psf.origin, back.psf.side, back.band) == (2, 2, "r")


def test_the_lists_are_read_without_the_planes(tmp_path):
    coadd = made()
    write_coadd(coadd, tmp_path / "c.fits", MADE_BY)
    back = read_coadd(tmp_path / "c.fits", planes=False)
    assert back.image.shape == (0, 0)
    assert (back.selection, back.data_id, back.band) == (coadd.selection, coadd.data_id, "r")
    np.testing.assert_array_equal(back.inputs.weight, coadd.inputs.weight)
    np.testing.assert_array_equal(back.psf.images, coadd.psf.images)
    assert back.wcs.pixel_to_sky(3, 4) == coadd.wcs.pixel_to_sky(3, 4)


def test_noise_and_parts_of_the_band_are_read_back(tmp_path):
    rng, plain = np.random.default_rng(2), made()
    noise = rng.normal(0, np.sqrt(plain.image.variance)).astype("f4")
    parts = rng.normal(size=(3, 8, 8)).astype("f4")
    write_coadd(
        replace(plain, noise=noise, parts=parts, refractivity=(1e-6, 0.0, -1e-6)),
        tmp_path / "c.fits",
        MADE_BY,
    )
    back = read_coadd(tmp_path / "c.fits")
    np.testing.assert_array_equal(back.parts, parts)
    assert back.refractivity == (1e-6, 0.0, -1e-6)
    # whole numbers of 1/64 of the median standard deviation, here below 1
    np.testing.assert_allclose(back.noise, noise, atol=0.5 / 64)


def test_astropy_finds_the_sky_where_we_do(tmp_path):
    coadd = made()
    write_coadd(coadd, tmp_path / "c.fits", MADE_BY)
    with fits.open(tmp_path / "c.fits") as hdus:
        ra, dec = WCS(hdus["SCI"].header).all_pix2world(3.0, 5.0, 0)
    want = np.degrees(coadd.wcs.pixel_to_sky(3.0, 5.0)).ravel()
    np.testing.assert_allclose([float(ra), float(dec)], want, atol=1e-9)


def test_empty_coadd_keeps_its_reason_and_same_input_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_coadd(empty_coadd("no visit"), tmp_path / name, MADE_BY)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert read_coadd(tmp_path / "a").empty_reason == "no visit"


def test_a_file_cut_off_is_refused(tmp_path):
    write_coadd(made(), tmp_path / "c.fits", MADE_BY)
    whole = (tmp_path / "c.fits").read_bytes()
    (tmp_path / "c.fits").write_bytes(whole[:-2880])
    with pytest.raises(UnprocessableData, match="no whole coadd"):
        read_coadd(tmp_path / "c.fits")
