import numpy as np

from gnomon.containers.bspline import prefilter, quintic, quintic_slope, resampling_matrix, shift_matrices


def test_b_spline_is_a_partition_of_unity():
    t = np.linspace(-0.5, 0.5, 21)[:, None] - np.arange(-4, 5)
    np.testing.assert_allclose(quintic(t).sum(1), 1, atol=1e-14)
    np.testing.assert_allclose(quintic_slope(t).sum(1), 0, atol=1e-14)


def test_samples_are_reproduced_at_their_places():
    samples = np.random.default_rng(1).normal(size=15)
    np.testing.assert_allclose(resampling_matrix(np.arange(15.0), 15) @ samples, samples, atol=1e-12)
    assert prefilter(15).shape == (15, 15)


def test_a_gaussian_is_interpolated_with_its_slope():
    x = np.arange(31.0)
    at = np.linspace(12, 18, 41)
    value, slope = (lambda u: np.exp(-0.5 * ((u - 15) / 1.5) ** 2)), (lambda u: -(u - 15) / 1.5**2)
    # sixth-order interpolation: the error at sigma = 1.5 samples is near 1e-4 of the peak
    np.testing.assert_allclose(resampling_matrix(at, 31) @ value(x), value(at), atol=3e-4)
    got = resampling_matrix(at, 31, slope=True) @ value(x)
    np.testing.assert_allclose(got, slope(at) * value(at), atol=1e-3)


def test_nothing_comes_from_far_outside():
    assert not resampling_matrix(np.array([-4.0, 40.0]), 15).any()


def test_rows_of_a_shift_are_those_of_its_places():
    shift = np.r_[np.random.default_rng(2).uniform(-3.7, 3.7, 20), 0.0, -1.0, 14.2, 50.0, -60.0]
    for slope in (False, True):
        wanted = resampling_matrix(np.arange(15) + shift[:, None], 15, slope=slope)
        np.testing.assert_allclose(shift_matrices(shift, 15, slope=slope), wanted, atol=1e-13)
