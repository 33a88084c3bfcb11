"""Sky level and noise from the robust statistics of a mesh of cells."""

import numpy as np
import numpy.typing as npt

from gnomon import flags
from gnomon.containers.background import BackgroundModel
from gnomon.containers.image import Image
from gnomon.errors import UnprocessableData
from gnomon.kernels import background as kernel

F4 = npt.NDArray[np.float32]

NOT_SKY = flags.UNUSABLE | flags.mask_value("DETECTED", "DETECTED_NEGATIVE", "SPIKE", "VIGNETTED")
"""Mask planes whose pixels say nothing about the sky."""


def fit_background(
    image: Image,
    *,
    box_px: int = 128,
    filter_cells: int = 3,
    min_fraction: float = 0.15,
    ignore: int = NOT_SKY,
    masked: bool = False,
) -> BackgroundModel:
    """Sky level and rms on a mesh of cells of about ``box_px`` pixels.

    Each cell's level is the mode of its clipped histogram (Bertin & Arnouts 1996); cells with fewer than
    ``min_fraction`` of their pixels usable take the mean of their filled neighbours; then a median over
    ``filter_cells`` x ``filter_cells`` removes cells that bright objects spoiled.

    Parameters
    ----------
    image
        Mark sources with DETECTED to keep them out of the sky.
    box_px
        Wanted side of a cell: larger than any object whose light must not be taken for sky.
    filter_cells
        Side of the median filter, odd; 1 for none.
    min_fraction
        Usable part of a cell below which it is filled from its neighbours.
    ignore
        Mask bits that keep a pixel out.
    masked
        Whether sources are marked already: the level is then the clipped mean, on which the skewness of photon
        noise has no hold, and which has in it the light of undetected sources that every aperture has.

    Raises
    ------
    ValueError
        A box or filter size below 1, or an even filter.
    UnprocessableData
        No cell has enough usable pixels.

    Limits: a mesh cannot follow structure smaller than about two cells; unmasked sources bias the level
    upwards by their confusion (+0.01 sigma in a field of 10 sources per square arcminute).
    """
    if box_px < 1 or filter_cells < 1 or filter_cells % 2 == 0:
        raise ValueError(f"box_px {box_px} must be >= 1 and filter_cells {filter_cells} odd")
    cells = _cells(image.shape, box_px)
    level, rms, used = kernel.mesh_statistics(image.flux, image.variance, image.mask, ignore, cells, masked)
    area = image.flux.size / level.size
    poor = (used < max(2.0, min_fraction * area)) | ~np.isfinite(level) | ~np.isfinite(rms)
    if poor.all():
        raise UnprocessableData(
            f"no background cell has {min_fraction:.0%} of its pixels usable; "
            f"the best of {level.size} has {used.max()} of {area:.0f}"
        )
    level, rms = _fill(level, poor), _fill(rms, poor)
    return BackgroundModel(_median(level, filter_cells), _median(rms, filter_cells), image.shape)


def background_map(model: BackgroundModel) -> F4:
    """(ny, nx) float32 sky level at every pixel."""
    return kernel.spline_surface(model.level, model.shape)


def rms_map(model: BackgroundModel) -> F4:
    """(ny, nx) float32 sky noise at every pixel."""
    return kernel.spline_surface(model.rms, model.shape)


def subtract_background(image: Image, model: BackgroundModel, *, in_place: bool = False) -> Image:
    """The image less its sky; variance and mask are shared, not copied, and in place so is the flux.

    Raises
    ------
    ValueError
        The model covers another shape.
    """
    if image.shape != model.shape:
        raise ValueError(f"background of shape {model.shape} for an image of shape {image.shape}")
    out = image.flux if in_place else None
    return Image(kernel.subtract_surface(model.level, image.flux, out), image.variance, image.mask)


def _cells(shape: tuple[int, int], box_px: int) -> tuple[int, int]:
    """Rows and columns of the mesh: the nearest whole number of boxes, at least one."""
    return max(1, round(shape[0] / box_px)), max(1, round(shape[1] / box_px))


def _fill(mesh: F4, poor: npt.NDArray[np.bool_]) -> F4:
    """Poor cells replaced, ring by ring, by the mean of those of their 8 neighbours that are known."""
    filled = np.where(poor, np.float32(np.nan), mesh)
    while np.isnan(filled).any():
        around = _windows(np.pad(filled, 1, constant_values=np.nan), 3)
        known = np.isfinite(around)
        total = np.where(known, around, 0).sum(axis=(2, 3), dtype=np.float64)
        count = known.sum(axis=(2, 3))
        here = np.isnan(filled) & (count > 0)
        filled[here] = (total[here] / count[here]).astype(np.float32)
    return filled


def _median(mesh: F4, size: int) -> F4:
    """Median over size x size cells; the mesh goes on antisymmetrically, so that a slope is kept at the border."""
    if size == 1:
        return mesh
    padded = np.pad(mesh, size // 2, mode="reflect", reflect_type="odd")
    return np.median(_windows(padded, size), axis=(2, 3)).astype(np.float32)


def _windows(padded: F4, size: int) -> F4:
    """(my, mx, size, size) view of the values around each cell."""
    return np.lib.stride_tricks.sliding_window_view(padded, (size, size))


def scale_background(model: BackgroundModel, factor: npt.ArrayLike) -> BackgroundModel:
    """The same sky in another unit: level and rms times ``factor``, a number or one for each cell."""
    scale = np.asarray(factor, np.float32)
    return BackgroundModel(model.level * scale, model.rms * scale, model.shape)
