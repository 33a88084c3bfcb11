"""Charge that pushes later charge out of its pixel: bright stars look wider than faint ones."""

import numpy as np
import numpy.typing as npt

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]

REACH_PX = 8
"""The field of a pixel's charge is followed so far."""
_SOFT_PX = 0.3  # the field of a pixel's charge, spread over the pixel
_TURNS = 6
_TOLERANCE = 1.0  # electrons by which the last turn may still change a pixel


def potential(loss: float) -> F8:
    """Kernel K of the potential of one electron, which falls as 1 / sqrt(r^2 + 0.3^2), r in pixels.

    A neighbour gains a seventh of the area that the pixel loses, as sensors show (Antilogus et al. 2014, JINST 9,
    C03048).

    Parameters
    ----------
    loss : part of its area that a pixel loses by an electron of its own: ``-a_00`` of Antilogus et al., minus
        the Laplacian of K at the centre

    Returns
    -------
    (17, 17) float64, per electron.
    """
    y, x = np.mgrid[-REACH_PX : REACH_PX + 1, -REACH_PX : REACH_PX + 1]
    fall = 1 / np.sqrt(x**2 + y**2 + _SOFT_PX**2)
    return np.asarray(loss * fall / (4 * (fall.max() - fall[REACH_PX, REACH_PX + 1])))


def correct_brighter_fatter(electrons: F4, kernel: F8) -> F4:
    """Where the charge would lie had none of it repelled the rest.

    Light that falls beside charge Q is moved down the potential ``K * Q``, on average over the exposure by half
    of what the final charge does: ``seen = true + 1/2 div(true grad(K * true))`` (Coulton et al. 2018, AJ 155, 258, eq.
    22, with the sign of K turned). The fixed point is sought in turns; what one pixel loses over a side, its neighbour
    gains, so that the sum stays.

    Parameters
    ----------
    electrons : (ny, nx) float32 as they lay in the silicon: dark current in, before the flat field
    kernel : of `potential`

    Returns
    -------
    (ny, nx) float32.

    Limits
    ------
    The potential is the same in rows and columns; charge lost to saturation moves nothing.
    """
    seen = electrons.astype(np.float64)
    true = seen
    for _ in range(_TURNS):
        last, true = true, seen - 0.5 * _moved(true, kernel)
        if float(np.abs(true - last).max(initial=0.0)) < _TOLERANCE:
            break
    return true.astype(np.float32)


def _moved(light: F8, kernel: F8) -> F8:
    """(ny, nx) what pixels gain when light slides down the potential of all of it; sums to zero."""
    from scipy.signal import oaconvolve  # 0.6 s of import that sensors without the effect do without

    high = oaconvolve(np.pad(light, REACH_PX, mode="edge"), kernel, mode="valid")
    gained = np.zeros_like(light)
    right = 0.5 * (light[:, 1:] + light[:, :-1]) * np.diff(high, axis=1)
    up = 0.5 * (light[1:] + light[:-1]) * np.diff(high, axis=0)
    gained[:, :-1] += right
    gained[:, 1:] -= right
    gained[:-1] += up
    gained[1:] -= up
    return gained
