"""A patch in colour, the number of its visits and its depth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gnomon.algorithms.display.colour import channels, colour_picture, rebinned
from gnomon.algorithms.validation.bars import bands_of
from gnomon.containers.coadd import Coadd

F8 = npt.NDArray[np.float64]
_AB_ZERO_NJY = 31.4
_SIZE_PX = 400
"""Longer side of the picture in colour."""


@dataclass(frozen=True, slots=True)
class Panels:
    """What is drawn of a patch."""

    colour: npt.NDArray[np.uint8]
    """(ny, nx, 3) uint8, first row at the bottom."""
    count: F8
    """(ny, nx) visits per pixel in the band of ``of``."""
    depth: F8
    """(ny, nx) AB magnitude of a point source at five standard deviations."""
    of: str
    """Band of count and depth."""
    bands: tuple[str, str, str]
    """Shown as red, green and blue."""
    side_arcmin: float
    """Height of the patch."""


def panels(coadds: Sequence[Coadd], pixel_arcsec: float) -> Panels:
    """Colour from three bands; number of visits and depth of the middle one.

    Parameters
    ----------
    coadds : those of one patch that hold something, one a band, at least one
    pixel_arcsec : side of a pixel
    """
    by_band = {c.band: c for c in coadds}
    red, green, blue = channels(bands_of(np.array(list(by_band), object)))
    factor = max(1, -(-max(by_band[green].image.flux.shape) // _SIZE_PX))
    planes = {b: _in_noise(by_band[b], factor) for b in {red, green, blue}}
    middle = by_band[green]
    return Panels(
        colour_picture(planes[red], planes[green], planes[blue]),
        rebinned(np.where(middle.count > 0, middle.count, np.nan).astype(np.float64), factor),
        rebinned(depth(middle), factor),
        green,
        (red, green, blue),
        middle.image.flux.shape[0] * pixel_arcsec / 60,
    )


def depth(coadd: Coadd) -> F8:
    """(ny, nx) AB magnitude at five sigma of the sky for the mean PSF of the patch; NaN where nothing is."""
    psfs = coadd.psf.images[coadd.psf.images.sum(axis=(1, 2)) > 0]
    area = float(np.median(1 / (psfs**2).sum(axis=(1, 2)))) if len(psfs) else np.nan
    variance = np.where(coadd.image.variance > 0, coadd.image.variance, np.nan).astype(np.float64)
    return np.asarray(_AB_ZERO_NJY - 2.5 * np.log10(5 * np.sqrt(variance * area)))


def _in_noise(coadd: Coadd, factor: int) -> F8:
    seen = np.where(coadd.image.variance > 0, coadd.image.flux, np.nan).astype(np.float64)
    noise = float(np.sqrt(np.median(coadd.image.variance[coadd.image.variance > 0])))
    return rebinned(seen, factor) / (noise / factor)


def draw(shown: Panels) -> npt.NDArray[np.uint8]:
    """(ny, nx, 3) uint8, first row on top: the three panels with their scales."""
    figure = Figure(figsize=(12, 4.1), layout="constrained", dpi=100)
    axes = figure.subplots(1, 3)
    extent = (0.0, shown.side_arcmin * shown.colour.shape[1] / shown.colour.shape[0], 0.0, shown.side_arcmin)
    axes[0].imshow(shown.colour, origin="lower", extent=extent)
    axes[0].set_title(f"red {shown.bands[0]}, green {shown.bands[1]}, blue {shown.bands[2]}", fontsize=10)
    _scaled(figure, axes[1], shown.count, extent, f"visits in {shown.of}")
    _scaled(figure, axes[2], shown.depth, extent, f"5 sigma depth in {shown.of}, mag")
    for axis in axes:
        axis.set_xlabel("arcmin")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def _scaled(
    figure: Figure, axis: Axes, image: F8, extent: tuple[float, float, float, float], title: str
) -> None:
    """An image with its colour bar."""
    low, high = np.nanpercentile(image, [1, 99]) if np.isfinite(image).any() else (0.0, 1.0)
    drawn = axis.imshow(
        image, origin="lower", extent=extent, cmap="viridis", vmin=low, vmax=max(high, low + 1e-3)
    )
    figure.colorbar(drawn, ax=axis, shrink=0.85)
    axis.set_title(title, fontsize=10)
