import numpy as np
import pytest

from gnomon.sim.camera import amplifiers, bias_section, data_section, illumination, sensor
from gnomon.sim.recipe import CameraRecipe, SurveyRecipe, demo_recipe, toy_recipe


@pytest.mark.parametrize("layout", [2, 16])
def test_amplifier_sections_tile_the_detector(layout):
    camera = CameraRecipe(size=64, amplifiers=layout)
    covered = np.zeros((64, 64), int)
    amps = amplifiers(camera, 0)
    for amp in amps:
        covered[amp.detsec.slices()] += 1
        data, bias = data_section(camera, amp), bias_section(camera, amp)
        assert data.shape == amp.detsec.shape
        assert bias.x0 == data.x1
    assert len(amps) == layout
    assert np.all(covered == 1)


def test_gains_are_those_of_the_instrument_description():
    found = [(a.gain, a.read_noise) for d in range(4) for a in amplifiers(demo_recipe().camera, d)]
    expected = [
        (1.50 + 0.02 * ((5 * d + 3 * a) % 11), 6.0 + 0.3 * ((3 * d + a) % 5))
        for d in range(4)
        for a in range(2)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_flat_is_one_on_average_with_a_percent_of_pixel_response():
    part = sensor(toy_recipe(), 0, "r")
    good = ~part.defects
    ratio = part.flat[good] / illumination(toy_recipe().camera, 0, "r")[good]
    assert np.mean(ratio) == pytest.approx(1.0, abs=2e-4)
    assert np.std(ratio) == pytest.approx(0.01, rel=0.03)


def test_dead_and_hot_pixels_are_listed_as_defects():
    part = sensor(toy_recipe(), 0, "r")
    assert np.all(part.defects[part.flat < 0.7])
    assert np.all(part.defects[part.dark > 1])
    assert 0 < part.defects.mean() < 0.03


def test_a_camera_without_flaws_is_flat():
    camera = CameraRecipe(n_x=1, n_y=1, size=64, flaws=False)
    recipe = SurveyRecipe(1, 0.0, 0.0, (), camera=camera)
    part = sensor(recipe, 0, "g")
    assert not part.defects.any()
    assert part.flat.mean() == pytest.approx(1, abs=1e-3)
