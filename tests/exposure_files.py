"""Files of small exposures, good and bad, for the tests of this folder."""

import numpy as np
from astropy.io import fits

from gnomon.containers.instrument import CalibratedLayout, Detector, HeaderMap, Instrument, RawLayout

MAP = {
    "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.0, "CRPIX1": 10.5, "CRPIX2": 8.5,
    "CD1_1": -1e-4, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 1e-4, "CUNIT1": "deg", "CUNIT2": "deg",
}  # fmt: skip
VISIT = {
    "INSTRUME": "CAM", "EXPNUM": 7, "OBSTYPE": "object", "FILTER": "G", "EXPTIME": 30.0, "MJD-OBS": 58161.125,
    "RA": 150.0, "DEC": 2.0,
}  # fmt: skip
AMP = {"GAIN": 1.5, "RDNOISE": 6.0, "SATURATE": 50000.0}
SHAPE = (16, 20)

RAW = Instrument(
    "cam",
    {"INSTRUME": "CAM"},
    (Detector(0, "left", SHAPE), Detector(1, "right", SHAPE)),
    0.36,
    {"G": "g", "R": "r"},
    {"object": "science", "bias": "bias"},
    HeaderMap(visit=("EXPNUM",), obstype=("OBSTYPE",), filter=("FILTER",), detector=("CCD",)),
    raw=RawLayout(),
)
CALIBRATED = Instrument(
    "cal",
    RAW.match,
    RAW.detectors,
    0.36,
    RAW.filters,
    RAW.obstypes,
    RAW.headers,
    pixels="calibrated",
    calibrated=CalibratedLayout("_img", "_wgt", "_msk", mask_planes={1: "BAD", 5: "CR"}),
)


def amp_hdus(detector, cards=None, rng=None):
    """Two amplifiers of ten columns, the right one read from the right, four columns of overscan."""
    rng = rng or np.random.default_rng(detector)
    for k, place in enumerate(("[1:10,1:16]", "[20:11,1:16]")):
        data = rng.integers(900, 1100, (16, 14)).astype(np.uint16)
        header = fits.Header(
            {**MAP, **AMP, "CCD": detector, "DATASEC": "[1:10,1:16]", "BIASSEC": "[11:14,1:16]"}
        )
        header["DETSEC"] = place
        header.update(cards or {})
        yield fits.ImageHDU(data, header, name=f"D{detector}A{k}")


def write_raw(path, detectors=(0, 1), amp_cards=None, **cards):
    """A raw exposure; a card of None is left out."""
    header = fits.Header({k: v for k, v in {**VISIT, **cards}.items() if v is not None})
    hdus = [h for d in detectors for h in amp_hdus(d, amp_cards)]
    fits.HDUList([fits.PrimaryHDU(header=header), *hdus]).writeto(path)
    return path


def write_triplet(folder, name="v7_img.fits", detector=0, shape=SHAPE, **cards):
    """An image with its weight and its mask beside it."""
    header = fits.Header({**VISIT, **MAP, "GAIN": 2.0, "CCD": detector, "ZP": 25.0, **cards})
    flux = np.full(shape, 100, np.float32)
    mask = np.zeros(shape, np.int16)
    mask[2, 3], mask[4, 5], mask[6, 7] = 1, 5, 7
    for mark, data in (("_img", flux), ("_wgt", np.full(shape, 0.25, np.float32)), ("_msk", mask)):
        hdus = [fits.PrimaryHDU(), fits.ImageHDU(data, header)]
        fits.HDUList(hdus).writeto(folder / name.replace("_img", mark))
    return folder / name
