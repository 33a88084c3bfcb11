import numpy as np
import pytest

from gnomon.algorithms.psf import adaptive_moments, psf_of_colour
from gnomon.algorithms.visit.characterise import gaussian_psf
from gnomon.containers.psf import Chromatic, PsfModel

SLOPES = Chromatic(0.01, -0.02, -0.03, 0.8)


def model(chromatic=SLOPES):
    base, wide = (gaussian_psf(f, (400, 400), 31).basis[0] for f in (4.0, 4.2))
    return PsfModel(
        np.stack([base, wide - base, np.zeros_like(base)]), 1, (199.5, 199.5), (200.0, 200.0), chromatic
    )


@pytest.mark.parametrize("colour", [-0.2, 1.8])
def test_the_shape_changes_by_the_slopes_everywhere(colour):
    x, y = np.random.default_rng(0).uniform(0, 399, (2, 20))
    mean, drawn = (adaptive_moments(m.samples(x, y)) for m in (model(), psf_of_colour(model(), colour)))
    # first order about the mean image, and T varies by 10 % over the detector
    change = np.array([drawn.e1 - mean.e1, drawn.e2 - mean.e2, np.log(drawn.trace / mean.trace)])
    want = np.broadcast_to(((colour - 0.8) * np.array(SLOPES[:3]))[:, None], change.shape)
    np.testing.assert_allclose(change, want, rtol=0.15, atol=1e-3)


def test_stamps_of_a_colour_have_unit_sum():
    np.testing.assert_allclose(psf_of_colour(model(), 2.0).stamps([3.0], [50.0]).sum(), 1, rtol=1e-6)


def test_stars_of_the_reference_or_without_a_colour_look_like_the_model():
    assert psf_of_colour(model(None), 2.0).basis.tobytes() == model().basis.tobytes()
    for colour in (0.8, np.nan):
        assert psf_of_colour(model(), colour).basis.tobytes() == model().basis.tobytes()


def test_twice_to_a_colour_is_once():
    np.testing.assert_array_equal(
        psf_of_colour(psf_of_colour(model(), 1.5), 1.5).basis, psf_of_colour(model(), 1.5).basis
    )
