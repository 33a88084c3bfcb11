import numpy as np

from gnomon.algorithms.cosmicray.examples import examples
from gnomon.algorithms.cosmicray.features import N_FEATURES
from gnomon.containers.image import Image


def test_hits_are_labelled_and_pixels_of_little_charge_are_left_out():
    rng = np.random.default_rng(1)
    charge, sigma = np.zeros((100, 100)), np.full((100, 100), 10.0)
    charge[20:40, 50], charge[60, 60] = 300, 20
    flux = rng.normal(100, 10, charge.shape) + charge
    image = Image(
        flux.astype(np.float32), np.full(charge.shape, 100, np.float32), np.zeros(charge.shape, np.uint32)
    )
    x, hit = examples(image, 3.0, charge, sigma)
    assert x.shape == (len(hit), N_FEATURES)
    assert hit.sum() == 20  # of 30 sigma each, all candidates or beside one; that of 2 sigma is none
    assert (~hit).sum() < 10  # pixels beside, 2.5 sigma high by chance
