"""Small fields of stars, galaxies and cosmic rays, as varied as exposures are, with the charge of the rays known."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.sim.psf import PsfShape
from gnomon.sim.readout import bleed, cosmic_rays
from gnomon.sim.render import Profiles, render

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

_FULL_WELL_E = 100_000.0
_SHEAR = 0.04  # rms per component of the profile's ellipticity
_OPTICS_PX = (0.0, 0.5)  # Gaussian sigma of optics and charge diffusion
_COMA_PX3 = 0.2
_PIXEL_PX2 = 1 / 12  # variance of a pixel
_TRACK_PX = (0.25, 0.45)  # Gaussian sigma of a track
_TRACK_POINTS = 40  # per pixel, so that the charge of a track is smooth
_LEAST_E = 1.0
_TRACK_SCALE = (-0.4, 0.8)  # decimal logarithm; the simulator's median deposit is 900 e per pixel


@dataclass(frozen=True, slots=True)
class StruckField:
    """One exposure of a small field."""

    flux: F4
    """(ny, nx) electrons, sky included."""
    variance: F4
    """(ny, nx) as a pipeline knows it: of the photons counted and of the readout."""
    saturated: npt.NDArray[np.bool_]
    """(ny, nx) at full well."""
    charge: F8
    """(ny, nx) expected electrons of cosmic rays, 0 where none fell."""
    sigma: F8
    """(ny, nx) true noise without the rays, electrons."""
    fwhm_px: float
    """Full width at half maximum of the stars as sampled: of air, optics and pixel, pixels."""


def struck_field(
    rng: np.random.Generator, side: int, air_fwhm_px: float, stars: int, tracks: int
) -> StruckField:
    """A square field of ``stars`` stars, two thirds as many galaxies and some ``tracks`` cosmic rays.

    The air's profile is ``air_fwhm_px`` wide. Sky (100 to 4000 electrons), read noise (3 to 10), ellipticity, coma,
    width and charge of the tracks are drawn anew for each field.
    """
    sky, read_noise = 10 ** rng.uniform(2, 3.6), rng.uniform(3, 10)
    optics_px = rng.uniform(*_OPTICS_PX)
    light = _light(rng, side, (air_fwhm_px, optics_px), stars, float(np.sqrt(sky)))
    y, x, hit = cosmic_rays(
        rng, (side, side), tracks, rng.uniform(*_TRACK_PX), points_per_px=_TRACK_POINTS, least_e=0.0
    )
    charge = np.zeros((side, side))
    charge[y, x] = hit * 10 ** rng.uniform(*_TRACK_SCALE)
    charge[charge < _LEAST_E] = 0
    electrons = rng.poisson(np.maximum(light + sky, 0) + charge).astype(np.float32)
    bleed(electrons, _FULL_WELL_E)
    flux = (electrons + rng.normal(0, read_noise, electrons.shape)).astype(np.float32)
    variance = (np.maximum(electrons, 0) + read_noise**2).astype(np.float32)
    fwhm = float(np.sqrt(air_fwhm_px**2 + (_PIXEL_PX2 + optics_px**2) * 8 * np.log(2)))
    saturated = electrons >= 0.999 * _FULL_WELL_E
    sigma = np.sqrt(np.maximum(light, 0) + sky + read_noise**2)
    return StruckField(flux, variance, saturated, charge, sigma, fwhm)


def _light(rng: np.random.Generator, side: int, widths: tuple[float, float], stars: int, noise: float) -> F8:
    """Expected electrons of stars and galaxies; total flux log-uniform from 500 to 3e6."""
    n = stars + 2 * stars // 3
    x, y = rng.uniform(-10, side + 10, (2, n))
    flux = np.exp(rng.uniform(np.log(500), np.log(3e6), n))
    size = np.where(np.arange(n) < stars, 0.0, 10 ** rng.normal(0.3, 0.25, n))
    flux[stars:] = np.minimum(flux[stars:], 3e5)
    angle, ratio = rng.uniform(0, np.pi, n), rng.uniform(0.25, 1.0, n)
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], -1).reshape(n, 2, 2)
    disc = turn * (size[:, None] * np.stack([np.ones(n), ratio], -1))[:, None, :]
    bulge = np.where((size > 0) & (rng.random(n) < 0.3), 0.7, 0.0)
    sources = Profiles(x, y, flux, disc, disc.copy(), bulge)
    return render(sources, _psf(rng, n, *widths), (side, side), noise)


def _psf(rng: np.random.Generator, n: int, fwhm_px: float, optics_px: float) -> PsfShape:
    """The same profile for all, but for a scatter of 2 % in width."""
    optics = np.array([1.0, 0.0, 1.0]) * optics_px**2
    return PsfShape(
        fwhm_px * rng.normal(1, 0.02, n),
        np.tile(rng.normal(0, _SHEAR, 2), (n, 1)),
        np.tile(optics, (n, 1)),
        np.tile(rng.normal(0, _COMA_PX3, 2), (n, 1)),
    )
