from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from exposure_files import CALIBRATED, MAP, RAW, SHAPE, write_raw, write_triplet
from gnomon.containers.exposure import CalibratedPixels
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK
from gnomon.io.instrument import read_instrument
from gnomon.io.raw import open_raw

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "images"
real = pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared/data/images")


def test_amplifiers_are_grouped_by_detector(tmp_path):
    parts = open_raw([str(write_raw(tmp_path / "v.fits"))], RAW, 7)
    assert tuple(parts) == (0, 1)
    exposure = parts[1]
    assert len(exposure.pixels.amps) == 2
    assert exposure.pixels.shape == SHAPE
    assert exposure.pixels.amps[1].detsec.flip_x
    assert exposure.pixels.amps[0].header == {"GAIN": 1.5, "RDNOISE": 6.0, "SATURATE": 50000.0}
    ra, dec = exposure.wcs.pixel_to_sky(9.5, 7.5)
    assert (np.degrees(ra), np.degrees(dec)) == pytest.approx((150.0, 2.0))


def test_files_of_one_detector_each_make_one_exposure(tmp_path):
    paths = [str(write_raw(tmp_path / f"{d}.fits", detectors=(d,))) for d in (1, 0)]
    assert tuple(open_raw(paths, RAW, 7)) == (0, 1)


def test_boresight_stands_in_for_a_map(tmp_path):
    path = write_raw(tmp_path / "v.fits", amp_cards=dict.fromkeys(MAP, ""))
    exposure = open_raw([str(path)], replace(RAW, wcs="boresight"))[0]
    assert np.degrees(exposure.wcs.crval) == pytest.approx((150.0, 2.0))
    assert exposure.wcs.crpix == (9.5, 7.5)


def test_calibration_exposures_need_no_map(tmp_path):
    path = write_raw(tmp_path / "v.fits", amp_cards={"CTYPE1": "PIXEL"}, OBSTYPE="bias")
    assert open_raw([str(path)], RAW)[0].wcs is None


def test_sections_may_be_written_in_the_instruments_file(tmp_path):
    layout = replace(RAW.raw, biassec="[12:14,1:16]", gain=3.0)
    amp = open_raw([str(write_raw(tmp_path / "v.fits"))], replace(RAW, raw=layout))[0].pixels.amps[0]
    assert (amp.biassec.x0, amp.header["GAIN"]) == (11, 3.0)


@pytest.mark.parametrize(
    "amp_cards, cards, says",
    [
        ({}, {"EXPNUM": 8}, "v.fits is visit 8, wanted visit 7"),
        ({"CCD": 5}, {}, "found detector 5, which cam does not have"),
        ({"DATASEC": "[1:9,1:16]", "DETSEC": "[1:9,1:16]"}, {}, "is 9 x 16 pixels, wanted 20 x 16"),
        ({"DATASEC": "all"}, {}, "DATASEC: found 'all'"),
        ({"CTYPE1": "PIXEL"}, {}, "v.fits: "),
        ({}, {"FILTER": "Q"}, "v.fits: found filter 'Q'"),
    ],
)
def test_what_headers_get_wrong_is_refused(tmp_path, amp_cards, cards, says):
    path = write_raw(tmp_path / "v.fits", amp_cards=amp_cards, **cards)
    with pytest.raises(UnprocessableData) as refused:
        _ = open_raw([str(path)], RAW, 7)[0]
    assert says in str(refused.value)


@pytest.mark.parametrize("card, value", [("GAIN", 0.0), ("GAIN", "high"), ("RDNOISE", "x")])
def test_bad_electronics_are_refused(tmp_path, card, value):
    path = write_raw(tmp_path / "v.fits", amp_cards={card: value})
    with pytest.raises(UnprocessableData, match="found"):
        _ = open_raw([str(path)], RAW)[0]


def test_no_files_are_refused():
    with pytest.raises(UnprocessableData, match="no raw file"):
        open_raw([], RAW, 7)


