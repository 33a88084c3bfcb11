import numpy as np
import pytest

from gnomon.kernels import background


def _planes(flux):
    flux = np.ascontiguousarray(flux, np.float32)
    return flux, np.ones_like(flux), np.zeros(flux.shape, np.uint32)


def _twin_cell(values):
    """Clipped mode and sigma of one cell, by sorting."""
    v = np.sort(values.astype(np.float64))
    while True:
        median, sigma = np.median(v), v.std()
        kept = v[np.abs(v - median) <= 3 * sigma]
        if len(kept) == len(v):
            break
        v = kept
    mean = v.mean()
    mode = 2.5 * median - 1.5 * mean if abs(mean - median) < 0.3 * sigma else median
    return mode, sigma / 0.98485


def test_cells_agree_with_sorting_twin():
    rng = np.random.default_rng(1)
    flux, variance, mask = _planes(rng.normal(1000, 30, (256, 256)) + 500 * (rng.random((256, 256)) < 0.02))
    level, rms, used = background.mesh_statistics(flux, variance, mask, 0, (2, 2))
    for j in range(2):
        for i in range(2):
            mode, sigma = _twin_cell(flux[j * 128 : (j + 1) * 128, i * 128 : (i + 1) * 128])
            # bins of .01 sigma and a clip at bin borders: a few hundredths of the error of the mean (30/128)
            assert abs(level[j, i] - mode) < 0.25
            assert abs(rms[j, i] / sigma - 1) < 0.005
    assert (used == 128 * 128).all()


def test_photon_noise_pulls_the_mode_below_the_mean():
    # the median of a Poisson distribution lies a sixth below its mean, the mode 2.5 sixths; pixels of 64: 0.01 rms
    flux, variance, mask = _planes(np.random.default_rng(7).poisson(64.0, (1024, 1024)) + 0.0)
    mode, _, _ = background.mesh_statistics(flux, variance, mask, 0, (1, 1))
    mean, _, _ = background.mesh_statistics(flux, variance, mask, 0, (1, 1), mean=True)
    true = flux.mean(dtype=float)
    assert mode[0, 0] - true == pytest.approx(-2.5 / 6, abs=0.06)
    # clipping at 3 sigma takes more of the longer tail: 0.04 sigma of the skewness 1/8
    assert mean[0, 0] - true == pytest.approx(-0.04, abs=0.02)


def test_gaussian_sigma_is_unbiased_by_clipping():
    rng = np.random.default_rng(2)
    flux, variance, mask = _planes(rng.normal(0, 7, (1024, 1024)))
    _, rms, _ = background.mesh_statistics(flux, variance, mask, 0, (1, 1))
    assert rms[0, 0] == pytest.approx(7, rel=0.004)  # 1/sqrt(2N) = .0007, bins .001, 4 sigma


def test_quantised_data_keep_their_median():
    rng = np.random.default_rng(3)
    exact = rng.normal(500.3, 2.0, (512, 512))
    flux, variance, mask = _planes(np.round(exact))
    level, _, _ = background.mesh_statistics(flux, variance, mask, 0, (1, 1))
    assert level[0, 0] == pytest.approx(
        500.3, abs=0.03
    )  # 2.5 x median error (2 x 1.25 / 512 = .005), 2.5 sigma


def test_masked_nan_and_zero_variance_pixels_are_left_out():
    flux, variance, mask = _planes(np.full((64, 64), 10.0))
    flux[:8], variance[8:16] = np.nan, 0
    mask[16:24], flux[8:24] = 4, 1e6
    level, rms, used = background.mesh_statistics(flux, variance, mask, 4, (1, 1))
    assert (level[0, 0], rms[0, 0], used[0, 0]) == (10.0, 0.0, 40 * 64)


def test_cell_without_pixels_is_nan():
    flux, variance, mask = _planes(np.zeros((32, 32)))
    level, rms, used = background.mesh_statistics(flux, 0 * variance, mask, 0, (2, 2))
    assert np.isnan(level).all() and np.isnan(rms).all() and (used == 0).all()


def test_spline_matches_scipy_natural_spline():
    interpolate = pytest.importorskip("scipy.interpolate")
    rng = np.random.default_rng(4)
    mesh = rng.normal(0, 1, (5, 7)).astype(np.float32)
    ny, nx = 60, 100
    yn, xn = (np.arange(5) + 0.5) * ny / 5 - 0.5, (np.arange(7) + 0.5) * nx / 7 - 0.5
    rows = interpolate.CubicSpline(yn, mesh, axis=0, bc_type="natural")(np.arange(ny))
    twin = interpolate.CubicSpline(xn, rows, axis=1, bc_type="natural")(np.arange(nx))
    inside = (slice(6, 54), slice(8, 92))  # beyond the nodes we go on straight, scipy with the cubic
    np.testing.assert_allclose(background.spline_surface(mesh, (ny, nx))[inside], twin[inside], atol=2e-6)


def test_spline_of_a_plane_is_the_plane():
    yn, xn = (np.arange(4) + 0.5) * 10 - 0.5, (np.arange(3) + 0.5) * 20 - 0.5
    mesh = (3 + 0.5 * yn[:, None] - 0.25 * xn).astype(np.float32)
    y, x = np.mgrid[:40, :60]
    np.testing.assert_allclose(background.spline_surface(mesh, (40, 60)), 3 + 0.5 * y - 0.25 * x, atol=3e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1)])
def test_tiny_mesh_of_a_constant_is_constant(shape):
    surface = background.spline_surface(np.full(shape, 2.5, np.float32), (17, 23))
    np.testing.assert_array_equal(surface, np.float32(2.5))


def test_subtraction_in_place_is_flux_less_surface():
    rng = np.random.default_rng(5)
    mesh, flux = rng.random((3, 3)).astype(np.float32), rng.random((50, 40)).astype(np.float32)
    expected = flux - background.spline_surface(mesh, flux.shape)
    assert background.subtract_surface(mesh, flux, out=flux) is flux
    np.testing.assert_array_equal(flux, expected)


def test_planes_that_differ_are_refused():
    flux, variance, mask = _planes(np.zeros((32, 32)))
    with pytest.raises(ValueError, match="variance"):
        background.mesh_statistics(flux, variance[:16].copy(), mask, 0, (1, 1))
    with pytest.raises(ValueError, match="cells"):
        background.mesh_statistics(flux, variance, mask, 0, (64, 1))
