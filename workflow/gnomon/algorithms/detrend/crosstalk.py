"""Electronic ghosts of one amplifier's signal in the others."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.kernels.detrend import mix_amplifiers

F4 = npt.NDArray[np.float32]
Matrix = Sequence[Sequence[float]]


def crosstalk_terms(lights: Sequence[F4], matrix: Matrix) -> list[F4]:
    """What to subtract from each amplifier.

    The electronics give ``seen = (1 + C) true``, so that the correction is ``seen - (1 + C)^-1 seen``.

    Parameters
    ----------
    lights
        (ny, nx) float32 ADU above the overscan, one per amplifier, in read order and of one shape.
    matrix
        C[victim][source], diagonal 0.

    Raises
    ------
    ValueError
        The matrix or the shapes do not fit the amplifiers.
    """
    number = len(lights)
    coupling = np.asarray(matrix, np.float64)
    if coupling.shape != (number, number):
        raise ValueError(f"found a crosstalk matrix {coupling.shape} for {number} amplifiers")
    if len({light.shape for light in lights}) > 1:
        raise ValueError("crosstalk wants amplifiers of one shape")
    share = np.eye(number) - np.linalg.inv(np.eye(number) + coupling)
    mixed = mix_amplifiers(np.stack(lights).reshape(number, -1), share.astype(np.float32))
    return list(mixed.reshape(number, *lights[0].shape))
