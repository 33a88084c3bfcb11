"""The table of stellar motions."""

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.motion.fit import MAS, Epochs, Motion, fit_motion
from gnomon.containers.catalog import Catalog
from gnomon.containers.ragged import group_rows

F8 = npt.NDArray[np.float64]

PARAMETERS = ("ra", "dec", "pmRa", "pmDec", "parallax")
"""Names of the parameters in errors and covariances, order of `Motion.covariance`."""


def motion_table(detections: Catalog, sigma_floor_mas: float, epoch: float) -> Catalog:
    """Position, proper motion and parallax of isolated stars.

    Parameters
    ----------
    detections : isolatedStarId, midpointMjdTai, coord_ra, coord_dec, coord_raErr, coord_decErr (deg).
    sigma_floor_mas : added in quadrature to the error of each epoch and axis.
    epoch : reference epoch, MJD TAI.
    """
    groups = group_rows(
        detections["isolatedStarId"].astype(np.int64), detections["midpointMjdTai"], detections["coord_ra"]
    )
    d = detections.take(groups.order)
    floor = sigma_floor_mas * MAS
    ra, dec, ra_err, dec_err = (
        np.radians(d[c].astype(np.float64)) for c in ("coord_ra", "coord_dec", "coord_raErr", "coord_decErr")
    )
    ra_err, dec_err = np.hypot(ra_err, floor), np.hypot(dec_err, floor)
    epochs = Epochs(groups.offsets, d["midpointMjdTai"], ra, dec, ra_err, dec_err, np.zeros(len(ra)))
    return _table(groups.keys, fit_motion(epochs, epoch), epoch)


def _table(identity: npt.NDArray[np.int64], m: Motion, epoch: float) -> Catalog:
    sigma = np.sqrt(np.einsum("npp->np", m.covariance))
    columns: dict[str, npt.NDArray[Any]] = {
        "isolatedStarId": identity,
        "coord_ra": np.degrees(m.ra),
        "coord_dec": np.degrees(m.dec),
        "pmRa": m.pm_ra,
        "pmDec": m.pm_dec,
        "parallax": m.parallax,
    }
    columns |= {f"{name}Err": sigma[:, k] for k, name in enumerate(PARAMETERS)}
    for a, b in combinations(range(len(PARAMETERS)), 2):
        columns[f"{PARAMETERS[a]}_{PARAMETERS[b]}_Cov"] = m.covariance[:, a, b]
    columns |= {"chi2": m.chi2, "nUsed": m.n_used, "nClipped": m.n_clipped}
    columns |= {"epochMjdTai": np.full(len(identity), epoch), "hasMotion": m.five_parameters}
    return Catalog(columns)
