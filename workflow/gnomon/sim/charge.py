"""The brighter-fatter effect: charge that has gathered in a pixel repels what comes later."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import convolve

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

_STEPS = 8  # parts of the exposure
_REACH_PX = 8
_DEPTH_PX = 0.3  # the field is soft within this: a neighbour gains a seventh of what the pixel loses


def gather_charge(electrons: F4, loss: float) -> F4:
    """The charge that an exposure leaves where ``electrons`` would lie without repulsion; their sum stays.

    The exposure is followed in parts: the light of each is shared with the four neighbours by the field of the charge
    that is there already and half of its own.

    Parameters
    ----------
    electrons : (ny, nx) float32
    loss : part of its area that a pixel loses by an electron of its own, e.g. 2e-6
    """
    y, x = np.mgrid[-_REACH_PX : _REACH_PX + 1, -_REACH_PX : _REACH_PX + 1]
    height = 1 / np.sqrt(x**2 + y**2 + _DEPTH_PX**2)
    around = height[_REACH_PX, _REACH_PX + 1]
    height *= loss / (4 * (height[_REACH_PX, _REACH_PX] - around))
    part = electrons.astype(np.float64) / _STEPS
    charge = np.zeros_like(part)
    for _ in range(_STEPS):
        field = convolve(charge + 0.5 * part, height, mode="nearest")
        charge += part
        for axis in (0, 1):
            _share(charge, part, field, axis)
    return charge.astype(np.float32)


def _share(charge: F8, part: F8, field: F8, axis: int) -> None:
    """Light moves over the sides of pixels from high to low field, in place."""
    c, p, f = (np.moveaxis(a, axis, 0) for a in (charge, part, field))
    over = 0.5 * (p[1:] + p[:-1]) * (f[:-1] - f[1:])
    c[1:] += over
    c[:-1] -= over
