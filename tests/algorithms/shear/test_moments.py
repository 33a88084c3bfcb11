import galsim
import numpy as np
import pytest

from gnomon.algorithms.shear import moments as m

SIDE, SCALE = 48, 1.0
PSF = galsim.Moffat(beta=3.5, fwhm=3.5).shear(g1=0.03, g2=-0.02)


def draw(profile):
    return profile.drawImage(nx=SIDE + 1, ny=SIDE + 1, scale=SCALE).array[:SIDE, :SIDE]


def galaxies(n, g1, g2, seed=0):
    """Exponential galaxies in pairs turned by 90 degrees, drawn through the PSF on the pixel SIDE // 2."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(n // 2):
        size, e, angle = rng.uniform(2.0, 3.5), rng.uniform(0, 0.4), rng.uniform(0, np.pi)
        for turn in (0, np.pi / 2):
            shape = galsim.Shear(g=e, beta=(angle + turn) * galsim.radians)
            galaxy = galsim.Exponential(half_light_radius=size, flux=1000).shear(shape)
            out.append(draw(galsim.Convolve(galaxy.shear(g1=g1, g2=g2), PSF)))
    return np.array(out, np.float32)


def psfs(n):
    return np.repeat(draw(PSF)[None], n, axis=0).astype(np.float32)


@pytest.mark.parametrize("g", [(0.02, 0.0), (0.0, 0.02), (-0.02, 0.015)])
def test_shear_of_noiseless_galaxies_is_recovered_behind_an_elliptical_psf(g):
    stamps = galaxies(40, *g)
    s = m.shapes(stamps, 0.0, psfs(40), 3.0, 100.0)
    got = m.mean_shear(s)
    # Second order in shear: 0.02^2 relative; pixels and stamp edges add a few 1e-4.
    assert got[0] == pytest.approx(g[0], abs=1.5e-4)
    assert got[1] == pytest.approx(g[1], abs=1.5e-4)


def test_response_is_the_finite_difference():
    plus, minus = (m.shapes(galaxies(10, g, 0), 0.0, psfs(10), 3.0, 100.0) for g in (0.01, -0.01))
    middle = m.shapes(galaxies(10, 0, 0), 0.0, psfs(10), 3.0, 100.0)
    np.testing.assert_allclose((plus.e1 - minus.e1) / 0.02, middle.response1, atol=3e-3)


def test_noise_does_not_bias_the_shear():
    stamps = np.tile(galaxies(10, 0.05, 0), (200, 1, 1))
    rng = np.random.default_rng(1)
    sigma = 8.0
    noisy = (stamps + sigma * rng.standard_normal(stamps.shape)).astype(np.float32)
    s = m.shapes(noisy, sigma**2, psfs(len(noisy)), 3.0, 300.0)
    got = m.mean_shear(s)
    assert np.mean(np.isfinite(s.e1)) > 0.99
    # 2000 stamps at signal-to-noise 12 or so; the bias must stay within three errors.
    assert abs(got[0] - 0.05) < 3 * got[2]
    assert abs(got[1]) < 3 * got[2]


def test_round_object_has_no_ellipticity():
    round_galaxy = draw(galsim.Convolve(galsim.Gaussian(sigma=2.5, flux=500), PSF))[None].astype(np.float32)
    s = m.shapes(round_galaxy, 0.0, psfs(1), 3.0, 50.0)
    assert abs(s.e1[0]) < 1e-3
    assert abs(s.e2[0]) < 1e-3


def test_stamp_with_unknown_pixels_is_not_measured():
    stamps = galaxies(2, 0, 0)
    stamps[1, 3, 3] = np.nan
    s = m.shapes(stamps, 0.0, psfs(2), 3.0, 100.0)
    assert np.isfinite(s.e1[0])
    assert np.isnan(s.e1[1])


def test_no_objects_give_nan_shear():
    s = m.shapes(np.zeros((0, SIDE, SIDE), np.float32), 1.0, psfs(0), 3.0, 100.0)
    assert len(s.e1) == 0
    assert np.isnan(m.mean_shear(s)[0])


def test_a_move_within_the_pixel_changes_nothing():
    profile = galsim.Convolve(galsim.Exponential(half_light_radius=3.0, flux=1000).shear(g1=0.2, g2=0.1), PSF)
    side = SIDE + 1
    middle, moved = (
        profile.drawImage(nx=side, ny=side, scale=SCALE, offset=o).array[None] for o in ((0, 0), (0.4, -0.3))
    )
    beam = PSF.drawImage(nx=side, ny=side, scale=SCALE).array[None]
    a = m.shapes(middle, 0.0, beam, 3.0, 100.0)
    b = m.shapes(moved, 0.0, beam, 3.0, 100.0, np.array([[0.4, -0.3]]))
    # what the stamp cuts off of the wings: 1e-4 of the flux
    assert b.e1[0] == pytest.approx(a.e1[0], abs=1e-4)
    assert b.e2[0] == pytest.approx(a.e2[0], abs=1e-4)
