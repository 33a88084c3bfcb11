"""Matched filter, footprints, splitting and sharing."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gnomon.kernels import _detect

F4 = npt.NDArray[np.float32]
I1 = npt.NDArray[np.int8]
I4 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int64]
U4 = npt.NDArray[np.uint32]


class Runs(NamedTuple):
    """Runs of detected pixels: fields as in ``containers.footprints.Footprints``."""

    y: I4
    x0: I4
    x1: I4
    first: I8
    sign: I1
    flux: F4
    noise: F4


class Peaks(NamedTuple):
    """Sources of footprints: fields as in ``Sources``; ``owner`` is the source of each footprint pixel."""

    footprint: I4
    y: I4
    x: I4
    area: I4
    flux: F4
    noise: F4
    owner: I4


class Shares(NamedTuple):
    """Boxes and weights of sources, as in ``Sources``."""

    y0: I4
    x0: I4
    y1: I4
    x1: I4
    first: I8
    weight: F4


def detect(
    flux: F4,
    variance: F4,
    mask: U4,
    ignore: int,
    column: F4,
    row: F4,
    positive: float,
    negative: float,
    min_area: int,
) -> Runs:
    """Connected pixels whose matched-filter signal to noise is beyond a threshold.

    Parameters
    ----------
    flux, variance : (ny, nx) float32, C order
        Pixels without positive variance, or not finite, weigh nothing.
    mask : (ny, nx) uint32
    ignore
        Bits of pixels that weigh nothing.
    column, row : (ty, tx, taps) float32, taps odd
        The PSF at the middle of each of ty x tx equal tiles of the image is ``outer(column, row)``.
    positive, negative
        Thresholds in standard deviations of the filtered image, both as positive numbers; infinity for none.
    min_area
        Footprints with fewer pixels are dropped.

    Raises
    ------
    ValueError
        Planes that differ in shape, or an even number of taps.
    """
    return Runs(*_detect.detect(flux, variance, mask, ignore, column, row, positive, negative, min_area))


def significance(flux: F4, variance: F4, mask: U4, ignore: int, column: F4, row: F4) -> F4:
    """(ny, nx) float32 signal to noise of a point source centred on each pixel; arguments as `detect`."""
    out = np.empty_like(flux)
    _detect.significance(flux, variance, mask, ignore, column, row, out)
    return out


def mark_runs(y: I4, x0: I4, x1: I4, radius_px: int, bits: int, mask: U4) -> None:
    """Set bits in the pixels of ``mask``, in place, that lie within a radius of runs.

    Parameters
    ----------
    y, x0, x1 : (n,) int32
        Row, first and one past the last column of each run, inside the image.
    mask : (ny, nx) uint32, C order

    Raises
    ------
    ValueError
        Columns of different length.
    """
    _detect.mark_runs(y, x0, x1, radius_px, bits, mask)


def split(
    runs: Runs, flux: F4, variance: F4, mask: U4, ignore: int, prominence: float, contrast: float
) -> Peaks:
    """Sources of each footprint: the hills of its lightly smoothed flux that stand out of their surroundings.

    Two hills that meet at a saddle are two sources where each rises ``prominence`` times its noise above the
    saddle and holds above it ``contrast`` of what the source on the other side holds. The smoothing is by
    (1 2 1) x (1 2 1) / 16 over usable pixels.

    Parameters
    ----------
    flux, variance, mask, ignore
        The image, as for `detect`.
    """
    return Peaks(*_detect.split(*runs, flux, variance, mask, ignore, prominence, contrast))


def share(runs: Runs, peaks: Peaks, flux: F4) -> tuple[I4, Shares]:
    """Label plane, and the part of each pixel that belongs to each source of a blend.

    Templates are ``min(pixel, mirror image through the peak)``; weights are templates over their sum.

    Parameters
    ----------
    flux : (ny, nx) float32
        0 where there is no information.

    Returns
    -------
    labels : (ny, nx) int32
    shares : Shares
    """
    labels = np.zeros(flux.shape, np.int32)
    return labels, Shares(*_detect.share(*runs, peaks.owner, peaks.footprint, peaks.y, peaks.x, flux, labels))
