"""The straight line of a plane that stands out most from the sky."""

import numpy as np
import numpy.typing as npt

from gnomon.kernels import _lines

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
I4 = npt.NDArray[np.int32]


def best_lines(
    planes: F4, sky: F4, noise: F8, scale: F4, step: int, clip: float, least: int
) -> tuple[F4, I4]:
    """For each plane the line of the largest sum, in its standard error, of samples ``step`` pixels apart.

    Samples are differences from the sky times ``scale`` over the noise, clipped, less their mean. Their error is their
    rms (0.7 at least), more where neighbours are correlated. Sums are those of the fast discrete Radon transform
    (Brady 1998).

    Parameters
    ----------
    planes : (n, ny, nx) float32, C order
    sky : (ny, nx) float32
    noise : (n,) float64, standard deviation of a pixel, positive
    scale : (my, mx) float32, over the relative noise of the samples, which lie around the middle; 0: unusable
    clip : standard deviations beyond which a sample counts no more
    least : usable samples of a line that is looked at

    Returns
    -------
    snr : (n,) float32, 0 where no line is looked at
    line : (n, 3) int32 quadrant, shift, column of `gnomon.algorithms.streak.radon.line_at`

    Raises
    ------
    ValueError
        Shapes differ, there is no sample, or more than pixels.
    """
    snr, line = np.zeros(len(planes), np.float32), np.zeros((len(planes), 3), np.int32)
    _lines.best(planes, sky, noise, scale, step, clip, least, snr, line)
    return snr, line
