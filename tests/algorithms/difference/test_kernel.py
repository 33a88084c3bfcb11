"""The matching kernel against scenes whose kernel is known."""

import numpy as np
import pytest
from scipy.signal import convolve2d

from gnomon.algorithms.difference.basis import gaussian_basis
from gnomon.algorithms.difference.kernel import StarStamps, fit_kernel
from gnomon.algorithms.difference.modelled import modelled_kernel
from gnomon.errors import UnprocessableData

SHAPE = (400, 600)


def gaussian(sigma, half):
    x = np.arange(-half, half + 1)
    image = np.exp(-0.5 * (x**2 + x[:, None] ** 2) / sigma**2)
    return image / image.sum()


def stamps(n=40, scale=lambda u, v: 1.0, noise=1e-4, seed=0, sky=0.0):
    """Gaussian stars of 1.2 px, and the same of 1.2 (+) 1.0 px times a scale."""
    rng = np.random.default_rng(seed)
    basis = gaussian_basis(1.0)
    x, y = rng.uniform(0, SHAPE[1] - 1, n), rng.uniform(0, SHAPE[0] - 1, n)
    u, v = (x - 299.5) / 300, (y - 199.5) / 200
    source = np.array([gaussian(1.2, 12 + basis.half) for _ in range(n)])
    target = np.array([scale(a, b) * gaussian(np.hypot(1.2, 1.0), 12) for a, b in zip(u, v, strict=True)])
    target += sky + noise * rng.normal(size=target.shape)
    return StarStamps(source, target, np.full(target.shape, noise**2), x, y), basis


def test_basis_functions_sum_to_nothing_but_the_first():
    sums = gaussian_basis(1.3).images().sum(axis=(1, 2))
    np.testing.assert_allclose(sums, [1, *[0] * (len(sums) - 1)], atol=1e-12)


def test_convolution_by_profiles_is_convolution():
    basis = gaussian_basis(1.3)
    image = np.random.default_rng(0).normal(size=(2, 30, 30))
    whole = basis.convolve(image)
    for k in (0, 5, 20):
        np.testing.assert_allclose(whole[1, k], convolve2d(image[1], basis.images()[k], "valid"), atol=1e-12)


def test_kernel_of_two_gaussians_is_the_gaussian_between():
    # The truth, sigma = 1.0 sampled, is the second Gaussian of the basis: only noise (1e-4 a pixel in 40 stars) and
    # the systematic floor stand between.
    s, basis = stamps()
    kernel = fit_kernel(s, basis, SHAPE, max_degree=0)
    assert kernel.sum_at(300, 200) == pytest.approx(1.0, abs=1e-3)
    model = convolve2d(s.source[0], kernel.at(300, 200)[0], "valid")
    assert np.abs(model - gaussian(np.hypot(1.2, 1.0), 12)).max() < 2e-4


def test_kernel_sum_is_the_flux_scale_and_sky_does_not_matter():
    s, basis = stamps(scale=lambda u, v: 1.7, sky=0.3)
    assert fit_kernel(s, basis, SHAPE).sum_at(10, 390) == pytest.approx(1.7, rel=2e-3)


def test_flux_scale_does_not_follow_a_few_odd_stars_of_a_corner():
    # Images are calibrated: one scale. Stars of one corner, a tenth brighter, may be variable or badly measured.
    s, basis = stamps(n=80, scale=lambda u, v: 1.1 if u > 0.5 and v > 0.5 else 1.0)
    kernel = fit_kernel(s, basis, SHAPE)
    np.testing.assert_allclose(kernel.sum_at([0, 599, 300], [200, 399, 0]), kernel.sum_at(300, 200)[0])
    assert kernel.sum_at(300, 200) == pytest.approx(1.0, abs=0.01)


def test_kernel_of_psf_models_makes_one_of_the_other():
    # The basis holds the Gaussian between; its sum is 1 whatever the models lose at their borders.
    basis = gaussian_basis(1.0)
    source, target = gaussian(1.2, 10), gaussian(np.hypot(1.2, 1.0), 13)
    kernel = modelled_kernel(basis, source, target, SHAPE)
    assert kernel.sum_at(10, 390) == pytest.approx(1.0, abs=1e-12)
    padded = np.pad(source, 13 + basis.half - 10)
    assert np.abs(convolve2d(padded, kernel.at(0, 0)[0], "valid") - target).max() < 1e-3 * target.max()


def test_constant_kernel_is_fitted_with_degree_zero():
    s, basis = stamps(n=80)
    assert fit_kernel(s, basis, SHAPE).degree == 0


def test_variable_stars_are_clipped():
    s, basis = stamps(n=40)
    s.target[:5] *= 3.0
    s.target[5:8] += 0.3 * np.roll(s.target[5:8], 5, axis=2)  # a new star beside an old one
    kernel = fit_kernel(s, basis, SHAPE)
    assert not kernel.used[5:8].any()
    assert kernel.sum_at(300, 200) == pytest.approx(1.0, abs=5e-3)


def test_noise_of_the_source_makes_no_faint_kernel():
    # 0.6 of a star's peak in noise a pixel: least squares lose a third; 200 stars of S/N 12 know the scale to 1 %
    s, basis = stamps(n=200, noise=1e-3)
    rng = np.random.default_rng(3)
    s.source[:] += rng.normal(0, 0.02, s.source.shape)
    s.target[:20] *= 1.5  # some vary
    profile = gaussian(np.hypot(1.2, 1.0), 12)
    plain, right = (fit_kernel(s, basis, SHAPE, max_degree=0, profile=p) for p in (None, profile))
    assert plain.sum_at(0, 0) < 0.8
    assert right.sum_at(0, 0) / plain.sum_at(0, 0) > 1.2
    made = [convolve2d(gaussian(1.2, 12 + basis.half), k.at(0, 0)[0], "valid") for k in (plain, right)]
    flux = [float((profile * m).sum() / (profile**2).sum()) for m in made]
    assert flux[0] < 0.9
    assert flux[1] == pytest.approx(1.0, abs=0.05)


def test_masked_pixels_carry_no_weight():
    s, basis = stamps()
    s.target[:, 3, 4] = 1e6
    s.variance[:, 3, 4] = 0.0
    assert fit_kernel(s, basis, SHAPE, max_degree=0).sum_at(0, 0) == pytest.approx(1.0, abs=1e-3)


def test_too_few_stars_are_refused():
    s, basis = stamps(n=3)
    with pytest.raises(UnprocessableData, match="3 stars"):
        fit_kernel(s, basis, SHAPE)


def test_no_stars_are_refused():
    s, basis = stamps(n=1)
    none = StarStamps(s.source[:0], s.target[:0], s.variance[:0], s.x[:0], s.y[:0])
    with pytest.raises(UnprocessableData, match="0 stars"):
        fit_kernel(none, basis, SHAPE)
