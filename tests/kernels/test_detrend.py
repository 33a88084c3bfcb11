"""The one-pass detrending and the clipped mean against slow numpy twins."""

import numpy as np
import pytest

from gnomon.kernels.detrend import (
    AmpConstants,
    MaskBits,
    MasterPlanes,
    Place,
    combine_exposures,
    detrend_amp,
    mix_amplifiers,
)

BITS = MaskBits(2, 128, 1, 256)
SHAPE = (7, 33)


def constants(**changes):
    plain = AmpConstants(1.5, 36.0, 50000.0, 45000.0, (2e-7, 8e-14, 0.0, 0.0), 30.0, 0.1)
    return plain._replace(**changes)


def blank(shape):
    return np.full(shape, -1, np.float32), np.full(shape, -1, np.float32), np.full(shape, 9, np.uint32)


def masters(rng, shape):
    def plane(mean, rms):
        return rng.normal(mean, rms, shape).astype(np.float32)

    defects = (rng.random(shape) < 0.1).astype(np.uint32)
    return MasterPlanes(
        plane(2, 1),
        plane(0, 1) ** 2,
        plane(0.1, 0.01),
        plane(0, 0.01) ** 2,
        plane(1, 0.02),
        plane(0, 0.01) ** 2,
        defects,
    )


def twin(raw, level, ghost, c, m):
    """The docstring of `detrend_amp` in numpy, double precision, without flips."""
    v = raw.astype(float) - level[:, None] - ghost - m.bias
    e = c.gain * (v + v**2 * (c.linearity[0] + c.linearity[1] * v))
    flux = (e - m.dark * c.dark_time) / m.flat
    noise = (
        np.maximum(e, 0) + c.read_variance + c.gain**2 * m.bias_variance + c.dark_time**2 * m.dark_variance
    )
    variance = (noise + flux**2 * m.flat_variance) / m.flat.astype(float) ** 2
    mask = (
        m.defects | np.where(v >= c.saturation, BITS.saturated, 0) | np.where(v >= c.suspect, BITS.suspect, 0)
    )
    none = (mask & BITS.bad) != 0
    return np.where(none, 0, flux), np.where(none, 0, variance), mask


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True), (True, True)])
def test_equals_twin_for_every_type_and_direction(kind, flips):
    rng = np.random.default_rng(3)
    raw = rng.uniform(900, 60000, SHAPE).astype(kind)
    level = rng.normal(1000, 3, SHAPE[0]).astype(np.float32)
    ghost = rng.normal(0, 1, SHAPE).astype(np.float32)
    planes = masters(rng, (20, 50))
    out = blank((20, 50))
    detrend_amp(raw, level, ghost, constants(), BITS, Place(5, 9, *flips), planes, out)
    where = np.s_[5 : 5 + SHAPE[0], 9 : 9 + SHAPE[1]]
    turn = np.s_[:: -1 if flips[0] else 1, :: -1 if flips[1] else 1]
    local = MasterPlanes(*(p[where][turn] for p in planes))
    want = twin(raw, level, ghost, constants(), local)
    for got, wanted in zip(out[:2], want[:2], strict=True):
        # float32 arithmetic of a dozen operations: relative 2e-6 of the largest term, about 1e5 electrons
        np.testing.assert_allclose(got[where][turn], wanted, rtol=5e-6, atol=0.1)
    np.testing.assert_array_equal(out[2][where][turn], want[2])


def test_pixels_outside_the_amplifier_stay_untouched():
    out = blank((20, 50))
    raw, level = np.full(SHAPE, 2000, np.uint16), np.full(SHAPE[0], 1000, np.float32)
    detrend_amp(raw, level, None, constants(), BITS, Place(5, 9, False, False), MasterPlanes(), out)
    assert np.count_nonzero(out[0] != -1) == raw.size
    assert np.count_nonzero(out[2] != 9) == raw.size


