import numpy as np
import pytest

from algorithms.coadd.epochs import gaussian
from gnomon.algorithms.coadd.width import round_width


@pytest.mark.parametrize("sigma", [1.0, 1.6, 3.0])
def test_gaussians_have_their_own_width(sigma):
    images = np.stack([gaussian(17, 17, sigma, 35), 5 * gaussian(17, 17, sigma, 35)]).astype(np.float32)
    # sums over pixels stand for integrals: 2e-3 at 1 px, nothing beyond
    np.testing.assert_allclose(round_width(images), sigma, rtol=3e-3)


def test_what_is_no_star_has_some_width():
    images = np.stack([np.zeros((21, 21)), -np.ones((21, 21)), np.ones((21, 21))]).astype(np.float32)
    width = round_width(images)
    assert np.isfinite(width).all()
    assert ((width >= 0.5) & (width <= 8)).all()
