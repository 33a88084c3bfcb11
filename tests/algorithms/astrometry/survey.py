"""A made-up field seen in many visits through one camera: truth for the joint fits."""

from dataclasses import dataclass

import numpy as np

from gnomon.algorithms.astrometry.epoch import apply_space_motion
from gnomon.containers.joint import JointExposure, JointSources, JointStars
from gnomon.containers.wcs import Wcs, plane_to_sky, sky_to_plane

ARCSEC = np.pi / 180 / 3600
MAS = ARCSEC / 1000
EPOCH = 57388.0
SIDE = 1500
"""Pixels of a detector's side, 0.2 arcsec each."""


@dataclass
class Survey:
    """Truth, and what a first, separate calibration of each visit knows."""

    exposures: list
    sources: JointSources
    stars: JointStars
    true_ra: np.ndarray
    true_dec: np.ndarray
    true_pm: np.ndarray
    true_plane: np.ndarray  # (n, 2) true plane position of each detection's star at its date, mas
    centre: tuple
    chromatic_mas: np.ndarray  # (nvisit, 2) displacement of a star one magnitude redder


def air_field(rng, rms_mas, length_arcsec):
    """Two random fields with power over scales around the length."""
    if rms_mas == 0:
        return lambda p: np.zeros_like(p)
    k = 2 * np.pi / (length_arcsec * ARCSEC * np.exp(rng.normal(0.9, 0.5, 80)))
    angle, phase = rng.uniform(0, 2 * np.pi, (2, 80))
    wave = k[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    size = rng.normal(0, rms_mas * MAS * np.sqrt(2 / 80), (80, 2))
    return lambda p: np.cos(p @ wave.T + phase) @ size


def make_survey(
    rng,
    visits=10,
    n_stars=700,
    rms_air=15.0,
    length=120.0,
    noise_px=0.01,
    crval=(1.0, -0.5),
    known=0.3,
    years=3.0,
    chromatic=0.0,
):
    """Four detectors, dithered and rotated; camera distortion, tilted visits, moving stars, turbulence."""
    half = SIDE * 0.2 * ARCSEC * 1.5
    xi, eta = rng.uniform(-half, half, (2, n_stars))
    ra, dec = plane_to_sky(xi, eta, crval)
    pm = rng.normal(0, 5.0, (n_stars, 2))
    catalogued = rng.random(n_stars) < known
    faintness = rng.exponential(1.0, n_stars)
    camera = rng.normal(0, 1, (4, 2, 10)) * 0.15  # pixels at the edge, unknown to the first maps
    colours = np.random.default_rng(
        n_stars
    )  # of their own, so that surveys without refraction stay what they were
    colour, refracted = colours.normal(0, 0.5, n_stars), chromatic * colours.normal(0, 1, (visits, 2))
    exposures, columns, truth = [], [], []
    for v in range(visits):
        date = EPOCH + 365.25 * (3 + years * v / max(visits - 1, 1))
        place = np.stack(
            sky_to_plane(*apply_space_motion(ra, dec, *pm.T, np.zeros(n_stars), EPOCH, date), crval), -1
        )
        air = air_field(rng, rms_air, length)
        turn, tilt = rng.uniform(0, 2 * np.pi), rng.normal(0, 1e-5, (2, 2))
        shift = rng.uniform(-0.4, 0.4, 2) * half + rng.normal(0, 0.1 * ARCSEC, 2)
        pointing = tuple(float(c) for c in plane_to_sky(*shift, crval))
        for d in range(4):
            wcs = detector_wcs(pointing, turn, d)
            seen = place + air(place) + (place - shift) @ tilt  # where the air and the optics put the stars
            seen = seen + colour[:, None] * refracted[v] * MAS
            x, y = wcs.sky_to_pixel(*plane_to_sky(*seen.T, crval))
            u, w = ((c - SIDE / 2) / (SIDE / 2) for c in (x, y))
            terms = np.stack(
                [np.ones_like(u), u, w, u * u, u * w, w * w, u**3, u * u * w, u * w * w, w**3], -1
            )
            x, y = x + terms @ camera[d, 0], y + terms @ camera[d, 1]
            rows = np.flatnonzero((x > 0) & (y > 0) & (x < SIDE - 1) & (y < SIDE - 1))
            sigma = noise_px * np.exp(0.6 * faintness[rows])
            noise = rng.normal(0, 1, (2, len(rows))) * sigma
            e = len(exposures)
            exposures.append(JointExposure(v, d, wcs, (SIDE, SIDE), date))
            columns.append((np.full(len(rows), e), rows, x[rows] + noise[0], y[rows] + noise[1], sigma))
            truth.append(place[rows] / MAS)
    sources = JointSources(*(np.concatenate(c) for c in zip(*columns, strict=True)))
    error = np.where(catalogued, 0.5 * MAS, np.inf)
    wrong = rng.normal(0, 1, (2, n_stars)) * np.where(catalogued, 0.5, 40.0) * MAS
    cat_pm = np.where(catalogued[:, None], pm + rng.normal(0, 0.2, pm.shape), 0.0)
    stars = JointStars(
        ra + wrong[0] / np.cos(dec), dec + wrong[1], error, *cat_pm.T, np.where(catalogued, 0.2, 6.0),
        np.zeros(n_stars), np.full(n_stars, EPOCH), colour,
    )  # fmt: skip
    return Survey(exposures, sources, stars, ra, dec, pm, np.concatenate(truth), crval, refracted)


def detector_wcs(pointing, turn, d):
    """Plain TAN of one of four detectors, 20 pixels apart."""
    x = np.array([SIDE + 10.0, -11.0])[d % 2]
    y = np.array([SIDE + 10.0, -11.0])[d // 2]
    cd = 0.2 * ARCSEC * np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    zero = np.zeros((1, 1))
    return Wcs(pointing, (float(x), float(y)), cd, zero, zero)
