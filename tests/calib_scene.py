"""A small simulated detector of two amplifiers, its exposures and its masters, for the tests of calibration steps."""

from dataclasses import replace

import numpy as np

from gnomon.containers.exposure import RawExposure, VisitFacts
from gnomon.containers.image import Image
from gnomon.containers.instrument import Detector, HeaderMap, Instrument, RawLayout, boresight_wcs
from gnomon.containers.raw import RawAmp, RawDetector, Section

SHAPE = (64, 80)
GAIN, NOISE = 1.5, 6.0
CAMERA = Instrument(
    "cam",
    {},
    (Detector(0, "a", SHAPE),),
    0.2,
    {"g": "g"},
    {"object": "science"},
    HeaderMap(),
    raw=RawLayout(saturation_radius=0),
)
FACTS = VisitFacts(7, "20180211", "science", "g", "g", 30.0, 30.0, 58161.1, 2.0, -0.3, 0.0, 1.1)
_RNG = np.random.default_rng(0)
BIAS = _RNG.normal(0, 2, SHAPE)
DARK = np.full(SHAPE, 0.05)
DARK[10, 20] = 40.0
FLAT = _RNG.normal(1, 0.01, SHAPE)
FLAT[30, 40] = 0.0


def exposure(obstype, electrons, seconds, rng):
    """One exposure of expected electrons through flat and dark, read out."""
    collected = rng.poisson(electrons * FLAT + DARK * seconds)
    amps = []
    for k, place in enumerate((Section(0, 40, 0, 64), Section(40, 80, 0, 64, flip_x=True))):
        wide = np.full((64, 56), 1000.0 + 30 * k)
        light = collected[place.slices()] / GAIN + BIAS[place.slices()]
        wide[:, :40] += place.orient(light)
        wide += rng.normal(0, NOISE / GAIN, wide.shape)
        cards = {"GAIN": GAIN, "RDNOISE": NOISE, "SATURATE": 50000.0}
        data = np.clip(np.rint(wide), 0, 65535).astype(np.uint16)
        amps.append(RawAmp(data, Section(0, 40, 0, 64), Section(40, 56, 0, 64), place, cards))
    facts = replace(FACTS, obstype=obstype, exptime=seconds, darktime=seconds)
    wcs = boresight_wcs(CAMERA, CAMERA.detectors[0], (2.0, -0.3), 0.0) if obstype == "science" else None
    return RawExposure(facts, wcs, RawDetector(tuple(amps), {}))


def exposures(obstype, n, electrons, seconds, seed):
    """Several of them."""
    rng = np.random.default_rng(seed)
    return [exposure(obstype, np.full(SHAPE, float(electrons)), seconds, rng) for _ in range(n)]


def master(values, mask=0):
    """A noiseless master."""
    return Image(
        values.astype(np.float32), np.full(SHAPE, 1e-12, np.float32), np.full(SHAPE, mask, np.uint32)
    )


def pulls(image, truth):
    """(mean, rms) of errors over stated errors, without the two odd pixels."""
    good = (FLAT > 0) & (DARK < 1)
    z = (image.flux - truth)[good] / np.sqrt(image.variance[good])
    return z.mean(), z.std()
