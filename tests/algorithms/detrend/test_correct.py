from dataclasses import replace

import numpy as np
import pytest

from gnomon.algorithms.detrend.correct import Masters, above_overscan, detrend, read_variance
from gnomon.containers.instrument import RawLayout
from gnomon.containers.raw import RawAmp, RawDetector, Section
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK
from readouts import GAINS, LEVELS, NOISES, SHAPE, plane, read_out, sections

PLAIN = RawLayout(overscan="row", saturation_radius=0)
ROUNDING = 1 / 12  # variance of rounding to whole ADU, ADU^2


def rng():
    return np.random.default_rng(11)


def bits(image, plane_name):
    return (image.mask & MASK[plane_name]) != 0


def sky(level=2000.0):
    y, x = np.indices(SHAPE)
    return level + 3.0 * x + 2.0 * y


def test_a_noiseless_scene_comes_back_in_electrons():
    truth = sky()
    raw = read_out(truth, rng(), noise=False, drift=4.0)
    # a noiseless overscan is constant within a row, but not all over: the drift keeps it from looking dead
    image = detrend(raw, Masters(), 0.0, PLAIN)
    # rounding of light and of overscan to whole ADU, each half an ADU at most
    np.testing.assert_allclose(image.flux, truth, atol=max(GAINS) * 1.0 + 1e-3)
    assert not image.mask.any()


def test_each_effect_is_undone_in_the_right_order():
    """Everything at once: what the electronics do last is undone first."""
    truth, seconds, c, ghost = sky(30000.0), 50.0, 2e-7, 1e-3
    y, x = np.indices(SHAPE)
    flat, dark, bias = 1 - 1e-3 * (y % 7), 0.2 + 0.01 * (x % 5), 3.0 + np.sin(x / 5)
    raw = read_out(truth * flat + dark * seconds, rng(), bias, 4.0, c, ghost, noise=False)
    masters = Masters(plane(bias), plane(dark), plane(flat), plane(0))
    layout = replace(PLAIN, linearity=(c, 2 * c**2, 5 * c**3), crosstalk=((0, ghost), (ghost, 0)))
    image = detrend(raw, masters, seconds, layout)
    # rounding as above; crosstalk of the bias pattern (4 ADU x 1e-3) is not undone
    np.testing.assert_allclose(image.flux, truth, atol=max(GAINS) * 1.05)


def test_leaving_out_any_master_is_noticed():
    truth, seconds = sky(30000.0), 50.0
    flat, dark, bias = plane(0.9), plane(1.0), plane(5.0)
    raw = read_out(truth * 0.9 + seconds, rng(), 5.0, 4.0, noise=False)
    for missing in ("bias", "dark", "flat"):
        masters = replace(Masters(bias, dark, flat, None), **{missing: None})
        assert np.abs(np.median(detrend(raw, masters, seconds, PLAIN).flux - truth)) > 4, missing


def test_variance_is_that_of_repeated_exposures():
    generator, truth = rng(), np.full(SHAPE, 400.0)
    frames = [
        detrend(
            read_out(generator.poisson(truth), generator), Masters(), 0.0, replace(PLAIN, overscan="median")
        )
        for _ in range(60)
    ]
    spread = np.var([f.flux for f in frames], axis=0, ddof=1)
    stated = np.mean([f.variance for f in frames], axis=0)
    for place, gain in zip(sections(), GAINS, strict=True):
        got, want = spread[place.slices()].mean(), stated[place.slices()].mean() + gain**2 * ROUNDING
        # 3072 pixels x 59 degrees of freedom: 0.3 %; the level of each exposure (1024 x 14 values) adds 1e-4
        assert got == pytest.approx(want, rel=0.015)


def test_masters_bring_their_noise():
    raw = read_out(np.full(SHAPE, 10000.0), rng(), drift=1.0, noise=False)
    masters = Masters(plane(0, 0.25), plane(0.1, 0.01), plane(1.0, 1e-4))
    image = detrend(raw, masters, 100.0, PLAIN)
    gain, noise = GAINS[0], NOISES[0]
    want = 10000 + noise**2 + gain**2 * 0.25 + 100.0**2 * 0.01 + (10000 - 10) ** 2 * 1e-4
    assert image.variance[5, 5] == pytest.approx(want, rel=1e-3)


def test_saturated_pixels_and_their_margin_are_marked():
    truth = np.full(SHAPE, 1000.0)
    truth[30:34, 20] = 80000.0  # 53,333 ADU: above 50,000
    truth[26:40, 20] = np.maximum(truth[26:40, 20], 70000.0)  # 46,667 ADU: suspect, part of the trail
    layout = replace(PLAIN, saturation_radius=1, suspect_fraction=0.9)
    image = detrend(read_out(truth, rng()), Masters(), 0.0, layout)
    want = np.zeros(SHAPE, bool)
    want[25:41, 19:22] = True
    np.testing.assert_array_equal(bits(image, "SAT"), want)


def test_defects_carry_no_information():
    defects = plane(0)
    defects.mask[3, 4] = MASK["BAD"]
    flat = plane(1.0)
    flat.flux[5, 6] = 0.02
    flat.flux[7, 8] = np.nan
    image = detrend(read_out(np.full(SHAPE, 1000.0), rng()), Masters(flat=flat, defects=defects), 0.0, PLAIN)
    assert np.array_equal(np.argwhere(bits(image, "BAD")), [[3, 4], [5, 6], [7, 8]])
    lost = bits(image, "BAD")
    assert not image.flux[lost].any()
    assert not image.variance[lost].any()
    assert np.all(image.variance[~lost] > 0)
    assert np.isfinite(image.flux).all()


