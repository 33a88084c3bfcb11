import gzip
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from exposure_files import write_raw
from gnomon.errors import UnprocessableData
from gnomon.io.fits_hdus import image_hdus

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.float32, np.float64])
@pytest.mark.parametrize("packing", ["plain", "gzip", "tiles"])
def test_every_type_reads_as_it_was_written(tmp_path, kind, packing):
    data = np.random.default_rng(0).integers(0, 200, (9, 12)).astype(kind)
    hdu = (
        fits.CompImageHDU(data, compression_type="GZIP_1", quantize_level=0)
        if packing == "tiles"
        else fits.ImageHDU(data)
    )
    path = tmp_path / "x.fits"
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    if packing == "gzip":
        path.write_bytes(gzip.compress(path.read_bytes()))
    (found,) = image_hdus(path)
    pixels = found.pixels()
    assert found.shape == (9, 12)
    assert pixels.dtype in (np.uint16, np.int32, np.float32)
    assert pixels.dtype.isnative
    np.testing.assert_array_equal(pixels, data)


def test_scaled_pixels_are_scaled(tmp_path):
    hdu = fits.ImageHDU(np.array([[1.5, 2.0, 4.5]], np.float32))
    hdu.scale("int16", bscale=0.5, bzero=1.0)
    hdu.writeto(tmp_path / "x.fits")
    np.testing.assert_array_equal(image_hdus(tmp_path / "x.fits")[0].pixels(), [[1.5, 2.0, 4.5]])


def test_blank_integers_are_no_numbers(tmp_path):
    for kind, zero in ((np.int16, 0), (np.int16, 32768), (np.int32, 0)):
        header = fits.Header({"BLANK": 7, "BZERO": zero})
        hdu = fits.PrimaryHDU(np.array([[5, 7, 9]], kind), do_not_scale_image_data=True)
        hdu.header.update(header)
        hdu.writeto(tmp_path / "x.fits", overwrite=True)
        pixels = image_hdus(tmp_path / "x.fits")[0].pixels()
        np.testing.assert_array_equal(pixels, np.array([[5, np.nan, 9]]) + zero)


def test_how_the_primary_is_stored_says_nothing_of_another_hdu(tmp_path):
    primary = fits.PrimaryHDU(np.array([[40000, 1]], np.uint16))  # BZERO 32768
    primary.header.update({"CTYPE1": "RA---TAN", "CD1_1": -1e-4, "PV1_1": 0.9, "GAIN": 2.0})
    image = fits.ImageHDU(np.array([[1, 2]], np.int16))
    image.header["CTYPE1"] = "RA---TAN"
    fits.HDUList([primary, image]).writeto(tmp_path / "x.fits")
    first, second = image_hdus(tmp_path / "x.fits")
    np.testing.assert_array_equal(first.pixels(), [[40000, 1]])
    np.testing.assert_array_equal(second.pixels(), [[1, 2]])
    assert second.header["GAIN"] == 2.0
    assert not {"CD1_1", "PV1_1"} & set(second.header)  # of two maps none is mixed


@pytest.mark.parametrize("packed", [False, True])
def test_axes_of_length_one_do_no_harm(tmp_path, packed):
    data = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    path = tmp_path / "x.fits"
    fits.PrimaryHDU(data).writeto(path)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    (found,) = image_hdus(path)
    np.testing.assert_array_equal(found.pixels(), data[0])


def test_damaged_tiles_are_refused(tmp_path):
    path = tmp_path / "x.fits"
    data = np.random.default_rng(0).integers(0, 3000, (64, 64)).astype(np.int32)
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(data, compression_type="RICE_1")]).writeto(path)
    with fits.open(path, disable_image_compression=True) as hdus:
        start = hdus[1].fileinfo()["datLoc"]
    raw = bytearray(path.read_bytes())
    raw[start + 600 : start + 1400] = bytes(800)  # behind the table of tiles, where the packed rows are
    path.write_bytes(raw)
    with pytest.raises(UnprocessableData, match="pixels of HDU 1"):
        image_hdus(path)[0].pixels()


def test_cards_of_the_hdu_override_those_of_the_primary(tmp_path):
    primary, hdu = fits.PrimaryHDU(), fits.ImageHDU(np.zeros((2, 2), np.float32))
    primary.header["GAIN"], primary.header["WHO"], hdu.header["GAIN"] = 1.0, "me", 2.0
    fits.HDUList([primary, hdu]).writeto(tmp_path / "x.fits")
    (found,) = image_hdus(tmp_path / "x.fits")
    assert (found.header["GAIN"], found.header["WHO"]) == (2.0, "me")


@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_short_is_refused(tmp_path, keep, packed):
    whole = write_raw(tmp_path / "x.fits").read_bytes()
    whole = gzip.compress(whole) if packed else whole
    (tmp_path / "cut.fits").write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(UnprocessableData) as refused:
        image_hdus(tmp_path / "cut.fits")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "empty file"),
        (b"hello", "not a FITS file"),
        (b"text " * 1000, "not a FITS file"),
        (None, "no such file"),
    ],
)
def test_what_is_no_fits_file_is_refused(tmp_path, content, says):
    if content is not None:
        (tmp_path / "x.fits").write_bytes(content)
    with pytest.raises(UnprocessableData, match=says):
        image_hdus(tmp_path / "x.fits")


def test_tables_and_cubes_are_no_images(tmp_path):
    fits.HDUList([fits.PrimaryHDU(np.zeros((2, 3, 4), np.float32))]).writeto(tmp_path / "x.fits")
    with pytest.raises(UnprocessableData, match="no two-dimensional image"):
        image_hdus(tmp_path / "x.fits")


def test_unreadable_cards_are_passed_over(tmp_path):
    path = tmp_path / "x.fits"
    fits.PrimaryHDU(np.zeros((2, 2), np.float32)).writeto(path)
    raw = path.read_bytes()
    path.write_bytes(
        raw.replace(b"END".ljust(80), b"BROKEN  = 'never closed".ljust(80) + b"END".ljust(80), 1)[:2880]
        + raw[2880:]
    )
    assert image_hdus(path)[0].header["NAXIS1"] == 2


def complaint(path):
    try:
        image_hdus(path)
    except UnprocessableData as refused:
        return str(refused)
    return ""


@pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared/data")
@pytest.mark.parametrize(
    "path", sorted((DATA / "headers").glob("*.[fm]*t*")) if DATA.is_dir() else [], ids=lambda p: p.name
)
def test_odd_real_files_are_read_or_refused_in_a_sentence(path):
    said = complaint(path)
    assert "\n" not in said
    assert said or all(h.pixels().shape == h.shape for h in image_hdus(path))


@pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared/data")
def test_plain_reading_equals_astropy():
    path = DATA / "images/packages/a8280271.fits"
    with fits.open(path) as hdus:
        np.testing.assert_array_equal(image_hdus(path)[0].pixels(), hdus[0].data)
