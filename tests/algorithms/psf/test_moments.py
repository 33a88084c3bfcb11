import numpy as np
import pytest

from gnomon.algorithms.psf import adaptive_moments


def test_a_gaussian_returns_its_own_covariance():
    y, x = np.mgrid[-20:21, -20:21]
    u, v, xx, xy, yy = x - 0.2, y + 0.35, 4.0, 0.7, 3.0
    q = (yy * u * u - 2 * xy * u * v + xx * v * v) / (xx * yy - xy**2)
    image = np.exp(-0.5 * q)
    m = adaptive_moments(7 * image[None] / image.sum())
    for got, want in zip((m.x, m.y, m.xx, m.xy, m.yy, m.flux), (0.2, -0.35, xx, xy, yy, 7), strict=True):
        # the iteration stops at 1e-7 of T; pixels sample a Gaussian of sigma 1.7 to 1e-10
        assert got[0] == pytest.approx(want, abs=1e-5)


def test_agrees_with_galsim_hsm():
    galsim = pytest.importorskip("galsim")
    rng = np.random.default_rng(1)
    images, wanted = [], []
    for _ in range(5):
        g1, g2 = rng.normal(0, 0.05, 2)
        star = galsim.Kolmogorov(fwhm=0.7).shear(g1=g1, g2=g2).shift(*rng.uniform(-0.1, 0.1, 2))
        image = star.drawImage(nx=41, ny=41, scale=0.2)
        hsm = image.FindAdaptiveMom()
        images.append(image.array)
        wanted.append((hsm.moments_sigma, hsm.observed_shape.e1, hsm.observed_shape.e2))
    m = adaptive_moments(np.array(images))
    sigma = (m.xx * m.yy - m.xy**2) ** 0.25
    # HSM's own tolerance is 1e-6
    np.testing.assert_allclose(np.stack([sigma, m.e1, m.e2], 1), wanted, atol=5e-6)


def test_noise_blank_and_empty_stacks_end_in_nan_or_nothing():
    blank = np.stack([np.zeros((21, 21)), -np.ones((21, 21))])
    assert np.isnan(adaptive_moments(blank).xx).all()
    assert len(adaptive_moments(np.zeros((0, 21, 21))).xx) == 0
