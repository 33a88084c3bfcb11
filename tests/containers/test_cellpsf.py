import numpy as np

from gnomon.containers.cellpsf import CellPsf


def psf():
    images = np.full((4, 3, 3), 0.1, np.float32)
    images[1] *= 2
    images[2] = 0
    return CellPsf(images, origin=5, side=10)


def test_positions_belong_to_their_cell_and_the_border_to_the_cell_beside_it():
    assert psf().cell_of([5, 14.4, 14.6, 24], [5, 5, 5, 24]).tolist() == [0, 0, 1, 3]
    assert psf().cell_of([0, 99], [0, 99]).tolist() == [0, 3]


def test_the_terms_pick_the_image_of_the_cell():
    x, y = [6, 16, 16], [6, 6, 16]
    drawn = np.tensordot(psf().terms(x, y), psf().basis, axes=(1, 0))
    np.testing.assert_allclose(drawn / drawn.sum(axis=(1, 2), keepdims=True), psf().stamps(x, y), rtol=1e-6)


def test_a_cell_without_inputs_has_the_mean_of_the_others():
    np.testing.assert_allclose(psf().total([6], [16]), [(0.9 + 1.8 + 0.9) / 3], rtol=1e-6)


def test_total_is_the_part_of_the_light_in_the_stamp():
    np.testing.assert_allclose(psf().total([6, 16], [6, 6]), [0.9, 1.8], rtol=1e-6)
