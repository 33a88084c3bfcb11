"""Non-linear response of an amplifier."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]


def linearise(adu: npt.ArrayLike, coefficients: Sequence[float]) -> F8:
    """Counts proportional to charge: ``v + v^2 (c0 + c1 v + c2 v^2 + ...)``.

    Parameters
    ----------
    adu
        Counts above bias as read, ADU, any shape.
    coefficients
        c0 (ADU^-1), c1 (ADU^-2), ...
    """
    v = np.asarray(adu, np.float64)
    return v + v * v * np.polynomial.polynomial.polyval(v, list(coefficients) or [0.0])


def fit_linearity(exposure_s: F8, adu: F8, order: int) -> tuple[float, ...]:
    """Coefficients of `linearise` from a ramp of flats of one brightness.

    ``rate t = v + c0 v^2 + ...`` is linear in (rate, -c0, -c1, ...): least squares with every point weighted
    by 1 / v (shot noise of flats grows with the root of v; what remains is the fluctuation of the lamp,
    which grows with v).

    Parameters
    ----------
    exposure_s
        (n,) float64 exposure times, seconds.
    adu
        (n,) float64 mean counts above bias, ADU, positive and below saturation.
    order
        Number of coefficients, 1 to 4.

    Raises
    ------
    ValueError
        Fewer than order + 2 exposures, or counts that are not positive.

    Limits
    ------
    The lamp must be steady; the zero of the exposure time must be true (shutter delay below 1e-4 of it).
    """
    if len(adu) < order + 2:
        raise ValueError(f"found {len(adu)} flats, wanted at least {order + 2} for {order} coefficients")
    if not np.all(adu > 0):
        raise ValueError("found flats without counts, wanted positive counts above bias")
    top = float(np.max(adu))
    terms = [exposure_s / adu] + [-((adu / top) ** k) for k in range(1, order + 1)]
    solution = np.linalg.lstsq(np.stack(terms, axis=-1), np.ones(len(adu)), rcond=None)[0]
    return tuple(float(c / top**k) for k, c in enumerate(solution[1:], start=1))
