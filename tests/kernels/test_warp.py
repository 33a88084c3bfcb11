import numpy as np
import pytest
from scipy import stats

from gnomon.containers.bspline import prefilter, quintic
from gnomon.kernels.warp import quintic_coefficients, warp, white_noise

NO_DATA, EDGE = 256, 8192


def nodes_of(x, y, area, shape, tile=32):
    """Nodes of maps given as functions of the output pixel."""
    ny, nx = (-(-n // tile) + 1 for n in shape)
    v, u = np.mgrid[:ny, :nx] * float(tile)
    return x(u, v), y(u, v), area + 0 * u


def warped(flux, variance, mask, nodes, shape, interpolant="quintic", first=(0, 0)):
    """One window of the output."""
    out = np.empty(shape, np.float32), np.empty(shape, np.float32), np.empty(shape, np.uint32)
    warp(flux, variance, mask, nodes, 32, interpolant, (NO_DATA, EDGE), [first], [out])
    return out


def run(
    flux, shape, shift=(0.0, 0.0), interpolant="quintic", variance=None, mask=None, matrix=((1, 0), (0, 1))
):
    (a, b), (c, d) = matrix
    area = abs(a * d - b * c)
    nodes = nodes_of(
        lambda u, v: a * u + b * v + shift[0], lambda u, v: c * u + d * v + shift[1], area, shape
    )
    variance = np.ones_like(flux) if variance is None else variance
    mask = np.zeros(flux.shape, np.uint32) if mask is None else mask
    return warped(flux, variance, mask, nodes, shape, interpolant)


def slow_quintic(flux, x, y):
    """Value and white-noise variance of the spline through mirrored pixels, from dense matrices."""
    pad = 30
    coefficients = prefilter(flux.shape[0] + 2 * pad) @ np.pad(flux.astype(float), pad, mode="reflect")
    coefficients = coefficients @ prefilter(flux.shape[1] + 2 * pad).T
    wy = quintic(y + pad - np.arange(coefficients.shape[0]))
    wx = quintic(x + pad - np.arange(coefficients.shape[1]))
    cy, cx = wy @ prefilter(len(wy)), wx @ prefilter(len(wx))
    return wy @ coefficients @ wx, (cy**2).sum() * (cx**2).sum()


def slow_lanczos(flux, x, y):
    def weights(at, n):
        t = at - np.arange(n)
        w = np.where(np.abs(t) < 3, np.sinc(t) * np.sinc(t / 3), 0)
        return w / w.sum()

    wy, wx = weights(y, flux.shape[0]), weights(x, flux.shape[1])
    return wy @ flux @ wx, (wy**2).sum() * (wx**2).sum()


@pytest.mark.parametrize("interpolant, slow", [("quintic", slow_quintic), ("lanczos3", slow_lanczos)])
def test_equals_its_slow_twin(interpolant, slow):
    rng = np.random.default_rng(1)
    flux = rng.normal(100, 10, (60, 70)).astype(np.float32)
    matrix = ((0.98, 0.1), (-0.12, 1.01))
    out, variance, _ = run(flux, (40, 40), (9.3, 12.6), interpolant, matrix=matrix)
    area = 0.98 * 1.01 + 0.012
    for v, u in [(0, 0), (5, 17), (39, 39), (20, 3)]:
        x, y = 0.98 * u + 0.1 * v + 9.3, -0.12 * u + 1.01 * v + 12.6
        value, noise = slow(flux, x, y)
        # float32 sums of 36 terms near 100; places to 4e-6 px of a slope near 10 per px
        assert out[v, u] == pytest.approx(value * area, rel=5e-6)
        # nearest of 1024 phases: 5e-4 px of a slope of order 1 per axis; tails of 3e-4 in the twin's padding
        assert variance[v, u] == pytest.approx(noise * area**2, rel=3e-3)


def test_whole_pixel_shifts_are_exact():
    flux = np.random.default_rng(2).normal(size=(50, 50)).astype(np.float32)
    out, variance, mask = run(flux, (40, 40), (5, 6))
    # the prefilter's response is cut off where it has fallen to 1e-6, and its gain is 7 at the highest frequency
    np.testing.assert_allclose(out, flux[6:46, 5:45], atol=3e-5)
    np.testing.assert_allclose(variance, 1, rtol=7e-4)  # a polynomial of the phase, to 3e-4 an axis
    assert not mask[5:30, 5:30].any()


def test_a_flat_field_is_multiplied_by_the_area():
    flux = np.full((50, 50), 3.0, np.float32)
    for interpolant in ("quintic", "lanczos3"):
        out, _, _ = run(flux, (20, 20), (5.2, 6.7), interpolant, matrix=((1.1, 0), (0, 1.2)))
        np.testing.assert_allclose(out, 3 * 1.1 * 1.2, rtol=2e-6)


def test_quadratics_are_reproduced_by_the_spline():
    y, x = np.mgrid[:60, :60].astype(float)
    flux = (0.01 * x * x - 0.02 * x * y + 0.5 * y).astype(np.float32)
    out, _, _ = run(flux, (20, 20), (20.3, 20.7))
    v, u = np.mgrid[:20, :20]
    x, y = u + 20.3, v + 20.7
    # the mirrored border is 20 px away: 0.43^20 = 5e-8 of a kink of order 1; float32 values of some 30
    np.testing.assert_allclose(out, 0.01 * x * x - 0.02 * x * y + 0.5 * y, atol=2e-5)


def test_outside_is_no_data_and_the_border_is_marked():
    flux = np.ones((40, 40), np.float32)
    out, variance, mask = run(flux, (60, 60), (-10.25, -10.25))
    inside = np.zeros((60, 60), bool)
    inside[10:50, 10:50] = True
    np.testing.assert_array_equal((mask & NO_DATA) == 0, inside)
    assert not out[~inside].any()
    assert not variance[~inside].any()
    np.testing.assert_allclose(out[inside], 1, rtol=1e-5)
    assert (mask[10:13, 20] == EDGE).all()
    assert mask[14, 20] == 0


def test_bits_spread_to_all_pixels_that_lean_on_them_and_no_data_stays_empty():
    flux = np.ones((40, 40), np.float32)
    mask = np.zeros((40, 40), np.uint32)
    mask[20, 20] = 8
    mask[30, 10] = NO_DATA
    out, variance, got = run(flux, (40, 40), (0.5, 0.5), mask=mask)
    assert sorted(map(tuple, np.argwhere(got & 8))) == [(y, x) for y in range(18, 22) for x in range(18, 22)]
    assert not out[28:32, 8:12].any()
    assert not variance[28:32, 8:12].any()


def test_nan_coordinates_are_no_data():
    flux = np.ones((40, 40), np.float32)
    nodes = tuple(np.full((3, 3), np.nan) for _ in range(3))
    out, _, mask = warped(flux, flux, np.zeros((40, 40), np.uint32), nodes, (64, 64))
    assert (mask == NO_DATA).all()
    assert not out.any()


def test_coefficients_equal_the_dense_prefilter():
    image = np.random.default_rng(4).normal(size=(9, 33)).astype(np.float32)
    got = quintic_coefficients(image)
    taps = quintic(np.arange(-2.0, 3))
    padded = np.pad(got, 2, mode="reflect")
    rows = sum(t * padded[:, k : k + 33] for k, t in enumerate(taps))
    back = sum(t * rows[k : k + 9] for k, t in enumerate(taps))
    # cut off at 1e-6 of the response, times a gain of 7
    np.testing.assert_allclose(back, image, atol=3e-5)


def test_refuses_nodes_that_do_not_cover_the_output():
    flux = np.ones((40, 40), np.float32)
    nodes = tuple(np.zeros((2, 2)) for _ in range(3))
    with pytest.raises(ValueError, match="cover"):
        warped(flux, flux, np.zeros((40, 40), np.uint32), nodes, (64, 64))


def test_windows_show_what_one_window_shows_there():
    rng = np.random.default_rng(8)
    flux = rng.normal(size=(150, 150)).astype(np.float32)
    mask = np.where(rng.random(flux.shape) < 0.01, 4, 0).astype(np.uint32)
    angle = 0.3
    c, s = np.cos(angle), np.sin(angle)
    nodes = nodes_of(lambda u, v: c * u - s * v + 40, lambda u, v: s * u + c * v + 10, 1.0, (100, 100))
    whole = warped(flux, np.ones_like(flux), mask, nodes, (100, 100))
    first = [(0, 0), (3, 37), (60, 61)]
    out = [tuple(np.empty((40, 39), t) for t in (np.float32, np.float32, np.uint32)) for _ in first]
    warp(flux, np.ones_like(flux), mask, nodes, 32, "quintic", (NO_DATA, EDGE), first, out)
    for (y, x), planes in zip(first, out, strict=True):
        for plane, all_of_it in zip(planes, whole, strict=True):
            np.testing.assert_array_equal(plane, all_of_it[y : y + 40, x : x + 39])


def test_noise_is_normal_and_of_the_variance_asked_for():
    scale = np.full((1000, 1000), 4.0, np.float32)
    drawn = white_noise(scale, 12345) / 2
    # errors of a million deviates: mean 1e-3, variance 1.4e-3, skewness 2.4e-3, kurtosis 4.9e-3; four of each
    assert abs(drawn.mean()) < 4e-3
    assert abs(drawn.var() - 1) < 6e-3
    assert abs((drawn**3).mean()) < 0.016
    assert abs((drawn.astype(float) ** 4).mean() - 3) < 0.04
    assert 4.2 < np.abs(drawn).max() < 5.5
    for shift in ((0, 1), (1, 0), (1, 1), (0, 8)):
        assert abs((drawn * np.roll(drawn, shift, (0, 1))).mean()) < 4e-3
    assert abs((drawn * white_noise(scale, 12346)).mean()) < 8e-3


def test_noise_depends_on_the_place_and_not_on_the_section():
    variance = np.random.default_rng(5).uniform(0.5, 2, (40, 53)).astype(np.float32)
    variance[3, 5] = 0
    whole = white_noise(variance, 7, (100, 200))
    part = np.ascontiguousarray(variance[11:30, 13:40])
    np.testing.assert_array_equal(white_noise(part, 7, (113, 211)), whole[11:30, 13:40])
    assert whole[3, 5] == 0


def test_noise_is_the_inverse_of_the_normal_distribution_over_evenly_spread_parts():
    drawn = np.sort(white_noise(np.ones((512, 512), np.float32), 3).ravel())
    below = stats.norm.cdf(drawn)
    even = (np.arange(drawn.size) + 0.5) / drawn.size
    # Kolmogorov: 1.63 / sqrt(n) is exceeded once in a hundred
    assert np.abs(below - even).max() < 1.63 / np.sqrt(drawn.size)
