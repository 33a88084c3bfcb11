import numpy as np
import pytest

from gnomon import flags
from gnomon.kernels import measure

SIGMA = 1.7
NO_RULES = np.zeros((0, 3), np.uint32)


def _gaussian(shape, y0, x0, flux, xx=SIGMA**2, yy=SIGMA**2, xy=0.0):
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    det = xx * yy - xy**2
    r2 = (yy * (x - x0) ** 2 - 2 * xy * (x - x0) * (y - y0) + xx * (y - y0) ** 2) / det
    return (flux * np.exp(-0.5 * r2) / (2 * np.pi * np.sqrt(det))).astype(np.float32)


def _run(flux, x, y, *, variance=None, mask=None, ignore=0, radii=(3.0, 6.0), fixed=False, fit_sky=False):
    variance = np.ones_like(flux) if variance is None else variance
    mask = np.zeros(flux.shape, np.uint32) if mask is None else mask
    psf = _gaussian((41, 41), 20, 20, 1.0)[None]
    x, y = np.atleast_1d(np.asarray(x, np.float64)), np.atleast_1d(np.asarray(y, np.float64))
    n = len(x)
    targets = measure.Targets(np.full(n, -1, np.int32), x, y, np.ones(n, np.int8))
    pixels = measure.Pixels(flux, variance, mask, ignore)
    result = measure.measure(
        pixels, measure.NOBODY, psf, np.ones((n, 1)), targets, np.array(radii), NO_RULES, fixed, fit_sky
    )
    return dict(zip(measure.COLUMNS, result.table, strict=True)), result


@pytest.mark.parametrize(
    "x,y,r", [(0, 0, 3), (0, 0, 0.2), (0.4, -0.3, 0.5), (3, 2, 3.5), (-2.2, 0.1, 2), (0.5, 0.5, 0.7)]
)
def test_overlap_agrees_with_fine_sampling(x, y, r):
    s = (np.arange(2000) + 0.5) / 2000 - 0.5
    twin = np.mean((x + s[:, None]) ** 2 + (y + s) ** 2 <= r * r)
    assert measure.circle_pixel_overlap(x, y, r) == pytest.approx(
        twin, abs=3e-5
    )  # boundary pixels of the sampling


@pytest.mark.parametrize("r", [0.3, 1.0, 2.5, 7.0])
def test_overlaps_add_up_to_the_area(r):
    total = sum(
        measure.circle_pixel_overlap(x + 0.3, y - 0.2, r) for x in range(-9, 10) for y in range(-9, 10)
    )
    assert total == pytest.approx(np.pi * r * r, rel=1e-12)


def test_aperture_of_a_flat_image_is_its_area():
    flux = np.full((60, 60), 2.0, np.float32)
    _, result = _run(flux, 30.3, 29.6, radii=(0.4, 3.0, 7.7), fixed=True)
    np.testing.assert_allclose(
        result.aperture_flux[:, 0], 2 * np.pi * np.array([0.4, 3.0, 7.7]) ** 2, rtol=1e-7
    )


def test_noiseless_gaussian_is_measured_exactly():
    x, y = [40.3, 39.5], [41.1, 38.75]
    for x0, y0 in zip(x, y, strict=True):
        flux = _gaussian((80, 80), y0, x0, 5000)
        c, result = _run(flux, round(x0), round(y0))
        assert c["x"][0] == pytest.approx(x0, abs=1e-3) and c["y"][0] == pytest.approx(y0, abs=1e-3)
        assert c["psfX"][0] == pytest.approx(x0, abs=1e-3) and c["psfY"][0] == pytest.approx(y0, abs=1e-3)
        for name in ("ixx", "iyy"):
            assert c[name][0] == pytest.approx(SIGMA**2, rel=2e-3)  # truncation at 4 sigma: exp(-8) x 9
        assert c["psfFlux"][0] == pytest.approx(5000, rel=5e-4)  # interpolation at sigma 1.7
        assert abs(c["sizeExcess"][0]) < 5e-3
        assert c["gaussFlux"][0] == pytest.approx(5000, rel=2e-3)
        assert c["halfLightRad"][0] == pytest.approx(SIGMA * np.sqrt(2 * np.log(2)), rel=0.02)
        growth = 1 - np.exp(-0.5 * (6 / SIGMA) ** 2)
        assert result.aperture_flux[1, 0] == pytest.approx(5000 * growth, rel=1e-3)
        assert result.flags[0] == 0


def test_elliptical_moments_are_recovered():
    flux = _gaussian((90, 90), 45.2, 44.9, 1e4, xx=6.0, yy=4.0, xy=1.5)
    c, _ = _run(flux, 45, 45)
    assert c["ixx"][0] == pytest.approx(6.0, rel=2e-3)
    assert c["iyy"][0] == pytest.approx(4.0, rel=2e-3)
    assert c["ixy"][0] == pytest.approx(1.5, rel=3e-3)
    assert c["sizeExcess"][0] > 0.5


def test_small_broadening_is_the_size_excess():
    flux = _gaussian((80, 80), 40, 40, 1e4, xx=SIGMA**2 + 0.1, yy=SIGMA**2 + 0.1)
    c, _ = _run(flux, 40, 40, fixed=True)
    assert c["sizeExcess"][0] == pytest.approx(
        0.1, rel=0.08
    )  # second order of the expansion, and the discrete Laplacian


