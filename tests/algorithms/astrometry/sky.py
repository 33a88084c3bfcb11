"""A made-up field of stars seen through a distorted camera: truth for the astrometric tests."""

from dataclasses import dataclass

import numpy as np

from gnomon.containers.stars import Detections, Reference
from gnomon.containers.wcs import Wcs, plane_to_sky

ARCSEC = np.pi / 180 / 3600
MAS = ARCSEC / 1000


@dataclass
class Field:
    """Truth and what is seen of it."""

    wcs: Wcs
    shape: tuple[int, int]
    detections: Detections
    reference: Reference
    row: np.ndarray  # reference row of each detection, -1 for a false one


def camera(crval=(1.0, -0.5), shape=(4096, 4096), scale=0.2, distorted=True, angle=0.2):
    """A TAN-SIP map whose distortion reaches about 4 pixels at the corners of 4096 x 4096."""
    a, b = np.zeros((4, 4)), np.zeros((4, 4))
    if distorted:
        a[2, 0], a[1, 1], a[0, 2], a[3, 0], a[1, 2] = 2e-7, -1e-7, 5e-8, 1.5e-10, 1.2e-10
        b[2, 0], b[1, 1], b[0, 2], b[0, 3], b[2, 1] = -4e-8, 1e-7, 1.5e-7, 1.4e-10, 1.1e-10
    turn = np.array([[-np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Wcs(crval, ((shape[1] - 1) / 2, (shape[0] - 1) / 2), scale * ARCSEC * turn, a, b)


def make_field(
    rng,
    stars=900,
    wcs=None,
    shape=(4096, 4096),
    found=0.9,
    false=0.2,
    noise_px=0.02,
    noise_ref=1.7 * MAS,
    margin=130 * ARCSEC,
    colour_mag=0.3,
):
    """``stars`` catalogue stars per detector area, also around it; ``false`` detections per true one."""
    wcs = wcs or camera(shape=shape)
    corner = max(shape) / 2 * wcs.pixel_scale() * 1.5 + margin
    centre = tuple(float(v) for v in wcs.pixel_to_sky((shape[1] - 1) / 2, (shape[0] - 1) / 2))
    area = np.prod(shape) * wcs.pixel_scale() ** 2
    n = rng.poisson(stars * (2 * corner) ** 2 / area)
    ra, dec = plane_to_sky(*rng.uniform(-corner, corner, (2, n)), centre)
    mag = 20.8 - rng.exponential(1.5, n)
    x, y = wcs.sky_to_pixel(ra, dec)
    inside = (x > 0) & (y > 0) & (x < shape[1] - 1) & (y < shape[0] - 1)
    row = np.flatnonzero(inside & (rng.random(n) < found))
    seen = mag[row] + rng.normal(0, colour_mag, len(row))
    sigma = noise_px * 10 ** (0.2 * np.clip(seen - 20, -4, 4)) + 0.3 * noise_px
    dx, dy = rng.normal(0, 1, (2, len(row))) * sigma
    k = rng.poisson(false * len(row))
    detections = Detections(
        np.concatenate([x[row] + dx, rng.uniform(0, shape[1] - 1, k)]),
        np.concatenate([y[row] + dy, rng.uniform(0, shape[0] - 1, k)]),
        np.concatenate([sigma, np.full(k, noise_px)]),
        10 ** (-0.4 * np.concatenate([seen, 20.8 - rng.exponential(1.0, k)])),
    )
    order = rng.permutation(len(detections))
    east, north = rng.normal(0, noise_ref, (2, n))
    reference = Reference(
        np.mod(ra + east / np.maximum(np.cos(dec), 1e-9), 2 * np.pi),
        np.clip(dec + north, -np.pi / 2, np.pi / 2),
        np.full(n, noise_ref),
        10 ** (-0.4 * mag),
    )
    return Field(wcs, shape, detections.take(order), reference, np.concatenate([row, np.full(k, -1)])[order])


def spoil(
    wcs, offset_arcsec=(0.0, 0.0), rotation_deg=0.0, scale=1.0, mirror=False, quarter=0, keep_sip=False
):
    """A map that is off by that much at its reference pixel; parity, quarter turns and SIP lost on demand."""
    crval = plane_to_sky(offset_arcsec[0] * ARCSEC, offset_arcsec[1] * ARCSEC, wcs.crval)
    angle = np.deg2rad(rotation_deg + 90 * quarter)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    cd = turn @ wcs.cd
    if mirror:
        cd = cd @ np.diag([-1.0, 1.0])
    zero = np.zeros((1, 1))
    a, b = (wcs.a, wcs.b) if keep_sip else (zero, zero)
    return Wcs((float(crval[0]), float(crval[1])), wcs.crpix, cd, a, b)
