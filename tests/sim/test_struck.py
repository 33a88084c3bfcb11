import numpy as np

from gnomon.sim.struck import struck_field


def test_noise_is_as_stated_and_rays_add_their_charge():
    field = struck_field(np.random.default_rng(4), 300, 3.0, 5, 40)
    dark = (field.charge == 0) & (field.sigma <= np.quantile(field.sigma, 0.7))
    left = field.flux[dark] - np.median(field.flux[dark])
    # 50,000 pixels: 0.3 % statistical; stars' wings add some
    assert abs(np.std(left) / np.median(field.sigma[dark]) - 1) < 0.03
    hit = field.charge > 20 * field.sigma
    assert hit.sum() > 20
    above = field.flux[hit] - np.median(field.flux[dark])
    assert np.median(above / field.charge[hit]) > 0.95


def test_a_field_follows_from_its_generator():
    first, second = (struck_field(np.random.default_rng(7), 120, 2.5, 20, 5) for _ in range(2))
    np.testing.assert_array_equal(first.flux, second.flux)
    assert 2.5 < first.fwhm_px < np.sqrt(2.5**2 + 5.55 * (1 / 12 + 0.25)) + 1e-6