def test_psf_flux_with_sky_removes_a_pedestal():
    flux = _gaussian((80, 80), 40.2, 40.1, 3000) + np.float32(7)
    c, _ = _run(flux, 40.1, 40.2, fixed=True, fit_sky=True)
    assert c["psfFlux"][0] == pytest.approx(3000, rel=1e-3)
    assert c["psfSky"][0] == pytest.approx(7, rel=1e-3)


def test_psf_flux_error_is_the_textbook_one():
    flux = _gaussian((80, 80), 40, 40, 3000)
    variance = np.full_like(flux, 9.0)
    c, _ = _run(flux, 40, 40, variance=variance, fixed=True)
    expected = np.sqrt(9.0 * 4 * np.pi * SIGMA**2)  # sigma^2 / sum(P^2), sum P^2 = 1 / (4 pi sigma^2)
    assert c["psfFluxErr"][0] == pytest.approx(expected, rel=1e-3)


def test_masked_pixel_is_left_out_of_psf_and_filled_in_apertures():
    flux = _gaussian((80, 80), 40, 40, 3000)
    mask = np.zeros(flux.shape, np.uint32)
    mask[41, 42], flux[41, 42] = 4, 1e5
    c, result = _run(flux, 40, 40, mask=mask, ignore=4, fixed=True)
    assert c["psfFlux"][0] == pytest.approx(3000, rel=1e-3)
    assert result.aperture_flux[1, 0] == pytest.approx(3000 * (1 - np.exp(-0.5 * (6 / SIGMA) ** 2)), rel=1e-3)
    assert result.flags[0] & flags.SOURCE["apFlux"]


def test_position_off_the_image_is_nan_and_flagged():
    flux = _gaussian((40, 40), 20, 20, 100)
    c, result = _run(flux, [-5.0, np.nan, 20.0], [10.0, 10.0, 20.0], fixed=True)
    assert np.isnan(c["psfFlux"][:2]).all() and np.isnan(result.aperture_flux[:, :2]).all()
    assert (result.flags[:2] & flags.SOURCE["edge"]).all()
    assert np.isfinite(c["psfFlux"][2])


def test_source_at_the_border_uses_what_is_there():
    flux = _gaussian((60, 60), 30, 1, 4000)
    c, result = _run(flux, 1, 30, fixed=True)
    assert result.flags[0] & flags.SOURCE["edge"]
    assert c["psfFlux"][0] == pytest.approx(4000, rel=2e-3)


def test_only_masked_pixels_give_nan():
    flux = np.zeros((50, 50), np.float32)
    c, result = _run(flux, 25, 25, variance=np.zeros_like(flux), fixed=True)
    assert np.isnan(c["psfFlux"][0]) and np.isnan(c["ixx"][0])
    assert result.flags[0] & flags.SOURCE["psfFlux"]


def test_flag_bits_of_the_kernel_are_the_registered_ones():
    names = ("centroid", "shape", "psfFlux", "psfCentroid", "kronFlux", "halfLightRad", "apFlux", "edge")
    assert [flags.SOURCE[n] for n in names] == [1 << k for k in range(8)]
    assert flags.SOURCE["neighbors"] == 1 << 22


def test_stamps_are_cut_outs_with_other_footprints_dark_and_blends_shared():
    rng = np.random.default_rng(3)
    flux = rng.normal(size=(40, 50)).astype(np.float32)
    variance, mask = np.ones_like(flux), np.zeros(flux.shape, np.uint32)
    labels = np.zeros(flux.shape, np.int32)
    labels[10:14, 10:14], labels[10:14, 14:18], labels[20:24, 10:14] = 1, 2, 3
    weight = np.full(4 * 8, 0.25, np.float32)
    owned = measure.Ownership(
        labels,
        np.array([0, 0, 1], np.int32),
        np.array([[10, 10, 14, 18], [10, 10, 14, 18], [20, 10, 24, 14]], np.int32),
        np.array([0, 32, 64, 64]),
        np.concatenate([weight, 1 - weight]),
    )
    x, y = np.array([12, 15, 12], np.int32), np.array([12, 12, 22], np.int32)
    pixels = measure.Pixels(flux, variance, mask, 0)
    got, var = measure.stamps(pixels, owned, np.arange(3, dtype=np.int32), x, y, 6)
    share = [np.where(labels == 3, 0, np.where(labels > 0, w, 1)) for w in (0.25, 0.75)]
    share.append(np.where((labels == 1) | (labels == 2), 0, 1))
    for k in range(3):
        here = np.s_[y[k] - 6 : y[k] + 7, x[k] - 6 : x[k] + 7]
        np.testing.assert_array_equal(got[k], (flux * share[k].astype(np.float32))[here])
    assert (var == 1).all()


def test_stamps_take_the_mirror_image_of_bad_pixels_and_end_with_the_image():
    flux = np.arange(30 * 30, dtype=np.float32).reshape(30, 30)
    mask = np.zeros(flux.shape, np.uint32)
    mask[14, 17] = 1
    pixels = measure.Pixels(flux, np.ones_like(flux), mask, 1)
    nobody = np.full(2, -1, np.int32)
    at = np.array([15, 1], np.int32)
    got, var = measure.stamps(pixels, measure.NOBODY, nobody, at, at, 4)
    assert got[0, 3, 6] == flux[16, 13]
    assert var[0, 3, 6] == 0
    assert (var[1, :3] == 0).all()
