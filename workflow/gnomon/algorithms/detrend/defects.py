"""Pixels that never tell the truth: hot, dead and odd ones, and whole columns of them."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gnomon.constants import MAD_TO_SIGMA
from gnomon.containers.image import Image
from gnomon.errors import UnprocessableData
from gnomon.flags import MASK

B1 = npt.NDArray[np.bool_]
F4 = npt.NDArray[np.float32]

TILE_PX = 32  # side of the tiles whose medians follow the illumination
MAX_COLUMN_DEFECTS = 1 / 3  # a column with more defects than this is bad along its length
SIDE_PX = 5  # columns on either side that a column is compared with
COLUMN_SIGMA = 10.0  # a column whose median is this far from its neighbours' is bad along its length


def hot_pixels(dark: Image, max_rate: float, nsigma: float) -> B1:
    """Pixels whose dark current is above `max_rate` (electrons per second) by `nsigma` of its own error."""
    excess = dark.flux - np.float32(np.median(dark.flux))
    hot: B1 = excess > np.maximum(max_rate, nsigma * np.sqrt(dark.variance))
    return hot


def odd_pixels(flat: Image, low: float, high: float) -> B1:
    """Pixels whose response is below `low` or above `high` times that of their surroundings, or unknown."""
    ratio = flat.flux / local_median(flat.flux)
    odd: B1 = ~((ratio > low) & (ratio < high)) | (flat.variance <= 0)
    return odd


def bad_columns(image: F4, defects: B1) -> B1:
    """Columns that stand out as a whole.

    Parameters
    ----------
    image
        (ny, nx) float32, a master dark or flat.
    defects
        (ny, nx) pixels already known, left out of the medians.

    Returns
    -------
    (nx,) bool: a third of the column is defective, or the median of the rest differs from that of its
    surroundings by more than 10 times the scatter of such differences.
    """
    values = np.where(defects, np.float32(np.nan), image)
    mostly = defects.mean(axis=0) > MAX_COLUMN_DEFECTS
    values[:, mostly] = image[:, mostly]
    profile = np.nanmedian(values, axis=0)
    step = profile - _from_neighbours(profile)
    scatter = MAD_TO_SIGMA * float(np.median(np.abs(step)))
    out: B1 = mostly | (np.abs(step) > COLUMN_SIGMA * max(scatter, 1e-6 * float(np.median(np.abs(profile)))))
    return out


def find_defects(
    dark: Image | None,
    flats: Sequence[Image],
    max_rate: float,
    nsigma: float,
    response: tuple[float, float],
    radius: int,
) -> Image:
    """Mask of a detector's defects.

    Parameters
    ----------
    dark
        Electrons per second, or None.
    flats
        Relative response, in any number of bands.
    max_rate, nsigma
        As `hot_pixels`.
    response
        Lowest and highest response relative to the surroundings, as `odd_pixels`.
    radius
        Every defect is widened by this many pixels (square).

    Returns
    -------
    `Image` whose mask has BAD; its flux is 1 there and 0 elsewhere, its variance 0.

    Raises
    ------
    UnprocessableData
        Neither a dark nor a flat.
    """
    frames = [*([dark] if dark is not None else []), *flats]
    if not frames:
        raise UnprocessableData("found neither a dark nor a flat, wanted at least one")
    found = np.zeros(frames[0].shape, bool)
    if dark is not None:
        found |= hot_pixels(dark, max_rate, nsigma)
    for flat in flats:
        found |= odd_pixels(flat, *response)
    for frame in frames:
        found[:, bad_columns(frame.flux, found)] = True
    if radius:
        found = ndimage.binary_dilation(found, np.ones((2 * radius + 1, 2 * radius + 1), bool))
    mask = np.where(found, np.uint32(MASK["BAD"]), np.uint32(0))
    return Image(found.astype(np.float32), np.zeros(found.shape, np.float32), mask)


def local_median(image: F4) -> F4:
    """Medians of tiles of 32 pixels, linear between and beyond their centres; (ny, nx) float32."""
    ny, nx = image.shape
    rows, columns = (max(1, n // TILE_PX) for n in (ny, nx))
    edges_y, edges_x = np.linspace(0, ny, rows + 1).astype(int), np.linspace(0, nx, columns + 1).astype(int)
    medians = np.array(
        [[np.median(image[a:b, c:d]) for c, d in pairwise(edges_x)] for a, b in pairwise(edges_y)]
    )
    padded = np.pad(medians, 1, mode="reflect", reflect_type="odd") if min(medians.shape) > 1 else medians
    border = (padded.shape[0] - rows) / 2
    at_y = (np.arange(ny) + 0.5) * rows / ny - 0.5 + border
    at_x = (np.arange(nx) + 0.5) * columns / nx - 0.5 + border
    grid = np.meshgrid(at_y, at_x, indexing="ij")
    return np.asarray(ndimage.map_coordinates(padded, grid, order=1, mode="nearest"), np.float32)


def _from_neighbours(profile: F4) -> F4:
    """Mean of the medians of 5 neighbours on either side: exact on a slope, blind to one odd neighbour."""
    if len(profile) <= SIDE_PX:
        return np.full_like(profile, np.median(profile))
    padded = np.pad(profile, SIDE_PX, mode="reflect", reflect_type="odd")
    sides = np.median(np.lib.stride_tricks.sliding_window_view(padded, SIDE_PX), axis=-1)
    return np.asarray((sides[: len(profile)] + sides[SIDE_PX + 1 :]) / 2, np.float32)
