"""Whether a new orbit is sure enough to be reported as one (the Minor Planet Center's criteria for
identifications).
"""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.orbit.elements import cartesian_to_cometary
from gnomon.algorithms.orbit.predict import one_sigma_lanes

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]

# Minor Planet Center, "Acceptance criteria for identifications", objects of three nights.
_LEAST_NIGHTS, _LEAST_ARC_DAYS, _LONGEST_ARC_DAYS = 3, 3.0, 15.0
_RMS_ARCSEC = 0.25
_SIGMA_A_AU, _SIGMA_Q_AU, _SIGMA_E, _SIGMA_I_DEG, _LARGEST_E = 0.05, 0.05, 0.05, 0.5, 0.5


def element_errors(heliocentric: F8, covariance: F8) -> tuple[F8, F8]:
    """(n, 4) a, q, e and inclination (au, au, 1, degrees) and their standard errors, to first order."""
    lanes = one_sigma_lanes(heliocentric, covariance)
    elements = cartesian_to_cometary(lanes, np.zeros(lanes.shape[:2]))
    q, e, i = elements[..., 0], elements[..., 1], np.rad2deg(elements[..., 2])
    with np.errstate(divide="ignore"):
        values = np.stack([q / (1 - e), q, e, i], axis=-1)
    away = values[:, 1:] - values[:, :1]
    return values[:, 0], np.sqrt(np.sum(away**2, axis=1))


def why_not_ready(heliocentric: F8, covariance: F8, rms_arcsec: F8, nights: I8, arc_days: F8) -> list[str]:
    """For each orbit the criteria it misses, empty where it meets all."""
    values, sigmas = element_errors(heliocentric, covariance)
    limits = (_SIGMA_A_AU, _SIGMA_Q_AU, _SIGMA_E, _SIGMA_I_DEG)
    notes = []
    for k in range(len(values)):
        short = nights[k] < _LEAST_NIGHTS or arc_days[k] < _LEAST_ARC_DAYS
        long = nights[k] == _LEAST_NIGHTS and arc_days[k] > _LONGEST_ARC_DAYS
        missed = [f"arc {arc_days[k]:.1f} d of {nights[k]} nights"] if short or long else []
        missed += [f'rms {rms_arcsec[k]:.2f}"'] if not rms_arcsec[k] <= _RMS_ARCSEC else []
        pairs = zip(("a", "q", "e", "i"), sigmas[k], limits, strict=True)
        missed += [f"sigma({name}) {sigma:.2g}" for name, sigma, limit in pairs if not sigma < limit]
        missed += [f"e {values[k, 2]:.2f}"] if not values[k, 2] < _LARGEST_E else []
        notes.append("; ".join(missed))
    return notes
