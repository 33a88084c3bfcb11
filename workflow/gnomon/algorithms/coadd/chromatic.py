"""The parts of a band on one cell, from what refraction does to its warps."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.coadd.stack import EXCLUDED, WarpStack

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Refraction:
    """How the air displaced parts of a band in each input."""

    parts: F8
    """(nsub,) refractivity of the parts less that of the band."""
    zenith: Mapping[tuple[int, int], tuple[float, float]]
    """By visit and detector: displacement (x, y) on the patch per unit of refractivity, pixels."""


def band_parts(stack: WarpStack, rejected: npt.NDArray[np.uint8], refraction: Refraction) -> F4:
    """(nsub, ny, nx) float32 images of parts of the band, bluest first, from the pixels that the mean is made of."""
    from gnomon.algorithms.dcr.solve import DcrEpochs, fit_dcr  # brings scipy: half of a coadd's imports

    good = (stack.variance > 0) & ((stack.mask & np.uint32(EXCLUDED)) == 0) & (rejected == 0)
    names = zip(stack.visit.tolist(), stack.detector.tolist(), strict=True)
    up = np.array([refraction.zenith[name] for name in names], np.float64)
    shift = up[:, None, :] * refraction.parts[None, :, None]
    return fit_dcr(DcrEpochs(stack.flux, good, stack.psf, stack.weight, shift)).planes
