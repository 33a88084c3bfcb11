"""Splitting footprints into sources and sharing their pixels."""

import numpy as np

from gnomon.algorithms.detect.find import NO_LIGHT
from gnomon.containers.footprints import Footprints, Sources
from gnomon.containers.image import Image
from gnomon.kernels import detect as kernel


def deblend(
    image: Image,
    footprints: Footprints,
    *,
    prominence: float = 3.0,
    contrast: float = 0.0005,
    ignore: int = NO_LIGHT,
) -> Sources:
    """Sources of all footprints, and the part of each pixel's light that is theirs.

    Each footprint, its pixels smoothed by (1 2 1) x (1 2 1) / 16, is flooded from its highest pixel down; two
    hills stay apart where both stand ``prominence`` standard errors above their saddle and hold above it
    ``contrast`` of what the other side holds: multi-threshold deblending (Bertin & Arnouts 1996) with every
    pixel value a threshold, and a test against noise. Light is shared in proportion to templates that are
    symmetric about the peaks (Lupton 2005).

    Parameters
    ----------
    image
        The background-subtracted image in which the footprints were found.
    prominence
        Raise it where noise or structure of galaxies is split; lower it for close faint pairs.
    contrast
        Smallest light of a source as a part of its neighbour's.
    ignore
        Mask bits of pixels that carry no light.

    Raises
    ------
    ValueError
        Footprints of another image shape, or options out of range.

    Limits: sources closer than about one FWHM have one peak and stay one.
    """
    if footprints.shape != image.shape:
        raise ValueError(f"footprints of shape {footprints.shape} for an image of shape {image.shape}")
    if not (prominence >= 0 and 0 <= contrast < 1):
        raise ValueError(f"prominence {prominence} must be >= 0 and contrast {contrast} in [0, 1)")
    runs = kernel.Runs(
        footprints.y,
        footprints.x0,
        footprints.x1,
        footprints.first,
        footprints.sign,
        footprints.flux,
        footprints.noise,
    )
    peaks = kernel.split(runs, image.flux, image.variance, image.mask, ignore, prominence, contrast)
    labels, shares = kernel.share(runs, peaks, image.flux)
    box = np.stack([shares.y0, shares.x0, shares.y1, shares.x1], axis=1)
    return Sources(
        footprint=peaks.footprint,
        x=peaks.x,
        y=peaks.y,
        peak_flux=peaks.flux,
        peak_noise=peaks.noise,
        area=peaks.area,
        labels=labels,
        box=np.ascontiguousarray(box),
        first=shares.first,
        weight=shares.weight,
    )