def test_a_view_of_the_readout_gives_the_same_as_a_copy():
    readout = np.random.default_rng(1).integers(1000, 3000, (7, 60)).astype(np.uint16)
    level = np.full(7, 1000, np.float32)
    outs = []
    for light in (readout[:, 8:41], np.ascontiguousarray(readout[:, 8:41])):
        outs.append(blank(SHAPE))
        detrend_amp(
            light, level, None, constants(), BITS, Place(0, 0, False, False), MasterPlanes(), outs[-1]
        )
    np.testing.assert_array_equal(outs[0][0], outs[1][0])


def test_lost_and_saturated_pixels_are_marked_and_counted():
    raw = np.full((1, 4), 2000, np.float32)
    raw[0, :2] = np.nan, 60000
    planes = MasterPlanes(flat=np.array([[1, 1, 0.05, np.nan]], np.float32))
    out = blank((1, 4))
    counts = detrend_amp(
        raw, np.zeros(1, np.float32), None, constants(), BITS, Place(0, 0, False, False), planes, out
    )
    assert counts == (1, 1)
    np.testing.assert_array_equal(out[2], [[256, 2 | 128, 1, 1]])
    np.testing.assert_array_equal(out[0] == 0, [[True, False, True, True]])
    np.testing.assert_array_equal(out[1] == 0, [[True, False, True, True]])


@pytest.mark.parametrize(
    "change",
    [
        {"level": np.zeros(3, np.float32)},
        {"place": Place(15, 0, False, False)},
        {"masters": MasterPlanes(bias=np.zeros((2, 2), np.float32))},
        {"crosstalk": np.zeros((2, 2), np.float32)},
    ],
)
def test_shapes_that_disagree_are_refused(change):
    given = {
        "raw": np.zeros(SHAPE, np.uint16), "level": np.zeros(7, np.float32), "crosstalk": None,
        "constants": constants(), "bits": BITS, "place": Place(0, 0, False, False), "masters": MasterPlanes(),
        "out": blank((20, 50)),
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"wanted|beyond|another shape|differs"):
        detrend_amp(**{**given, **change})


def combine_twin(stack, scale, read_variance, photon, nsigma):
    truth = np.nanmedian(stack / scale[:, None], axis=0)
    noise = read_variance + photon * scale[:, None] * np.maximum(truth, 0)
    keep = np.abs(stack - truth * scale[:, None]) <= nsigma * np.sqrt(noise)
    total = np.sum(scale[:, None] * keep, axis=0)
    total[total == 0] = np.inf
    mean = np.sum(np.where(keep, stack, 0), axis=0) / total
    return mean, np.sum(noise * keep, axis=0) / total**2, keep.sum(axis=0)


@pytest.mark.parametrize("n", [1, 2, 3, 10])
def test_clipped_mean_equals_twin(n):
    rng = np.random.default_rng(n)
    scale = rng.uniform(0.5, 2, n)
    stack = rng.poisson(scale[:, None] * rng.uniform(50, 500, 400)).astype(np.float32)
    stack[rng.random(stack.shape) < 0.03] += 5000
    stack[0, :5] = np.nan
    if n > 1:
        stack[1, 5:8] = np.inf
    read = rng.uniform(20, 60, 400).astype(np.float32)
    finite = np.where(np.isfinite(stack), stack, np.nan)
    some = np.isfinite(finite).any(axis=0)
    mean, variance, used = combine_exposures(stack, scale, read, 1.0, 5.0)
    want = combine_twin(finite[:, some].astype(float), scale, read[some], 1.0, 5.0)
    np.testing.assert_array_equal(used[some], want[2])
    # the median is taken in float32: relative 1e-7
    np.testing.assert_allclose(mean[some], want[0], rtol=3e-7)
    np.testing.assert_allclose(variance[some], want[1], rtol=3e-7)
    assert not used[~some].any()
    assert not mean[~some].any()


def test_amplifiers_mix_as_a_matrix_product():
    rng = np.random.default_rng(5)
    light, share = (
        rng.normal(0, 1000, (4, 2500)).astype(np.float32),
        rng.normal(0, 1e-3, (4, 4)).astype(np.float32),
    )
    share[1, 2] = 0
    # four float32 products of at most 4: rounding 4 x 4 x 6e-8
    np.testing.assert_allclose(mix_amplifiers(light, share), share.astype(float) @ light, atol=2e-6)
