"""Counts to nJy, and back to magnitudes."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photometry.zero_point import AB_NJY, MAG_PER_LN
from gnomon.containers.image import Image

F8 = npt.NDArray[np.float64]


def njy_per_count(zero_point: float) -> float:
    """nJy of one count in an exposure whose zero point (AB magnitude of one count) this is."""
    return float(10 ** (0.4 * (AB_NJY - zero_point)))


def calibrate_image(image: Image, factor: npt.ArrayLike, *, in_place: bool = False) -> Image:
    """Flux and variance times the calibration.

    Parameters
    ----------
    image
        In counts.
    factor
        nJy per count, a number or (ny, nx) float64.
    in_place
        Write into the image's own planes, which nobody else needs as they were.

    Raises
    ------
    ValueError
        A factor that is not positive and finite.
    """
    values = np.asarray(factor, np.float64)
    if not np.all(np.isfinite(values) & (values > 0)):
        raise ValueError("a calibration factor is positive and finite")
    scale = values.astype(np.float32)
    out = (image.flux, image.variance) if in_place else (None, None)
    flux, variance = (
        np.multiply(image.flux, scale, out[0]),
        np.multiply(image.variance, scale * scale, out[1]),
    )
    return Image(flux, variance, image.mask)


def magnitude(flux: npt.ArrayLike, flux_err: npt.ArrayLike) -> tuple[F8, F8]:
    """AB magnitudes and standard errors of fluxes in nJy; NaN where the flux is not positive."""
    f, e = np.asarray(flux, np.float64), np.asarray(flux_err, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        positive = np.where(f > 0, f, np.nan)
        return AB_NJY - 2.5 * np.log10(positive), MAG_PER_LN * e / positive
