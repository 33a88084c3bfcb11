"""Electrons in the silicon to numbers in the file: tracks, bleeding, amplifiers, overscan."""

import numpy as np
import numpy.typing as npt

from gnomon.containers.raw import HeaderValue, RawAmp
from gnomon.sim.camera import Amplifier, amplifiers, bias_pattern, bias_section, data_section
from gnomon.sim.recipe import CameraRecipe, SurveyRecipe

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

_TRACK_PX = (2.5, 18.0)  # mean lengths of short and long tracks
_LONG_FRACTION = 0.35
_TRACK_E_PER_PX = 900.0  # median deposit
_TRACK_WIDTH_PX = 0.35
_POINTS_PER_PX = 6
_HIT_E = 100.0  # a pixel counts as hit above this
_DRIFT_ADU, _LEVEL_RMS_ADU = 2.0, 1.5
_SATURATED = 0.98  # of the measured full well


def cosmic_rays(
    rng: np.random.Generator,
    shape: tuple[int, int],
    mean_tracks: float,
    width_px: float = _TRACK_WIDTH_PX,
    points_per_px: int = _POINTS_PER_PX,
    least_e: float = _HIT_E,
) -> tuple[I8, I8, F8]:
    """Pixels ``(y, x)`` hit by charged particles, in straight tracks, and the electrons in each.

    Tracks are spread by a Gaussian of ``width_px``, drawn with ``points_per_px``; less than ``least_e`` in a pixel
    is dropped.
    """
    n = int(rng.poisson(mean_tracks))
    ny, nx = shape
    length = rng.exponential(np.where(rng.random(n) < _LONG_FRACTION, _TRACK_PX[1], _TRACK_PX[0])) + 0.5
    angle = rng.uniform(0, 2 * np.pi, n)
    start = rng.uniform(0, 1, (n, 2)) * (ny, nx)
    per_px = _TRACK_E_PER_PX * np.exp(0.7 * rng.standard_normal(n))
    count = np.ceil(length * points_per_px).astype(np.int64)
    track = np.repeat(np.arange(n), count)
    along = rng.random(len(track)) * length[track]
    spread = rng.normal(0, width_px, (len(track), 2))
    y = np.rint(start[track, 0] + along * np.sin(angle[track]) + spread[:, 0]).astype(np.int64)
    x = np.rint(start[track, 1] + along * np.cos(angle[track]) + spread[:, 1]).astype(np.int64)
    inside = (y >= 0) & (y < ny) & (x >= 0) & (x < nx)
    pixel, where = np.unique(y[inside] * nx + x[inside], return_inverse=True)
    charge = np.bincount(where, per_px[track][inside] / points_per_px, len(pixel)).astype(np.float64)
    hit = charge > least_e
    return pixel[hit] // nx, pixel[hit] % nx, charge[hit]


def bleed(electrons: F4, full_well: float) -> F4:
    """Charge above full well runs along its column, half up and half down, until it finds room; in place.

    What reaches the border is lost.
    """
    columns = np.flatnonzero(electrons.max(axis=0) > full_well)
    if columns.size:
        part = electrons[:, columns].astype(np.float64)
        half = 0.5 * np.maximum(part - full_well, 0.0)
        up = _pour(np.minimum(part, full_well) + half, full_well)
        electrons[:, columns] = _pour((up + half)[::-1], full_well)[::-1]
    return electrons


def read_detector(
    recipe: SurveyRecipe, detector: int, electrons: F4, rng: np.random.Generator
) -> tuple[RawAmp, ...]:
    """What the amplifiers write for the charge (ny, nx) of a detector: the electronics of the raw format."""
    camera = recipe.camera
    amps = amplifiers(camera, detector)
    signals = [_signal(camera, amp, electrons) for amp in amps]
    total = np.sum(signals, axis=0, dtype=np.float32)
    raw = []
    for number, (amp, signal) in enumerate(zip(amps, signals, strict=True)):
        light = signal + np.float32(camera.crosstalk) * (total - signal)
        light += bias_pattern(recipe, detector, number, amp)
        raw.append(_digitise(camera, amp, light, rng))
    return tuple(raw)


def saturation_adu(camera: CameraRecipe, amp: Amplifier) -> float:
    """ADU above bias from which a pixel must be taken as saturated."""
    full = camera.full_well / amp.gain
    return round(_SATURATED * (full - camera.linearity_per_adu * full**2), 1)


def _pour(column: F8, full_well: float) -> F8:
    """Carry what exceeds full well to higher rows: c_y = max(0, c_{y-1} + e_y - w) (Lindley's recursion)."""
    walk = np.cumsum(column - full_well, axis=0)
    carried = walk - np.minimum(np.minimum.accumulate(walk, axis=0), 0.0)
    received = np.concatenate([np.zeros_like(carried[:1]), carried[:-1]])
    return np.asarray(column + received - carried)


def _signal(camera: CameraRecipe, amp: Amplifier, electrons: F4) -> F4:
    """ADU above bias in read order, with the non-linearity."""
    adu = np.asarray(amp.detsec.orient(electrons[amp.detsec.slices()]), np.float32) / np.float32(amp.gain)
    return np.asarray(adu - np.float32(camera.linearity_per_adu) * adu * adu, np.float32)


def _digitise(camera: CameraRecipe, amp: Amplifier, light: F4, rng: np.random.Generator) -> RawAmp:
    data_at, bias_at = data_section(camera, amp), bias_section(camera, amp)
    shape = (light.shape[0], camera.prescan + light.shape[1] + camera.overscan)
    adu = rng.standard_normal(shape, dtype=np.float32) * np.float32(amp.read_noise / amp.gain)
    adu += _level(amp, light.shape[0], rng)[:, None]
    adu[data_at.slices()] += light
    header: dict[str, HeaderValue] = {
        "GAIN": amp.gain, "RDNOISE": amp.read_noise, "SATURATE": saturation_adu(camera, amp)
    }  # fmt: skip
    data = np.clip(np.rint(adu), 0, 65535).astype(np.uint16)
    return RawAmp(data, data_at, bias_at, amp.detsec, header)


def _level(amp: Amplifier, rows: int, rng: np.random.Generator) -> F4:
    """(ny,) ADU: the amplifier's level in this exposure and its slow drift with time."""
    phase, turns = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1.5)
    drift = _DRIFT_ADU * np.sin(phase + 2 * np.pi * turns * np.arange(rows) / rows)
    return (amp.level + _LEVEL_RMS_ADU * rng.standard_normal() + drift).astype(np.float32)
