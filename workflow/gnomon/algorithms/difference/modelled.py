"""The matching kernel where there are too few stars: from the models of the two PSFs."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.difference.basis import GaussianBasis
from gnomon.algorithms.difference.kernel import MatchingKernel, StarStamps, fit_kernel

F8 = npt.NDArray[np.float64]

NOISE = 1e-3
"""Of a pixel of the models, in units of their peak: PSFs of few stars are known no better."""


def modelled_kernel(basis: GaussianBasis, source: F8, target: F8, shape: tuple[int, int]) -> MatchingKernel:
    """The constant kernel that makes one PSF of another; its sum is 1, as both images are calibrated.

    Parameters
    ----------
    source, target : (side, side) PSFs of unit sum, sides odd: of the template, and the one wanted
    shape : (ny, nx) of the image
    """
    half = target.shape[0] // 2
    stamps = StarStamps(
        sized(source, half + basis.half)[None],
        target[None],
        np.full((1, *target.shape), (NOISE * float(target.max())) ** 2),
        np.array([0.5 * (shape[1] - 1)]),
        np.array([0.5 * (shape[0] - 1)]),
    )
    kernel = fit_kernel(stamps, basis, shape, max_degree=0, min_stars=1)
    coefficients = kernel.coefficients.copy()
    coefficients[0] = 1.0
    return replace(kernel, coefficients=coefficients, used=np.zeros(0, np.bool_))


def sized(image: F8, half: int) -> F8:
    """An image cut, or padded with nothing, to a half side."""
    own = image.shape[0] // 2
    cut = max(own - half, 0)
    inner = image[cut : image.shape[0] - cut, cut : image.shape[1] - cut]
    return np.pad(inner, max(half - own, 0))
