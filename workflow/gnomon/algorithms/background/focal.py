"""The sky over a whole focal plane, so that what is larger than a cell of the mesh is not taken for sky."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, binary_propagation
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from gnomon.algorithms.joint.scatter import sigma_mad
from gnomon.containers.background import BackgroundModel
from gnomon.containers.psf import polynomial_terms

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
B1 = npt.NDArray[np.bool_]

_DEGREE = 2
_TURNS = 4  # at each degree
_PER_TERM = 2  # cells of sky for each term of the polynomial, or its degree stays lower
_WORTH = 0.9  # of the scatter that is left at most where a higher degree is believed
_START = 30  # per cent: a third of the focal plane may lie within objects, and more than half of it
_CLIP = 3.0  # scatters above the sky from which a cell holds an object
_FLAT_ERROR = 0.001  # of the sky: less is no object but the flat field
_PEDESTAL = 0.01  # of the sky: zero points of neighbouring detectors agree so well
_NEAR = 2.5  # cells from an object's cells, where its wings lie below the clip
_ENOUGH = 0.25  # of a detector's cells see its sky, or all of them within the pedestal's limit
_SEED = 2.0  # clips that the highest cell of an object stands above the sky


@dataclass(frozen=True, slots=True)
class FocalSky:
    """A smooth sky and what single detectors add to it."""

    coefficients: F8
    """(6,) polynomial of degree 2 in places of order one, as `PsfModel` orders its terms."""
    pedestal: dict[int, float]
    """By detector; none where it could not be told."""
    scatter: float
    """Of cells about it."""

    def at(self, x: F8, y: F8, detector: int) -> F8:
        """Sky at places on a detector, in the shape of x and y."""
        flat = polynomial_terms((x.ravel(), y.ravel()), _DEGREE) @ self.coefficients
        return np.asarray(flat.reshape(x.shape) + self.pedestal.get(detector, 0.0), np.float64)


def fit_focal_sky(x: F8, y: F8, level: F8, detector: I8) -> FocalSky:
    """A polynomial through the cells of all detectors that no object lifts, then a pedestal for each detector.

    Cells are left out that stand above the others, starting from a level that most exceed: objects only add light.

    Parameters
    ----------
    x, y : (n,) places on the focal plane, of order one
    level : (n,) sky per solid angle, objects masked as well as a single detector could
    detector : (n,) sensor of each cell

    Limits
    ------
    An object that covers a third of the focal plane, or an edge of it, cannot be told from the sky.
    """
    kept, near = level <= np.percentile(level, 100 - _START), _neighbours(x, y)
    every = polynomial_terms((x, y), _DEGREE)
    coefficients, left, scatter = np.zeros(1), level, np.inf
    for degree in range(_DEGREE + 1):
        terms = every[:, : (degree + 1) * (degree + 2) // 2]
        if degree and kept.sum() < _PER_TERM * terms.shape[1]:
            break
        found = _settle(terms, level, kept, near)
        if not found[3] < _WORTH * scatter:
            break  # what does not follow the sky better only bends where objects hide it
        coefficients, left, kept, scatter = found
    pedestal, limit = {}, _PEDESTAL * abs(float(np.median(level)))
    for number in np.unique(detector):
        mine = detector == number
        if (mine & kept).sum() >= _ENOUGH * mine.sum():
            pedestal[int(number)] = float(np.clip(np.median(left[mine & kept]), -limit, limit))
        elif (low := float(np.percentile(left[mine], 100 * _ENOUGH))) < limit:
            pedestal[int(number)] = max(low, -limit)
    return FocalSky(np.pad(coefficients, (0, every.shape[1] - len(coefficients))), pedestal, scatter)


def _settle(terms: F8, level: F8, kept: B1, near: csr_array) -> tuple[F8, F8, B1, float]:
    """Coefficients, residuals, cells that see the sky and their scatter, by turns of fitting and leaving out."""
    for _ in range(_TURNS):
        coefficients: F8 = np.asarray(np.linalg.lstsq(terms[kept], level[kept], rcond=None)[0], np.float64)
        left = level - terms @ coefficients
        scatter = _scatter(left[kept], float(np.median(level)))
        lifted = left >= np.median(left[kept]) + _CLIP * scatter
        away = ~lifted & (near @ (lifted & (near @ lifted > 0)) == 0)
        kept = away if away.sum() >= _PER_TERM * terms.shape[1] else ~lifted
    return coefficients, left, kept, scatter


def _neighbours(x: F8, y: F8) -> csr_array:
    """(n, n) ones where cells lie within two and a half cells of each other, zeros on the diagonal."""
    at = np.stack([x, y], 1)
    tree = cKDTree(at)
    spacing = float(np.median(tree.query(at, k=min(2, len(at)))[0].reshape(len(at), -1)[:, -1]))
    i, j = tree.query_pairs(_NEAR * spacing, output_type="ndarray").T
    ones = np.ones(2 * len(i), np.int64)
    return csr_array((ones, (np.r_[i, j], np.r_[j, i])), shape=(len(at), len(at)))


def without_objects(own: BackgroundModel, expected: F8, scatter: float) -> tuple[BackgroundModel, B1]:
    """The sky of a detector with what objects lift taken from the sky of the focal plane; and which cells.

    Parameters
    ----------
    own : mesh of the detector
    expected : (my, mx) what the focal plane says at its cells, same unit
    scatter : of cells that see the sky only
    """
    above = own.level - expected
    lifted = np.asarray(above > _CLIP * scatter, np.bool_)
    # a lone cell is noise or a small object that the mesh was right to keep; what has no clear middle is no object
    lifted = binary_propagation(
        above > _SEED * _CLIP * scatter, _ONES, lifted & binary_dilation(lifted, _NEIGHBOURS)
    )
    lifted = binary_dilation(lifted, _ONES)  # wings go on below the limit
    level = np.where(lifted, expected, own.level).astype(np.float32)
    return BackgroundModel(level, own.rms, own.shape), lifted


_NEIGHBOURS = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]])
_ONES = np.ones((3, 3))


def _scatter(values: F8, level: float) -> float:
    """Robust standard deviation, at least what flat fields leave."""
    return max(sigma_mad(values), _FLAT_ERROR * abs(level))
