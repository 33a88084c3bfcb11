"""What stars that no PSF has seen have beyond the PSF, over a whole visit."""

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.algorithms.visit.quality import FLOOR, shape_residuals
from gnomon.containers.catalog import Catalog
from gnomon.containers.sphere import chord, directions

F8 = npt.NDArray[np.float64]

_ARCMIN = np.pi / 180 / 60
NEAR, FAR = 1 * _ARCMIN, 5 * _ARCMIN
"""Pairs nearer than the one tell TE1, farther than the other TE2 (LSST LPM-17, tables 27 and 28)."""
_CLIP = 5.0  # errors


def psf_residuals(sources: Catalog) -> dict[str, tuple[float, int]]:
    """Mean residuals of the reserve stars of a visit, and their correlations of ellipticity, with counts.

    ``TE = <de1 de1' + de2 de2'>`` of pairs of stars, weighted by their errors: photon noise of two stars is
    independent and averages to nothing. NaN and 0 where there is none.

    Parameters
    ----------
    sources : source table of a visit
    """
    stars = sources.take(sources["isPsfReserve"].astype(bool))
    off = shape_residuals(stars)
    error = np.hypot(off["error"], FLOOR)
    good = np.isfinite(error)
    for name in ("size", "e1", "e2"):
        good &= np.isfinite(off[name]) & (np.abs(off[name]) < _CLIP * error)
    weight = error[good] ** -2
    found = {f"PSF {n} residual": _mean(off[n][good], weight) for n in ("size", "e1", "e2")}
    e = np.stack([off["e1"], off["e2"]], 1)[good]
    at = directions(np.radians(stars["coord_ra"][good]), np.radians(stars["coord_dec"][good]))
    near, far = pairs(at, NEAR, FAR)
    return found | {"PSF TE1": _correlation(e, weight, near), "PSF TE2": _correlation(e, weight, far)}


def pairs(at: F8, near: float, far: float) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """(n, 2) rows of pairs of unit vectors nearer than an angle, and of those farther than another, radians."""
    if len(at) < 2:
        return np.zeros((0, 2), np.intp), np.zeros((0, 2), np.intp)
    close = cKDTree(at).query_pairs(chord(near), output_type="ndarray")
    every = np.stack(np.triu_indices(len(at), 1), 1)
    apart = np.linalg.norm(at[every[:, 0]] - at[every[:, 1]], axis=1) > chord(far)
    return close, every[apart]


def _mean(values: F8, weight: F8) -> tuple[float, int]:
    return (float(np.average(values, weights=weight)), len(values)) if len(values) else (float("nan"), 0)


def _correlation(e: F8, weight: F8, rows: npt.NDArray[np.intp]) -> tuple[float, int]:
    i, j = rows.T
    return _mean((e[i] * e[j]).sum(1), weight[i] * weight[j])
