from dataclasses import replace

import numpy as np
import pytest

from calib_scene import BIAS, CAMERA, DARK, FLAT, SHAPE, exposures, master, pulls
from gnomon.containers.dataid import DataId
from gnomon.containers.exposure import CalibratedPixels, RawExposure
from gnomon.containers.instrument import RawLayout
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK
from gnomon.pipeline.calib import MasterConfig
from gnomon.pipeline.visit import IsrConfig
from gnomon.steps.isr import isr
from gnomon.steps.master_bias import master_bias
from gnomon.steps.master_dark import master_dark

ID = DataId("cam", visit=7, detector=0)
DEFECTS = master(np.zeros(SHAPE))
DEFECTS.mask[10, 20] = DEFECTS.mask[30, 40] = MASK["BAD"]


def run(
    raw, bias=(master(BIAS),), dark=(master(DARK),), flat=(master(FLAT),), defects=(DEFECTS,), config=None
):
    return isr(CAMERA, raw, bias, dark, flat, defects, data_id=ID, config=config or IsrConfig())


def science(electrons=1000.0):
    return exposures("science", 1, electrons, 30.0, 9)[0]


def test_sky_comes_back_in_electrons_with_its_error():
    made = run(science())
    mean, rms = pulls(made.image, 1000.0)
    # 5118 pixels, and the level of 128 half rows (0.14 e- of 32): five of 0.0147; rms to 0.0099
    assert abs(mean) < 0.08
    assert rms == pytest.approx(1, abs=0.05)
    assert np.count_nonzero(made.image.mask & MASK["BAD"]) == 2
    assert made.detrended_by == "gnomon"
    assert made.facts.visit == 7


@pytest.mark.parametrize("name", ["bias", "dark", "flat", "defects"])
def test_a_missing_master_is_named(name):
    with pytest.raises(UnprocessableData, match=f"found no master {name}"):
        run(science(), **{name: ()})


def test_masters_may_be_left_out_on_purpose():
    config = IsrConfig(masters=("bias",))
    made = run(science(), dark=(), flat=(), defects=(), config=config)
    assert not (made.image.mask & MASK["BAD"]).any()
    assert made.image.flux[10, 20] > 2000  # the hot pixel stays


def test_detrended_pixels_are_only_converted_and_said_to_be():
    flux = np.full(SHAPE, 100, np.float32)
    pixels = CalibratedPixels(flux, flux / 25, np.zeros(SHAPE, np.uint32), 2.0, np.inf)
    raw = science()
    made = run(RawExposure(raw.facts, raw.wcs, pixels, 31.0), (), (), (), ())
    assert (made.detrended_by, made.zero_point) == ("observatory", 31.0)
    assert np.unique(made.image.flux) == 200
    assert np.unique(made.image.variance) == 16


def test_calibration_exposures_are_refused():
    with pytest.raises(UnprocessableData, match="found a bias exposure, wanted one of the sky"):
        run(exposures("bias", 1, 0, 0.0, 1)[0])


def test_saturated_exposures_are_refused_with_the_reason():
    with pytest.raises(UnprocessableData, match="100 % of the pixels are saturated"):
        run(science(95000.0))


def test_same_input_gives_the_same_pixels():
    raw = science()
    a, b = run(raw), run(raw)
    np.testing.assert_array_equal(a.image.flux, b.image.flux)
    np.testing.assert_array_equal(a.image.variance, b.image.variance)


def test_options_refuse_unknown_masters():
    with pytest.raises(ValueError, match="masters"):
        IsrConfig(masters=("fringe",))
    assert replace(IsrConfig(), masters=()).masters == ()


@pytest.mark.parametrize("dark_s", [15.0, 30.0, 60.0])
def test_noise_of_empty_pixels_is_the_variance_plane(dark_s):
    """The master bias enters an exposure directly and through the dark it was taken from, with one error."""
    camera = replace(CAMERA, raw=RawLayout(saturation_radius=0, overscan="median"))
    found, stated, good = [], [], (FLAT > 0) & (DARK < 1)
    for seed in range(0, 60, 3):
        bias = master_bias(camera, exposures("bias", 3, 0, 0.0, seed), ID, MasterConfig())
        dark = master_dark(camera, exposures("dark", 3, 0, dark_s, seed + 1), [bias], ID, MasterConfig())
        raw = exposures("science", 1, 30.0, 30.0, seed + 2)[0]
        made = isr(camera, raw, [bias], [dark], [master(FLAT)], [DEFECTS], ID, IsrConfig()).image
        found.append((made.flux - 30.0)[good])
        stated.append(made.variance[good])
    # 20 x 5118 pixels: the width is known to 0.22 %, rounding to whole ADU adds 0.1 %; 12 e- of bias noise of 70 to
    # 140 e- in all, counted twice, are 4 to 9 %
    assert np.std(found) / np.sqrt(np.mean(stated)) == pytest.approx(1, abs=0.01)