def test_triplet_is_read_together(tmp_path):
    camera = replace(CALIBRATED, headers=replace(CALIBRATED.headers, zero_point=("ZP",)))
    exposure = open_raw([str(write_triplet(tmp_path))], camera, 7)[0]
    pixels = exposure.pixels
    assert isinstance(pixels, CalibratedPixels)
    assert np.unique(pixels.variance) == 4
    assert pixels.gain == 2
    assert (pixels.mask[2, 3], pixels.mask[4, 5], pixels.mask[6, 7]) == (MASK["BAD"], MASK["CR"], 0)
    assert exposure.zero_point == pytest.approx(25 + 2.5 * np.log10(2))


def test_missing_or_smaller_companions_are_refused(tmp_path):
    path = write_triplet(tmp_path)
    (tmp_path / "v7_wgt.fits").unlink()
    with pytest.raises(UnprocessableData, match=r"v7_img.fits: found no weight file v7_wgt.fits"):
        open_raw([str(path)], CALIBRATED)
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.ones((3, 3), np.float32))]).writeto(
        tmp_path / "v7_wgt.fits"
    )
    with pytest.raises(UnprocessableData, match=r"v7_wgt\.fits is"):
        _ = open_raw([str(path)], CALIBRATED)[0]


def test_image_larger_than_its_detector_is_refused(tmp_path):
    with pytest.raises(UnprocessableData, match="is 21 x 16 pixels, wanted 20 x 16"):
        open_raw([str(write_triplet(tmp_path, shape=(16, 21)))], CALIBRATED)


@real
def test_decam_triplet():
    path = next(DATA.rglob("c4d_170316_062107_ooi_z_ls9.N2.fits"))
    exposure = open_raw([str(path)], read_instrument(ROOT / "config/instruments/decam.yaml"), 630780)[33]
    assert (exposure.facts.band, exposure.facts.night) == ("z", "20170315")
    assert exposure.pixels.gain == pytest.approx((3.87047534931607 + 3.88300553808994) / 2)
    assert exposure.zero_point == pytest.approx(29.915 + 2.5 * np.log10(exposure.pixels.gain))
    assert np.array_equal(exposure.pixels.variance == 0, (exposure.pixels.mask & MASK["CR"]) != 0)
    # the header's sky and noise: AVSIG 29.2 ADU; the weight is that of sky and stars
    assert np.median(exposure.pixels.variance) ** 0.5 == pytest.approx(29.2, rel=0.05)
    assert np.degrees(exposure.wcs.pixel_scale()) * 3600 == pytest.approx(0.263, abs=0.002)


@real
def test_vircam_frame():
    camera = read_instrument(ROOT / "config/instruments/vircam.yaml")
    exposure = open_raw([str(DATA / "viking/frame_1.fits")], camera)[13]
    assert exposure.pixels.flux.shape == (1836, 1816)
    ra, dec = exposure.wcs.pixel_to_sky(907.5, 917.5)
    assert (np.degrees(ra), np.degrees(dec)) == pytest.approx(
        (36.898, -5.194), abs=0.01
    )  # RA, DEC of the header
    scatter = 1.4826 * np.median(np.abs(exposure.pixels.flux - np.median(exposure.pixels.flux)))
    assert np.median(exposure.pixels.variance) ** 0.5 == pytest.approx(scatter, rel=0.03)  # 1 / INVAR


@real
def test_single_ccd_frame_detrends_by_its_overscan():
    from gnomon.algorithms.detrend.correct import Masters, detrend

    camera = read_instrument(ROOT / "config/instruments/singleccd.yaml")
    exposure = open_raw([str(DATA / "packages/a8280271.fits")], camera)[0]
    assert exposure.pixels.shape == (520, 512)
    image = detrend(exposure.pixels, Masters(), 0.0, camera.raw)
    assert 0 < np.median(image.flux) < 2000
    assert np.median(image.variance) == pytest.approx(np.median(image.flux) + 25, rel=0.02)
