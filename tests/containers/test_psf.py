import numpy as np

from gnomon.containers.psf import PsfModel


def gaussian(size, sigma, dx=0.0, dy=0.0):
    u = np.arange(size) - size // 2
    image = np.exp(-0.5 * (u - dx) ** 2 / sigma**2) * np.exp(-0.5 * (u - dy)[:, None] ** 2 / sigma**2)
    return image / image.sum()


def model():
    basis = np.stack([gaussian(25, 1.8), 0.1 * gaussian(25, 2.0), 0 * gaussian(25, 2)])
    return PsfModel(basis.astype(np.float32), 1, (500.0, 500.0), (500.0, 500.0))


def test_centred_stamps_sum_to_one_anywhere():
    stamps = model().stamps([0, 500, 999], [10, 20, 30])
    assert stamps.shape == (3, 25, 25)
    np.testing.assert_allclose(stamps.sum((1, 2)), 1, rtol=1e-6)


def test_a_shifted_stamp_is_the_shifted_profile():
    truth = gaussian(25, 1.8, 0.3, -0.45)
    stamp = model().stamps(500, 500, 0.3, -0.45)[0]
    # sixth-order interpolation at sigma = 1.8 px leaves 1e-4 of the peak
    np.testing.assert_allclose(stamp, truth, atol=2e-4 * truth.max())
    assert abs(stamp.sum() - 1) < 1e-5


def test_empty_positions_give_no_stamps():
    assert model().stamps([], []).shape == (0, 25, 25)
