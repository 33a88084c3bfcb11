import numpy as np
import pytest

from gnomon.algorithms.coadd.properties import (
    TractPixels,
    cell_depth,
    cell_statistics,
    covered_share,
    tract_pixels,
    turned_ellipticity,
)
from gnomon.containers.coadd import CoaddInputs
from gnomon.containers.healpix import centre_of, n_pixels
from gnomon.containers.skymap import PatchGrid, discrete_skymap, healpix_skymap

ARCSEC = np.radians(1 / 3600)


def test_the_pixels_of_all_tracts_are_the_sky_once():
    grid = PatchGrid(1e-3, cell_inner=25, cell_border=5, cells_inner=6, cells_border=1)
    skymap = healpix_skymap(4, 0.01, grid)
    found = np.concatenate([tract_pixels(skymap, t, 128).pixel for t in range(len(skymap))])
    np.testing.assert_array_equal(np.sort(found), np.arange(n_pixels(128)))


@pytest.mark.parametrize("ra, dec", [(0.0, -0.2), (1.0, np.pi / 2), (3.0, -1.57)])
def test_a_pixel_lies_in_the_cell_that_shows_its_middle(ra, dec):
    grid = PatchGrid(0.2 * ARCSEC, cell_inner=150, cell_border=50, cells_inner=10, cells_border=1)
    side = 2 * grid.patch_inner * grid.pixel_scale
    skymap = discrete_skymap([(ra, dec, side, side)], grid)
    got = tract_pixels(skymap, 0, 8192)
    # equal areas: whole pixels, to those that the border of 4 x 600 arcsec cuts
    wanted = side**2 / (4 * np.pi / n_pixels(8192))
    assert len(got.pixel) == pytest.approx(wanted, abs=2 * np.sqrt(4 * np.sqrt(wanted)))
    assert (np.diff(got.pixel) > 0).all()
    cells = grid.cells()
    for pixel, patch, cell in list(zip(got.pixel, got.patch, got.cell, strict=True))[::37]:
        x, y = skymap.patch_wcs(0, int(patch)).sky_to_pixel(*centre_of(8192, pixel))
        inner = cells[cell].inner
        assert cells[cell].primary
        assert inner.x0 - 0.5 <= x < inner.x1 - 0.5 and inner.y0 - 0.5 <= y < inner.y1 - 0.5


def inputs(cell, weight):
    n = len(cell)
    return CoaddInputs(np.array(cell), np.arange(n), np.zeros(n, np.int64), np.array(weight, np.float64))


def test_statistics_are_those_of_the_inputs_that_are_known():
    got = cell_statistics(inputs([0, 0, 0, 2], [3, 1, 9, 1]), {"a": np.array([3.0, 1.0, np.nan, 7.0])}, 4)
    np.testing.assert_array_equal(got["a_min"], [1, np.nan, 7, np.nan])
    np.testing.assert_array_equal(got["a_max"], [3, np.nan, 7, np.nan])
    np.testing.assert_array_equal(got["a_mean"], [2, np.nan, 7, np.nan])
    np.testing.assert_array_equal(got["a_weighted_mean"], [2.5, np.nan, 7, np.nan])


def test_a_pixel_is_covered_as_its_parts_are():
    whole = TractPixels(np.array([5, 6]), np.array([0, 1]), np.array([0, 0]))
    # fifteen of the sixteen parts of pixel 5 belong to the tract, five of them to a patch without a coadd
    part = np.r_[80:95, 96:112]
    finer = TractPixels(part, np.where((part < 85) | (part > 95), 1, 0), np.where(part < 90, 0, 1))
    got = covered_share(whole, finer, {0: np.array([1.0, 0.5])})
    np.testing.assert_allclose(got, [(5 + 0.5 * 5) / 15, 0])


def test_depth_is_that_of_a_matched_filter_on_the_mean():
    v, u = np.mgrid[-15:16, -15:16]
    psf = np.exp(-(u**2 + v**2) / (2 * 2.0**2)) / (2 * np.pi * 2.0**2)
    got = cell_depth(inputs([0, 0], [0.04, 0.01]), np.stack([psf, 0 * psf]).astype(np.float32))
    # variance 1 / 0.05 = 20 nJy^2, effective area 4 pi sigma^2
    assert got["depth"][0] == pytest.approx(31.4 - 2.5 * np.log10(5 * np.sqrt(20 * 4 * np.pi * 4)), abs=1e-4)
    assert got["psf_fwhm"][0] == pytest.approx(2 * 2.3548, rel=1e-4)
    assert got["n_exposure"][0] == 2
    assert all(np.isnan(v[1]) for v in got.values())


def test_an_ellipse_keeps_its_place_on_the_sky_when_the_detector_turns():
    square = np.array([[0, 1, 1, 0.0]]), np.array([[0, 0, 1, 1.0]])
    for angle in (0.3, 1.2, np.pi / 2):
        for flip in (1, -1):
            x, y = flip * square[0], square[1]
            corners = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
            e1, e2 = turned_ellipticity(np.array([0.2]), np.array([0.1]), *corners)
            # spin two: the position angle turns with the detector, and changes its sign with the parity
            got = complex(e1[0], e2[0])
            assert got == pytest.approx(complex(0.2, flip * 0.1) * np.exp(2j * angle), abs=1e-12)
