"""One image of all bands, to find things on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.containers.image import Image
from gnomon.flags import MASK


def chi2_image(images: Sequence[Image]) -> tuple[Image, npt.NDArray[np.uint16]]:
    """Sum over bands of flux squared over variance (Szalay, Connolly & Szokoly 1999, AJ 117, 68, eq. 2).

    Without sources a pixel of n bands has the mean n and the variance 2 n, if the noise is Gaussian and the
    variances are right.

    Parameters
    ----------
    images : of one grid, one a band; pixels of variance 0 are left out

    Returns
    -------
    Image : dimensionless; variance 2 n; mask the union of the bands; NO_DATA where no band has any
    count : (ny, nx) uint16, bands that have data

    Raises
    ------
    ValueError
        The images differ in shape, or there is none.

    Limits: sources of many bands stand out more than in their best one, negative ones as well as positive.
    """
    if len({i.shape for i in images}) != 1:
        raise ValueError(f"images of shapes {sorted({i.shape for i in images})}, wanted one")
    total, count = np.zeros(images[0].shape), np.zeros(images[0].shape, np.uint16)
    mask = np.zeros(images[0].shape, np.uint32)
    for image in images:
        known = image.variance > 0
        weight = np.where(known, 1 / np.where(known, image.variance, 1).astype(np.float64), 0)
        total += weight * image.flux.astype(np.float64) ** 2
        count += known
        mask |= np.where(known, image.mask, 0)
    mask |= np.where(count > 0, np.uint32(0), np.uint32(MASK["NO_DATA"]))
    return Image(total.astype(np.float32), (2.0 * count).astype(np.float32), mask), count
