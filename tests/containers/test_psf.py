import numpy as np

from gnomon.containers.psf import PositionPolynomial, PsfModel


def gaussian(size, sigma, dx=0.0, dy=0.0, step=1):
    u = (np.arange(step * (size - 1) + 1) / step) - size // 2
    image = np.exp(-0.5 * (u - dx) ** 2 / sigma**2) * np.exp(-0.5 * (u - dy)[:, None] ** 2 / sigma**2)
    return image / image.sum() * step**2


def model(step=1):
    basis = np.stack(
        [gaussian(25, 1.8, step=step), 0.1 * gaussian(25, 2.0, step=step), 0 * gaussian(25, 2, step=step)]
    )
    return PsfModel(basis.astype(np.float32), 1, (500.0, 500.0), (500.0, 500.0), step)


def test_centred_stamps_sum_to_one_anywhere():
    stamps = model().stamps([0, 500, 999], [10, 20, 30])
    assert stamps.shape == (3, 25, 25)
    np.testing.assert_allclose(stamps.sum((1, 2)), 1, rtol=1e-6)


def test_a_shifted_stamp_is_the_shifted_profile_at_either_sampling():
    truth = gaussian(25, 1.8, 0.3, -0.45)
    # sixth-order interpolation at sigma = 1.8 px: 1e-4 of the peak, 64 times less for two samples per pixel
    for step, tolerance in ((1, 2e-4), (2, 3e-6)):
        stamp = model(step).stamps(500, 500, 0.3, -0.45)[0]
        np.testing.assert_allclose(stamp, truth, atol=tolerance * truth.max() + 1e-7)
        assert abs(stamp.sum() - 1) < 1e-5


def test_empty_positions_give_no_stamps():
    assert model().stamps([], []).shape == (0, 25, 25)


def test_position_polynomial_follows_its_terms():
    p = PositionPolynomial(np.array([1.0, 2.0, 3.0]), 1, (10.0, 20.0), (10.0, 20.0))
    np.testing.assert_allclose(p([20, 10], [20, 40]), [3.0, 4.0])
