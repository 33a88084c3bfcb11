from dataclasses import replace

import numpy as np
import pytest

from gnomon.sim.camera import amplifiers
from gnomon.sim.readout import bleed, cosmic_rays, read_detector, saturation_adu
from gnomon.sim.recipe import toy_recipe

WELL = 1000.0


def test_bleeding_conserves_charge_and_fills_pixels_to_the_brim():
    electrons = np.full((200, 5), 100.0, np.float32)
    electrons[100, 2] = 20_000
    out = bleed(electrons.copy(), WELL)
    assert out.sum() == pytest.approx(electrons.sum(), rel=1e-6)
    assert out.max() <= WELL * (1 + 1e-6)
    np.testing.assert_array_equal(out[:, [0, 1, 3, 4]], electrons[:, [0, 1, 3, 4]])
    # 19,000 electrons of excess over 900 of room a pixel: 21.1 pixels, half on each side
    full = np.flatnonzero(out[:, 2] > WELL - 1)
    assert full.min() == 100 - 10
    assert full.max() == 100 + 10


def test_bleeding_off_the_border_loses_charge():
    electrons = np.zeros((20, 1), np.float32)
    electrons[0, 0] = 11_000
    out = bleed(electrons.copy(), WELL)
    assert out.sum() == pytest.approx(6000)  # its own well and the half that ran up


def test_unsaturated_images_are_untouched():
    electrons = np.random.default_rng(1).uniform(0, WELL, (30, 30)).astype(np.float32)
    np.testing.assert_array_equal(bleed(electrons.copy(), WELL), electrons)


def test_cosmic_rays_are_as_many_as_asked_and_inside():
    rng = np.random.default_rng(2)
    y, x, charge = cosmic_rays(rng, (400, 500), 40.0)
    assert y.max() < 400
    assert x.max() < 500
    assert charge.min() > 100
    assert len(np.unique(y * 500 + x)) == len(y)
    # mean length 0.65 * 2.5 + 0.35 * 18 + 0.5 px; each pixel of length hits one to two pixels
    assert 40 * 8 * 0.4 < len(y) < 40 * 8 * 3


def test_electronics_undone_backwards_give_the_electrons():
    recipe = toy_recipe()
    recipe = replace(recipe, camera=replace(recipe.camera, flaws=False))
    n, camera = recipe.camera.size, recipe.camera
    electrons = np.random.default_rng(3).uniform(0, 80_000, (n, n)).astype(np.float32)
    raw = read_detector(recipe, 0, electrons, np.random.default_rng(4))
    bias = [np.mean(a.data[a.biassec.slices()], axis=1, keepdims=True) for a in raw]
    adu = [a.data[a.datasec.slices()] - b for a, b in zip(raw, bias, strict=True)]
    # crosstalk is undone by the same matrix with the opposite sign, to its square
    clean = [adu[0] - camera.crosstalk * adu[1], adu[1] - camera.crosstalk * adu[0]]
    for amp, signal, spec in zip(raw, clean, amplifiers(camera, 0), strict=True):
        c = camera.linearity_per_adu
        linear = (1 - np.sqrt(1 - 4 * c * signal)) / (2 * c)
        found = amp.detsec.orient(linear) * spec.gain
        gap = found - electrons[amp.detsec.slices()]
        # read noise, rounding of an ADU, and the overscan's mean over 32 columns
        expected = np.hypot(spec.read_noise, spec.gain / np.sqrt(12)) * np.sqrt(1 + 1 / 32)
        assert np.std(gap) == pytest.approx(expected, rel=0.03)
        assert abs(np.mean(gap)) < 5 * expected / np.sqrt(gap.size / 8)


def test_full_wells_read_above_the_saturation_card():
    recipe = toy_recipe()
    n = recipe.camera.size
    full = np.full((n, n), recipe.camera.full_well, np.float32)
    for amp, spec in zip(
        read_detector(recipe, 0, full, np.random.default_rng(5)), amplifiers(recipe.camera, 0), strict=True
    ):
        light = amp.data[amp.datasec.slices()].astype(float) - np.median(amp.data[amp.biassec.slices()])
        assert light.min() > saturation_adu(recipe.camera, spec)
        assert amp.data.max() < 65535