def with_amp(raw, number, **changes):
    amps = list(raw.amps)
    amps[number] = replace(amps[number], **changes)
    return RawDetector(tuple(amps), raw.header)


def test_pixels_that_are_not_finite_are_marked():
    raw = read_out(np.full(SHAPE, 1000.0), rng())
    data = raw.amps[0].data.astype(np.float32)
    data[10, 14] = np.nan
    image = detrend(with_amp(raw, 0, data=data), Masters(), 0.0, PLAIN)
    assert np.array_equal(np.argwhere(bits(image, "NO_DATA")), [[10, 10]])


def test_an_amplifier_with_a_dead_overscan_is_lost_and_the_other_is_not():
    raw = read_out(np.full(SHAPE, 1000.0), rng())
    data = raw.amps[1].data.copy()
    data[:, 52:] = 0
    image = detrend(with_amp(raw, 1, data=data), Masters(), 0.0, PLAIN)
    np.testing.assert_array_equal(bits(image, "BAD"), np.indices(SHAPE)[1] >= 48)
    assert not image.variance[:, 48:].any()
    assert np.median(image.flux[:, :48]) == pytest.approx(1000, abs=5)


def test_crosstalk_of_a_bright_star_is_flagged_where_its_ghost_was():
    truth = np.full(SHAPE, 500.0)
    truth[20:24, 10:14] = 60000.0
    raw = read_out(truth, rng(), crosstalk=2e-3)
    image = detrend(raw, Masters(), 0.0, replace(PLAIN, crosstalk=((0, 2e-3), (2e-3, 0))))
    want = np.zeros(SHAPE, bool)
    want[20:24, 82:86] = True  # the other amplifier is read from the right: column 95 - 10 ... 95 - 13
    np.testing.assert_array_equal(bits(image, "CROSSTALK"), want)
    # 16 pixels of about 24 electrons of noise
    assert image.flux[want].mean() == pytest.approx(500, abs=5 * 25 / 4)


def hopeless(kind):
    raw = read_out(np.full(SHAPE, 1000.0), rng())
    if kind == "saturated":
        return read_out(np.full(SHAPE, 95000.0), rng()), Masters()
    if kind == "not finite":
        lost = [a.data.astype(np.float32) for a in raw.amps]
        for data in lost:
            data[:, :52] = np.nan
        return with_amp(with_amp(raw, 0, data=lost[0]), 1, data=lost[1]), Masters()
    if kind == "usable overscan":
        empty = [np.zeros_like(a.data) for a in raw.amps]
        return with_amp(with_amp(raw, 0, data=empty[0]), 1, data=empty[1]), Masters()
    return raw, Masters(
        flat=type(plane(1.0))(*(p[:10] for p in (plane(1.0).flux,) * 2), plane(1.0).mask[:10])
    )


@pytest.mark.parametrize("kind", ["saturated", "not finite", "usable overscan", "master flat is"])
def test_hopeless_detectors_are_refused_with_the_reason(kind):
    raw, masters = hopeless(kind)
    with pytest.raises(UnprocessableData, match=kind):
        detrend(raw, masters, 0.0, PLAIN)


def test_camera_without_overscan_is_taken_as_it_is():
    data = np.full((4, 5), 700, np.uint16)
    cards = {"GAIN": 2.0, "RDNOISE": 5.0, "SATURATE": 60000.0}
    amp = RawAmp(data, Section(0, 5, 0, 4), Section(0, 0, 0, 0), Section(0, 5, 0, 4), cards)
    image = detrend(RawDetector((amp,), {}), Masters(), 0.0, PLAIN)
    np.testing.assert_array_equal(image.flux, 1400)
    np.testing.assert_array_equal(image.variance, 1425)


def test_overscan_of_other_rows_gives_one_level():
    data = np.full((8, 20), 500, np.uint16)
    data[4:] += rng().integers(-3, 4, (4, 20)).astype(np.uint16)
    cards = {"GAIN": 1.0, "RDNOISE": 2.0, "SATURATE": 60000.0}
    amp = RawAmp(data, Section(0, 20, 0, 4), Section(0, 20, 4, 8), Section(0, 20, 0, 4), cards)
    image = detrend(RawDetector((amp,), {}), Masters(), 0.0, PLAIN)
    assert np.ptp(image.flux) == 0
    assert abs(image.flux[0, 0]) <= 1


def test_bias_frames_come_out_in_adu():
    raw = read_out(np.zeros(SHAPE), rng(), bias=7.0)
    image = above_overscan(raw, replace(PLAIN, linearity=(1e-3,), overscan="median"))
    # 6144 pixels of 4 ADU and a level from 14 x 64 pixels
    assert image.flux.mean() == pytest.approx(7.0, abs=5 * 4.2 * (1 / 6144 + 1.6 / 900) ** 0.5)
    assert np.max(LEVELS) > 100


def test_read_variance_follows_the_amplifiers():
    plane_of = read_variance(read_out(np.zeros(SHAPE), rng()))
    assert np.unique(plane_of[:, :48]) == np.float32(NOISES[0] ** 2)
    assert np.unique(plane_of[:, 48:]) == np.float32(NOISES[1] ** 2)
