import numpy as np
import pytest

from gnomon.algorithms.coadd.chi2 import chi2_image
from gnomon.containers.image import Image
from gnomon.flags import MASK


def image(rng, variance, shape=(200, 150)):
    flux = rng.normal(0, np.sqrt(variance), shape).astype(np.float32)
    return Image(flux, np.full(shape, variance, np.float32), np.zeros(shape, np.uint32))


def test_noise_has_the_mean_and_variance_of_chi_squared():
    rng = np.random.default_rng(1)
    made, count = chi2_image([image(rng, v) for v in (4.0, 100.0, 0.01)])
    assert (count == 3).all()
    # 30,000 pixels: the mean is known to 0.014, the variance to 1.5 %
    assert made.flux.mean() == pytest.approx(3, abs=0.06)
    assert made.flux.var() == pytest.approx(6, rel=0.06)
    assert (made.variance == 6).all()


def test_a_band_without_data_is_left_out_and_none_is_said():
    rng = np.random.default_rng(2)
    one, two = image(rng, 4.0), image(rng, 9.0)
    two.variance[:50], one.variance[:10] = 0, 0
    two.mask[:50], one.mask[60] = MASK["NO_DATA"], MASK["SAT"]
    made, count = chi2_image([one, two])
    assert np.unique(count[:10]).tolist() == [0]
    assert (made.mask[:10] == MASK["NO_DATA"]).all()
    np.testing.assert_allclose(made.flux[10:50], one.flux[10:50] ** 2 / 4, rtol=1e-6)
    assert not made.mask[10:50].any()
    assert (made.mask[60] == MASK["SAT"]).all()


def test_refuses_images_of_different_shapes():
    rng = np.random.default_rng(3)
    with pytest.raises(ValueError, match="wanted one"):
        chi2_image([image(rng, 1.0), image(rng, 1.0, (3, 4))])
