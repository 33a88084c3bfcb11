"""Square stamps around sources, and the map from their pixels to the sky."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.containers.alerts import LocalMap, Stamps
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.wcs import Wcs

F8 = npt.NDArray[np.float64]
F4 = npt.NDArray[np.float32]
I8 = npt.NDArray[np.int64]

SMALLEST, LARGEST = 30, 102
"""Sides of alert stamps, pixels, as in the LSST alert production."""


def stamp_side(bbox_size: I8) -> I8:
    """Side of a stamp that holds a footprint, at least 30 and at most 102 pixels."""
    return np.clip(bbox_size, SMALLEST, LARGEST)


def corner(centre: F8, side: int) -> I8:
    """First pixel of a stamp whose pixel ``side // 2`` is the one nearest to ``centre``."""
    return np.floor(np.asarray(centre, np.float64) + 0.5).astype(np.int64) - side // 2


def cutouts(plane: F4, x: F8, y: F8, side: int) -> F4:
    """Stamps of one side around many positions.

    Parameters
    ----------
    plane : (ny, nx) float32 pixels.
    x, y : (n,) float64 positions, pixels.
    side : pixels.

    Returns
    -------
    (n, side, side) float32; NaN outside the image.
    """
    ny, nx = plane.shape
    rows = corner(y, side)[:, None] + np.arange(side)
    columns = corner(x, side)[:, None] + np.arange(side)
    inside = ((rows >= 0) & (rows < ny))[:, :, None] & ((columns >= 0) & (columns < nx))[:, None, :]
    picked = plane[np.clip(rows, 0, ny - 1)[:, :, None], np.clip(columns, 0, nx - 1)[:, None, :]]
    return np.where(inside, picked, np.float32(np.nan)).astype(np.float32)


def local_maps(wcs: Wcs, x: F8, y: F8, side: int) -> list[LocalMap]:
    """Gnomonic maps of the stamps that ``cutouts`` gives: exact at the middle pixel.

    Distortion inside a stamp is neglected: below 0.01 pixel for 1 % distortion per 1000 pixels.
    """
    half = side // 2
    cx, cy = corner(x, side) + half, corner(y, side) + half
    ra, dec = wcs.pixel_to_sky(cx.astype(np.float64), cy.astype(np.float64))
    step = 0.5
    columns = []
    for dx, dy in ((step, 0.0), (0.0, step)):
        plus, minus = wcs.pixel_to_sky(cx + dx, cy + dy), wcs.pixel_to_sky(cx - dx, cy - dy)
        east = np.arctan2(np.sin(plus[0] - minus[0]), np.cos(plus[0] - minus[0])) * np.cos(dec)
        columns.append((np.degrees(east), np.degrees(plus[1] - minus[1])))
    (e_x, n_x), (e_y, n_y) = columns
    pixel = (float(half + 1), float(half + 1))
    return [
        LocalMap((float(a), float(d)), pixel, (float(p), float(q), float(r), float(s)))
        for a, d, p, q, r, s in zip(np.degrees(ra), np.degrees(dec), e_x, e_y, n_x, n_y, strict=True)
    ]


def stamps_of(image: Image, wcs: Wcs, psf: PsfModel | None, x: F8, y: F8, side: int) -> Stamps:
    """Stamps of flux, variance and point-spread function around positions of one image.

    Pixels outside the image or without information are NaN in the flux and 0 in the variance.
    """
    known = np.where(image.variance > 0, image.flux, np.float32(np.nan)).astype(np.float32)
    beams = psf.stamps(x, y) if psf is not None and len(x) else np.zeros((len(x), 0, 0), np.float32)
    variance = np.nan_to_num(cutouts(image.variance, x, y, side))
    return Stamps(cutouts(known, x, y, side), variance, beams, tuple(local_maps(wcs, x, y, side)))


def join_stamps(parts: Sequence[Stamps]) -> Stamps:
    """Stamps of several images one after the other; PSFs of different sizes are padded to the largest."""
    if not parts:
        none = np.zeros((0, 0, 0), np.float32)
        return Stamps(none, none, none, ())
    size = max(p.psf.shape[-1] for p in parts)
    psf = np.concatenate([_padded(p.psf, size) for p in parts])
    flux, variance = (
        np.concatenate(planes) for planes in zip(*((p.flux, p.variance) for p in parts), strict=True)
    )
    return Stamps(flux, variance, psf, tuple(m for p in parts for m in p.maps))


def _padded(psf: F4, size: int) -> F4:
    border = (size - psf.shape[-1]) // 2
    return np.pad(psf, ((0, 0), (border, border), (border, border)))
