"""Small cameras with a known signature, for the tests of this folder."""

import numpy as np

from gnomon.containers.image import Image
from gnomon.containers.raw import RawAmp, RawDetector, Section

GAINS, NOISES = (1.5, 1.7), (6.0, 7.0)
LEVELS = (1000.0, 1040.0)
CARDS = [{"GAIN": g, "RDNOISE": n, "SATURATE": 50000.0} for g, n in zip(GAINS, NOISES, strict=True)]
SHAPE = (64, 96)


def sections():
    """Two amplifiers side by side, the right one read from the right."""
    return Section(0, 48, 0, 64), Section(48, 96, 0, 64, flip_x=True)


def read_out(electrons, rng, bias=0.0, drift=0.0, linearity=0.0, crosstalk=0.0, noise=True):
    """Electrons as the two amplifiers write them: 4 prescan, 48 light and 16 overscan columns."""
    lights = []
    for place, gain in zip(sections(), GAINS, strict=True):
        adu = place.orient(np.asarray(electrons, float)[place.slices()]) / gain
        lights.append(adu - linearity * adu**2)
    ghosts = [crosstalk * lights[1], crosstalk * lights[0]]
    amps = []
    for k, place in enumerate(sections()):
        wide = np.zeros((64, 68))
        pattern = place.orient(np.broadcast_to(bias, SHAPE)[place.slices()])
        wide[:, 4:52] = lights[k] + ghosts[k] + pattern
        wide += LEVELS[k] + drift * np.linspace(-1, 1, 64)[:, None]
        if noise:
            wide += rng.normal(0, NOISES[k] / GAINS[k], wide.shape)
        data = np.clip(np.rint(wide), 0, 65535).astype(np.uint16)
        amps.append(RawAmp(data, Section(4, 52, 0, 64), Section(52, 68, 0, 64), place, CARDS[k]))
    return RawDetector(tuple(amps), {})


def plane(value, variance=0.0, mask=0):
    """A master of one value."""
    return Image(
        np.broadcast_to(np.float32(value), SHAPE).copy(),
        np.full(SHAPE, variance, np.float32),
        np.full(SHAPE, mask, np.uint32),
    )
