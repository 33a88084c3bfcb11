import numpy as np
import pytest

from algorithms.scenes import draw, grid
from gnomon import flags
from gnomon.algorithms.background import background_map, fit_background, rms_map, subtract_background
from gnomon.containers.image import Image
from gnomon.errors import UnprocessableData


def _image(flux):
    flux = np.ascontiguousarray(flux, np.float32)
    return Image(flux, np.ones_like(flux), np.zeros(flux.shape, np.uint32))


def test_smooth_sky_is_followed_to_a_hundredth_of_its_noise():
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:512, :512] / 512
    sky = 1000 + 20 * x - 10 * y + 2 * np.sin(2 * x) * np.cos(3 * y)
    model = fit_background(_image(rng.normal(sky, 30)), box_px=128)
    error = background_map(model) - sky
    # 16 cells of 128^2: 30/128 each, the mode 2.1 times noisier: .12 for the mean
    assert abs(error.mean()) < 0.45
    assert error.std() < 0.8
    assert np.abs(rms_map(model) / 30 - 1).max() < 0.03


def test_sources_bias_the_sky_little_and_masked_ones_not_at_all():
    rng = np.random.default_rng(2)
    y, x = grid((512, 512), 32, rng)
    truth = draw((512, 512), y, x, 10 ** rng.uniform(3, 5, len(y)))
    image = _image(rng.normal(500 + truth, 22))
    plain = fit_background(image, box_px=128).level.mean() - 500
    assert 0 < plain < 2.5  # a tenth of the noise
    image.mask[truth > 0.05] |= np.uint32(flags.MASK["DETECTED"])
    masked = fit_background(image, box_px=128).level.mean() - 500
    assert abs(masked) < 0.4  # the mode of 2.3e5 pixels: 2.14 x 22 / sqrt(2.3e5) = .1


def test_adding_a_constant_and_scaling_follow():
    rng = np.random.default_rng(3)
    flux = rng.normal(0, 5, (256, 256))
    one = fit_background(_image(flux), box_px=64)
    two = fit_background(_image(4 * flux + 1024), box_px=64)
    np.testing.assert_allclose(two.level, 4 * one.level + 1024, atol=2e-2)  # a bin is 0.2
    np.testing.assert_allclose(two.rms, 4 * one.rms, rtol=5e-3)


def test_empty_cells_are_filled_from_their_neighbours():
    rng = np.random.default_rng(4)
    image = _image(rng.normal(100, 3, (256, 256)))
    image.mask[:64, :128] = flags.MASK["BAD"]
    image.flux[:64, :128] = 1e5
    model = fit_background(image, box_px=64)
    assert np.abs(model.level - 100).max() < 0.5


def test_bright_cell_is_removed_by_the_median():
    rng = np.random.default_rng(5)
    flux = rng.normal(100, 3, (320, 320))
    flux[128:192, 128:192] += 1000
    assert np.abs(fit_background(_image(flux), box_px=64).level - 100).max() < 1


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (130, 127)])
def test_any_shape_has_a_background(shape):
    model = fit_background(_image(np.full(shape, 7.0)), min_fraction=0.0) if shape != (1, 1) else None
    if model is None:
        with pytest.raises(UnprocessableData):
            fit_background(_image(np.full(shape, 7.0)))
        return
    np.testing.assert_allclose(background_map(model), 7.0, atol=1e-5)


def test_nothing_usable_is_said():
    image = _image(np.zeros((256, 256)))
    image.mask[:] = flags.MASK["SAT"]
    with pytest.raises(UnprocessableData, match="usable"):
        fit_background(image)


def test_wrong_use_is_refused():
    image = _image(np.zeros((64, 64)))
    with pytest.raises(ValueError, match="odd"):
        fit_background(image, filter_cells=2)
    model = fit_background(image)
    with pytest.raises(ValueError, match="shape"):
        subtract_background(_image(np.zeros((64, 65))), model)


def test_subtraction_leaves_the_residual():
    rng = np.random.default_rng(6)
    image = _image(rng.normal(100, 3, (200, 300)))
    model = fit_background(image)
    left = subtract_background(image, model)
    np.testing.assert_allclose(left.flux, image.flux - background_map(model), atol=1e-5)
    assert left.mask is image.mask
