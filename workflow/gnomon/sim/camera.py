"""The fixed properties of the simulated detectors: amplifiers, bias pattern, dark, flat and defects."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.raw import Section
from gnomon.sim.bands import BANDS_IN_ORDER
from gnomon.sim.optics import corner_radius, detector_centres
from gnomon.sim.recipe import CameraRecipe, SurveyRecipe
from gnomon.sim.schedule import random_generator

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

_RESPONSE_RMS = 0.01
_HOT_PIXELS, _DEAD_PIXELS = 2e-4, 2e-4  # fraction of all
_HOT_E_PER_S = 40.0  # mean of the exponential distribution of their dark current
_VIGNETTING = 0.04  # loss at the corner of the mosaic
_BIAS_LEVEL_ADU = 1000.0
_GLOW_ADU, _GLOW_PX = 6.0, 12.0
_COLUMN_ADU, _PIXEL_ADU = 0.8, 0.3  # rms of the fixed bias pattern


@dataclass(frozen=True, slots=True)
class Amplifier:
    """One readout channel."""

    detsec: Section
    """Its part of the detector; flipped where it is read the other way."""
    gain: float
    """Electrons per ADU."""
    read_noise: float
    """Electrons."""
    level: float
    """Mean bias level, ADU."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """What stays the same in every exposure of a detector."""

    flat: F4
    """(ny, nx) relative throughput in one band, mean about 1; 0 where dead."""
    dark: F4
    """(ny, nx) electrons per second."""
    defects: npt.NDArray[np.bool_]
    """(ny, nx) dead, hot, or in a bad column."""


def amplifiers(camera: CameraRecipe, detector: int) -> tuple[Amplifier, ...]:
    """The readout channels of a detector in order of their number."""
    return tuple(
        Amplifier(section, *amplifier_noise(detector, k), _BIAS_LEVEL_ADU + 10 * ((7 * detector + 3 * k) % 9))
        for k, section in enumerate(_sections(camera))
    )


def amplifier_noise(detector: int, amplifier: int) -> tuple[float, float]:
    """Gain (e-/ADU) and read noise (e-): a fixed formula, so that the instrument file can say the same."""
    gain = 1.50 + 0.02 * ((5 * detector + 3 * amplifier) % 11)
    return round(gain, 2), round(6.0 + 0.3 * ((3 * detector + amplifier) % 5), 1)


def data_section(camera: CameraRecipe, amp: Amplifier) -> Section:
    """Where the light is in the array of an amplifier."""
    ny, nx = amp.detsec.shape
    return Section(camera.prescan, camera.prescan + nx, 0, ny)


def bias_section(camera: CameraRecipe, amp: Amplifier) -> Section:
    """Where the serial overscan is in the array of an amplifier."""
    ny, nx = amp.detsec.shape
    start = camera.prescan + nx
    return Section(start, start + camera.overscan, 0, ny)


def sensor(recipe: SurveyRecipe, detector: int, band: str) -> Sensor:
    """Flat, dark and defects of a detector; ``band`` may be "none", with a flat of ones where not dead."""
    camera, n = recipe.camera, recipe.camera.size
    rng = random_generator(recipe, 3, detector)
    response = rng.standard_normal((n, n), dtype=np.float32) * np.float32(_RESPONSE_RMS) + np.float32(1)
    dark = np.full((n, n), camera.dark_current, np.float32)
    defects = np.zeros((n, n), np.bool_)
    flat = np.ones((n, n), np.float32) if band == "none" else response * illumination(camera, detector, band)
    if camera.flaws:
        _break(rng, flat, dark, defects)
    return Sensor(flat, dark, defects)


def illumination(camera: CameraRecipe, detector: int, band: str) -> F4:
    """(ny, nx) float32 smooth throughput: vignetting and a gradient that turns with the band."""
    if not camera.flaws:
        return np.ones((camera.size, camera.size), np.float32)
    y, x = _focal_plane(camera, detector)
    phase = BANDS_IN_ORDER.index(band)
    gradient = 0.01 * (np.cos(phase) * x + np.sin(phase) * y)
    return np.asarray(1 - _VIGNETTING * (x**2 + y**2) + gradient, np.float32)


def bias_pattern(recipe: SurveyRecipe, detector: int, number: int, amp: Amplifier) -> F4:
    """(ny, nx) ADU that every exposure has on the light of an amplifier, in read order."""
    if not recipe.camera.flaws:
        return np.zeros(amp.detsec.shape, np.float32)
    ny, nx = amp.detsec.shape
    rng = random_generator(recipe, 4, detector, number)
    columns = rng.normal(0, _COLUMN_ADU, nx)
    glow = _GLOW_ADU * np.exp(-np.arange(nx) / _GLOW_PX)
    pixels = rng.standard_normal((ny, nx), dtype=np.float32) * np.float32(_PIXEL_ADU)
    return pixels + (columns + glow).astype(np.float32)


def _sections(camera: CameraRecipe) -> tuple[Section, ...]:
    n = camera.size
    if camera.amplifiers == 2:
        return Section(0, n // 2, 0, n), Section(n // 2, n, 0, n, flip_x=True)
    w, h = n // 8, n // 2
    return tuple(
        Section(c * w, (c + 1) * w, r * h, (r + 1) * h, flip_x=True, flip_y=bool(r))
        for r in range(2)
        for c in range(8)
    )


def _focal_plane(camera: CameraRecipe, detector: int) -> tuple[F8, F8]:
    """Rows (n, 1) and columns (1, n) of a detector in units of the mosaic's corner radius."""
    centre, radius = detector_centres(camera)[detector], corner_radius(camera)
    pixels = np.arange(camera.size) - 0.5 * (camera.size - 1)
    return (pixels + centre[1])[:, None] / radius, (pixels + centre[0])[None, :] / radius


def _break(rng: np.random.Generator, flat: F4, dark: F4, defects: npt.NDArray[np.bool_]) -> None:
    """Put dead pixels, hot pixels and bad columns in, in place."""
    n = flat.shape[0]
    dead = rng.integers(0, n, (2, int(_DEAD_PIXELS * n * n)))
    hot = rng.integers(0, n, (2, int(_HOT_PIXELS * n * n)))
    flat[dead[0], dead[1]] = 0
    dark[hot[0], hot[1]] += np.asarray(rng.exponential(_HOT_E_PER_S, hot.shape[1]), np.float32)
    defects[dead[0], dead[1]] = True
    defects[hot[0], hot[1]] = True
    for _ in range(int(rng.integers(1, 3))):
        column, start = int(rng.integers(n)), int(rng.integers(n - n // 8))
        flat[start:, column] *= np.float32(rng.choice([0.0, 0.5]))
        defects[start:, column] = True
