import io

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.wcs import WCS

from gnomon.containers.alerts import LocalMap, Stamps
from gnomon.io.stamps import stamp_bytes

LOCAL = LocalMap((150.123456789, -2.25), (16.0, 16.0), (-5.5e-5, 1e-7, 1.2e-7, 5.5e-5))


def stamp(psf_size=21):
    rng = np.random.default_rng(0)
    flux = rng.standard_normal((31, 31)).astype(np.float32)
    flux[0, :] = np.nan
    psf = np.full((psf_size, psf_size), 1 / max(psf_size, 1) ** 2, np.float32)
    return Stamps(flux[None], np.nan_to_num(np.abs(flux) + 1)[None], psf[None], (LOCAL,))


def test_astropy_reads_flux_variance_and_psf():
    s = stamp()
    with fits.open(io.BytesIO(stamp_bytes(s, 0))) as hdus:
        hdus.verify("exception")
        np.testing.assert_array_equal(hdus[0].data, s.flux[0])
        np.testing.assert_array_equal(hdus["UNCERT"].data, s.variance[0])
        np.testing.assert_array_equal(hdus["PSFIMAGE"].data, s.psf[0])
        assert hdus[0].header["BUNIT"] == "nJy"


def test_astropy_ccddata_reads_the_stamp_with_its_variance():
    ccd = CCDData.read(io.BytesIO(stamp_bytes(stamp(), 0)), format="fits")
    assert str(ccd.unit) == "nJy"
    assert ccd.uncertainty.uncertainty_type == "var"
    assert ccd.psf.shape == (21, 21)


def test_local_map_is_that_of_the_header():
    with fits.open(io.BytesIO(stamp_bytes(stamp(), 0))) as hdus:
        w = WCS(hdus[0].header)
    sky = w.pixel_to_world_values(15.0, 15.0)
    np.testing.assert_allclose(sky, LOCAL.crval, rtol=1e-14)
    east = w.pixel_to_world_values(16.0, 15.0)[0] - sky[0]
    np.testing.assert_allclose(east * np.cos(np.radians(2.25)), LOCAL.cd[0], rtol=1e-5)


def test_stamp_without_psf_has_two_units():
    with fits.open(io.BytesIO(stamp_bytes(stamp(0), 0))) as hdus:
        assert len(hdus) == 2


def test_equal_stamps_give_equal_bytes_in_whole_blocks():
    a, b = stamp_bytes(stamp(), 0), stamp_bytes(stamp(), 0)
    assert a == b
    assert len(a) % 2880 == 0
