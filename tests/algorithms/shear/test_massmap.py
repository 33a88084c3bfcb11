import numpy as np

from gnomon.algorithms.shear.massmap import binned_shear, kaiser_squires, mass_map


def halo(n, seed, shape=(64, 64), pixel=1.0, noise=0.0):
    """Shear of galaxies around a singular isothermal sphere with a core; the map's centre is the lens."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, shape[1] * pixel, n), rng.uniform(0, shape[0] * pixel, n)
    dx, dy = x - shape[1] / 2, y - shape[0] / 2
    r = np.hypot(dx, dy)
    tangential = 0.5 / np.maximum(r, 1.5)
    g1, g2 = -tangential * np.cos(2 * np.arctan2(dy, dx)), -tangential * np.sin(2 * np.arctan2(dy, dx))
    return x, y, g1 + noise * rng.standard_normal(n), g2 + noise * rng.standard_normal(n)


def test_inversion_is_exact_for_a_periodic_field():
    rng = np.random.default_rng(0)
    kappa = rng.standard_normal((32, 48))
    # The forward relation, written out: gamma(k) = (k1^2 - k2^2 + 2 i k1 k2) / k^2 kappa(k); Nyquist rows
    # of real maps mix E and B, so they are left out.
    ky, kx = np.fft.fftfreq(32)[:, None], np.fft.fftfreq(48)[None, :]
    k2 = kx**2 + ky**2
    k2[0, 0] = 1
    f = np.fft.fft2(kappa)
    f[0, 0] = f[16, :] = 0
    f[:, 24] = 0
    gamma = np.fft.ifft2((kx**2 - ky**2 + 2j * kx * ky) / k2 * f)
    e, b = kaiser_squires(gamma.real, gamma.imag)
    np.testing.assert_allclose(e, np.fft.ifft2(f).real, atol=1e-12)
    np.testing.assert_allclose(b, 0, atol=1e-12)


def test_lens_stands_out_in_e_and_not_in_b():
    x, y, g1, g2 = halo(20_000, 1, noise=0.1)
    m = mass_map(x, y, g1, g2, np.ones_like(x), (64, 64), 1.0, 1.5)
    peak = np.unravel_index(m.kappa_e.argmax(), m.kappa_e.shape)
    assert np.hypot(peak[0] - 31.5, peak[1] - 31.5) < 3
    assert m.kappa_e.max() > 8 * m.kappa_b.std()
    assert np.abs(m.kappa_b[28:36, 28:36]).max() < 5 * m.kappa_b.std()


def test_shear_turned_by_45_degrees_moves_signal_to_b():
    x, y, g1, g2 = halo(20_000, 2)
    a = mass_map(x, y, g1, g2, np.ones_like(x), (64, 64), 1.0, 1.0)
    b = mass_map(x, y, -g2, g1, np.ones_like(x), (64, 64), 1.0, 1.0)
    np.testing.assert_allclose(b.kappa_b, a.kappa_e, atol=1e-12)


def test_galaxies_outside_or_without_shape_do_not_count():
    x, g = np.array([0.5, -1.0, 70.0, 0.5]), np.array([0.1, 9.0, 9.0, np.nan])
    one, _, n = binned_shear(x, np.full(4, 0.5), g, g, np.ones(4), (64, 64), 1.0)
    assert n.sum() == 1
    assert one[0, 0] == 0.1


def test_empty_catalogue_gives_a_flat_map():
    none = np.zeros(0)
    assert (mass_map(none, none, none, none, none, (8, 8), 1.0, 1.0).kappa_e == 0).all()
