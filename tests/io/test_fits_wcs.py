"""FITS world coordinates beside astropy's, on made-up and on real headers."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from gnomon.containers.wcs import Wcs
from gnomon.errors import UnprocessableData
from gnomon.io.fits_wcs import MAS, refit_wcs, separation, tpv_header, wcs_from_header, wcs_to_header

DATA = Path(__file__).parents[2].parent / "shared" / "data"
SHAPE = (2048, 1024)
CENTRES = [(0.0, 0.0), (359.9999, -30.0), (0.0001, 60.0), (83.0, 89.99), (200.0, 90.0), (10.0, -90.0)]


def tan_sip(ra_deg: float = 40.0, dec_deg: float = -5.0) -> Wcs:
    """Two-degree-free distortion of up to about 20 pixels at the corner."""
    scale, angle = np.deg2rad(0.2 / 3600), 0.3
    cd = scale * np.array([[-np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    a, b = np.zeros((4, 4)), np.zeros((4, 4))
    a[2, 0], a[1, 1], a[3, 0], a[1, 2] = 3e-6, -1e-6, 4e-9, 2e-9
    b[0, 2], b[1, 1], b[0, 3], b[2, 1] = -2e-6, 1e-6, 3e-9, 5e-9
    return Wcs((np.deg2rad(ra_deg), np.deg2rad(dec_deg)), (400.0, 1100.0), cd, a, b)


def pixels(shape=SHAPE, n=23):
    y, x = np.meshgrid(np.linspace(0, shape[0] - 1, n), np.linspace(0, shape[1] - 1, n), indexing="ij")
    return x.ravel(), y.ravel()


def astropy_sky(header, x, y, hdus=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ra, dec = WCS(fits.Header(header), fobj=hdus).all_pix2world(x, y, 0, ra_dec_order=True)
    return np.deg2rad(ra), np.deg2rad(dec)


def worst_mas(wcs, header, shape=SHAPE):
    x, y = pixels(shape)
    return np.max(separation(*wcs.pixel_to_sky(x, y), *astropy_sky(header, x, y))) / MAS


@pytest.mark.parametrize("centre", CENTRES)
def test_tan_sip_agrees_with_astropy_everywhere(centre):
    wcs = tan_sip(*centre)
    # rounding: 360 degrees x 2e-16 = 0.0003 mas at worst, a few operations
    assert worst_mas(wcs, wcs_to_header(wcs)) < 2e-3


@pytest.mark.parametrize("centre", CENTRES[:4])
def test_tan_sip_round_trips_exactly(centre):
    # read once first: not every double in radians is the image of one in degrees
    wcs = wcs_from_header(wcs_to_header(tan_sip(*centre)), SHAPE)
    again = wcs_from_header(wcs_to_header(wcs), SHAPE)
    assert again.crval == wcs.crval
    assert again.crpix == wcs.crpix
    np.testing.assert_array_equal(again.cd, wcs.cd)
    np.testing.assert_array_equal(again.a, wcs.a)
    np.testing.assert_array_equal(again.b, wcs.b)


def test_pc_and_cdelt_mean_the_same_as_cd():
    header = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0, "CRVAL2": 20.0, "CRPIX1": 5.0}
    header |= {"CRPIX2": 7.0, "CDELT1": -1e-4, "CDELT2": 1e-4, "PC1_1": 0.9, "PC1_2": 0.1, "PC2_1": -0.1}
    header |= {"PC2_2": 0.9}
    assert worst_mas(wcs_from_header(header, SHAPE), header) < 2e-3


@pytest.mark.parametrize("centre", CENTRES)
def test_tpv_is_the_same_map(centre):
    wcs = tan_sip(*centre)
    # the same polynomial in other variables: rounding only, as above
    assert worst_mas(wcs, tpv_header(wcs)) < 2e-3


def test_inverse_polynomials_lead_back_to_the_pixel():
    wcs = tan_sip()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = WCS(fits.Header(wcs_to_header(wcs, SHAPE)))
    x, y = pixels()
    focus = other.sip_pix2foc(x, y, 0)
    # sip_foc2pix is the written inverse; one degree above the forward polynomial leaves < 0.01 pixel here
    back = other.sip_foc2pix(*focus, 0)
    assert np.max(np.hypot(back[0] - x, back[1] - y)) < 0.01


@pytest.mark.parametrize("projection", ["STG", "ARC", "SIN", "ZEA", "CAR", "ZPN", "TPV", "AIT"])
@pytest.mark.parametrize("centre", [(0.0, 10.0), (359.99, -60.0), (120.0, 89.9)])
def test_foreign_projections_are_followed(projection, centre):
    header = {"CTYPE1": f"RA---{projection}", "CTYPE2": f"DEC--{projection}", "CRVAL1": centre[0]}
    header |= {"CRVAL2": centre[1], "CRPIX1": 100.0, "CRPIX2": 900.0, "CD1_1": -6e-5, "CD1_2": 1e-6}
    header |= {"CD2_1": 1e-6, "CD2_2": 6e-5}
    if projection == "ZPN":
        header |= {"PV2_1": 1.0, "PV2_3": 42.0}
    if projection == "TPV":
        header |= {"PV1_1": 1.0, "PV2_1": 1.0, "PV1_4": 2e-3, "PV1_10": 1e-2, "PV2_6": 1e-2}
    if projection in ("CAR", "AIT"):
        header |= {"CRVAL2": 0.0}
    assert worst_mas(wcs_from_header(header, SHAPE), header) < 0.02  # the goal of the refit, twice


def test_galactic_axes_become_equatorial():
    header = {"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN", "CRVAL1": 0.0, "CRVAL2": 0.0, "CRPIX1": 1.0}
    header |= {"CRPIX2": 1.0, "CDELT1": -1e-5, "CDELT2": 1e-5}
    ra, dec = wcs_from_header(header, SHAPE).pixel_to_sky(0.0, 0.0)
    # l = b = 0 in J2000: 17h45m37.1991s, -28d56'10.2214" (Reid & Brunthaler 2004, table 1, note)
    assert abs(np.rad2deg(ra) - 266.404996) < 1e-5
    assert abs(np.rad2deg(dec) + 28.936173) < 1e-5


def test_scamp_tan_with_pv_is_read_as_tpv():
    header = tpv_header(tan_sip()) | {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}
    assert worst_mas(wcs_from_header(header, SHAPE), tpv_header(tan_sip())) < 0.02


@pytest.mark.parametrize(
    "change, words",
    [
        ({"CTYPE1": ""}, "CTYPE1"),
        ({"CRVAL1": float("nan")}, "CRVAL1"),
        ({"CRVAL2": "north"}, "CRVAL2"),
        ({"CRVAL2": 95.0}, "declination"),
        ({"CD1_1": 0.0, "CD1_2": 0.0}, "CD matrix"),
        ({"CD1_1": 1e9}, "CD matrix"),
        ({"CTYPE1": "FREQ", "CTYPE2": "STOKES"}, "world coordinates"),
        ({"CTYPE1": "RA---XYZ", "CTYPE2": "DEC--XYZ"}, "world coordinates"),
        ({"CTYPE1": "RA---AIT", "CTYPE2": "DEC--AIT", "CD1_1": 1.0, "CD2_2": 1.0}, "outside the sky|follows"),
    ],
)
def test_garbage_is_refused_in_a_sentence(change, words):
    header = wcs_to_header(tan_sip()) | change
    with pytest.raises(UnprocessableData, match=words):
        wcs_from_header(header, SHAPE)


def test_an_empty_header_is_refused():
    with pytest.raises(UnprocessableData, match="no world coordinates"):
        wcs_from_header(fits.Header(), SHAPE)


def _real(pattern: str) -> list[Path]:
    found = sorted((DATA / "images").glob(pattern))
    if not found:
        pytest.skip("shared/data is not here")
    return found


@pytest.mark.parametrize("pattern", ["viking/frame_*.fits", "decam_testcase4/images/**/*_ooi_*.fits"])
def test_survey_headers_are_followed_to_a_hundredth_of_a_mas(pattern):
    for path in _real(pattern):
        with warnings.catch_warnings(), fits.open(path) as hdus:
            warnings.simplefilter("ignore")
            hdu = next(h for h in hdus if h.header.get("CTYPE1"))
            header, shape = hdu.header, hdu.shape
        refit = refit_wcs(header, shape)
        assert refit.max_mas < 0.01
        assert worst_mas(refit.wcs, header, shape) < 0.01
