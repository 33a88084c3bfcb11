"""The electronic zero level of an amplifier, from its overscan."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter

from gnomon.constants import MAD_TO_SIGMA

F4 = npt.NDArray[np.float32]
F8 = npt.NDArray[np.float64]
Method = Literal["row", "smooth", "polynomial", "median"]

SKIP_COLUMNS = 2  # first overscan columns still hold charge that the last light pixels left behind (CTI)
CLIP_SIGMA = 4.0
SMOOTH_ROWS = 65  # window of the quadratic: noise of a row's mean down by 5 (9 / (4 x 65) in variance)
MAX_REJECTED = 0.2  # a section of pure noise loses 6e-5; more than this part is signal, not noise
MAX_NOISE_RATIO = 5.0  # of the measured noise to the amplifier's own


@dataclass(frozen=True, slots=True)
class Overscan:
    """What the overscan of one amplifier says."""

    level: F4
    """(ny,) float32 ADU to subtract from each row of the read-out."""
    noise: float
    """Rms of an overscan pixel about the level, ADU."""
    rejected: float
    """Part of the pixels that was left out."""
    fault: str
    """Why the level cannot be trusted; empty when it can."""


def measure_overscan(
    pixels: npt.NDArray[np.generic], method: Method, expected_noise: float, degree: int = 3
) -> Overscan:
    """Zero level by row, with outliers left out.

    Row medians give the noise (from the median absolute deviation); pixels beyond 4 sigma of their row's
    median are left out. The level is the mean of the rest by row (`row`), those means through a quadratic
    over 65 rows (`smooth`) or one polynomial (`polynomial`), or one median for the amplifier (`median`).

    Parameters
    ----------
    pixels
        (ny, nx) of any real type, ADU: the overscan section; its first two columns are not used where
        it has more than eight.
    method
        `row` follows anything that changes along the read-out and adds noise / sqrt(nx) that is common to
        a row; `smooth` follows slow drifts and adds a fifth of that.
    expected_noise
        Read noise of the amplifier, ADU.
    degree
        Of the polynomial.

    Returns
    -------
    `Overscan`; its `fault` is a sentence where the section is empty, not finite, constant, much noisier than
    expected or full of outliers.
    """
    ny, nx = pixels.shape
    if ny == 0 or nx == 0:
        return Overscan(np.zeros(ny, np.float32), 0.0, 0.0, "there is no overscan")
    values = np.asarray(pixels[:, SKIP_COLUMNS if nx > 8 else 0 :], np.float32)
    if not np.all(np.isfinite(values)):
        bad = np.count_nonzero(~np.isfinite(values))
        return Overscan(np.zeros(ny, np.float32), 0.0, 0.0, f"{bad} pixels of the overscan are not finite")
    centre = np.median(values, axis=1)
    deviation = np.abs(values - centre[:, None])
    noise = MAD_TO_SIGMA * float(np.median(deviation))
    keep = deviation <= max(CLIP_SIGMA * noise, 1.0)
    rejected = 1 - float(np.count_nonzero(keep)) / keep.size
    rows = np.sum(values, axis=1, where=keep, dtype=np.float64) / np.maximum(keep.sum(axis=1), 1)
    level = _level(rows, method, degree).astype(np.float32)
    return Overscan(level, noise, rejected, _fault(values, noise, rejected, expected_noise))


def _level(rows: F8, method: Method, degree: int) -> F8:
    if method == "row":
        return rows
    if method == "median":
        return np.full(len(rows), np.median(rows))
    near = median_filter(rows, SMOOTH_ROWS, mode="nearest")
    residual = np.abs(rows - near)
    good = residual <= CLIP_SIGMA * MAD_TO_SIGMA * max(float(np.median(residual)), 1e-6)
    clean = np.where(good, rows, near)  # rows that a bright source bled into
    return _quadratic(clean) if method == "smooth" else _polynomial(clean, degree)


def _quadratic(rows: F8) -> F8:
    """Savitzky-Golay filter of second order, its end windows extrapolated."""
    window = min(SMOOTH_ROWS, len(rows) - 1 + len(rows) % 2)
    half = window // 2
    basis = np.linalg.qr(np.vander(np.linspace(-1, 1, window), min(3, window)))[0]
    fit = basis @ basis.T  # values of the parabola through a window, from the values in it
    inner = np.convolve(rows, fit[half], mode="valid")
    return np.concatenate([fit[:half] @ rows[:window], inner, fit[half + 1 :] @ rows[-window:]])


def _polynomial(rows: F8, degree: int) -> F8:
    t = np.linspace(-1, 1, len(rows))
    fit = np.polynomial.legendre.Legendre.fit(t, rows, min(degree, len(rows) - 1), domain=[-1, 1])
    return np.asarray(fit(t), np.float64)


def _fault(values: F4, noise: float, rejected: float, expected_noise: float) -> str:
    wanted = f"wanted a noise of about {expected_noise:.1f} ADU"
    if float(values.max()) == float(values.min()):
        return f"the overscan is constant at {values.flat[0]:g} ADU, {wanted}"
    if noise > MAX_NOISE_RATIO * expected_noise:
        return f"the overscan has a noise of {noise:.1f} ADU, {wanted}"
    if rejected > MAX_REJECTED:
        return f"{100 * rejected:.0f} % of the overscan are outliers, wanted at most {MAX_REJECTED:.0%}"
    return ""
