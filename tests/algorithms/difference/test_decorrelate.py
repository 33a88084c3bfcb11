"""The whitening filters: exact statements in Fourier space."""

import numpy as np
import pytest

from gnomon.algorithms.difference.decorrelate import FLOOR, whitening_filters

N = 96


def gaussian(sigma, half=15):
    x = np.arange(-half, half + 1)
    image = np.exp(-0.5 * (x**2 + x[:, None] ** 2) / sigma**2)
    return image / image.sum()


@pytest.mark.parametrize("blur", [None, 0.8, 2.0])
@pytest.mark.parametrize("noise", [(100.0, 0.0), (100.0, 6.0), (100.0, 100.0)])
def test_noise_of_the_difference_is_white(blur, noise):
    s, t = (np.array([v]) for v in noise)
    kernel = 1.2 * gaussian(1.4)[None]
    filters = whitening_filters(kernel, None if blur is None else gaussian(blur), s, t, N)
    power = s * np.abs(filters.science) ** 2 + t * np.abs(filters.template) ** 2
    # Without template noise a blurred image cannot be made white where the blur leaves less than the floor.
    if t == 0 and blur:
        assert (power <= s * (1 + 1e-9)).all()
    else:
        np.testing.assert_allclose(power / (s + 1.44 * t), 1.0, rtol=2e3 * FLOOR)


def test_flux_is_kept():
    filters = whitening_filters(1.2 * gaussian(1.4)[None], None, np.array([9.0]), np.array([4.0]), N)
    assert filters.science[0, 0, 0] == pytest.approx(1.0)
    assert filters.template[0, 0, 0] == pytest.approx(1.2)


def test_without_template_noise_nothing_is_to_be_whitened():
    filters = whitening_filters(gaussian(1.4)[None], None, np.array([9.0]), np.array([0.0]), N)
    np.testing.assert_allclose(filters.science, 1.0, atol=1e-6)


def test_matched_images_cancel_in_every_mode():
    # Template a Gaussian of 1.5 px, image one of 2.0 px: the kernel between them is exact in Fourier space but for
    # sampling, and the filters keep the ratio K / P.
    kernel = gaussian(np.sqrt(2.0**2 - 1.5**2))[None]
    filters = whitening_filters(kernel, None, np.array([9.0]), np.array([4.0]), N)
    x = np.fft.fftfreq(N, 1 / N)
    stars = [np.exp(-0.5 * (x**2 + x[:, None] ** 2) / w**2) / (2 * np.pi * w**2) for w in (2.0, 1.5)]
    left = np.fft.irfft2(
        np.fft.rfft2(stars[0]) * filters.science[0] - np.fft.rfft2(stars[1]) * filters.template[0]
    )
    assert np.abs(left).max() < 1e-5
