"""Which sources are stars fit to model the PSF."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gnomon.constants import MAD_TO_SIGMA

F8 = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

_WIDTH_FLOOR = 0.01  # least half-scatter of ln(size): the PSF varies by a few per cent over a detector
_RIDGE = 0.04  # of ln(size): full width of the window that finds the ridge
_LOCUS = 3.0  # scatters from the locus that still count as a star
_WINDOW = 0.12  # of ln(size) around the mode that may belong to the locus before it is fitted
_LOUDEST = 400  # brightest sources among which the mode is sought: stars outnumber galaxies there
_RESERVE_LEAST = 10  # with fewer stars all are needed


@dataclass(frozen=True, slots=True)
class StarSelection:
    """Rows of the catalogue that model the PSF, and those kept aside to judge it."""

    fit: Rows
    """(n,) rows to fit, brightest first."""
    reserve: Rows
    """(m,) rows of the same kind that no fit may see."""
    log_size: float
    """Mode of ln(size / px) of the stars; NaN if there are none."""


def select_stars(
    x: F8,
    y: F8,
    flux: F8,
    flux_err: F8,
    sigma_px: F8,
    usable: Bools,
    *,
    min_snr: float = 50.0,
    most: int = 600,
    fewest: int = 20,
    isolation_px: float = 20.0,
    contamination: float = 0.02,
    reserve_fraction: float = 0.15,
) -> StarSelection:
    """Stars by the narrow ridge of sizes, bright enough, unsaturated and alone.

    The ridge is where ln(size) of the brightest usable sources is densest, then a robust plane over the
    detector. Where fewer than ``fewest`` stars are alone, the least
    contaminated are taken; where fewer than that are bright, the brightest.

    Parameters
    ----------
    x, y : (n,) pixel positions of all sources
    flux, flux_err : (n,) any unit
    sigma_px : (n,) size of the sources, e.g. sqrt of the mean adaptive moment; NaN is never a star
    usable : (n,) bool; False for saturated, edge, blended or otherwise flagged sources, which still
        count as neighbours
    min_snr : flux over its error
    most : stars taken at most, the brightest
    fewest : stars below which isolation and S/N are relaxed
    isolation_px : radius within which neighbours contaminate
    contamination : flux of neighbours allowed, relative to the star, weighted by (1 - distance / radius)
    reserve_fraction : share of stars kept aside; none of fewer than 10

    Returns
    -------
    StarSelection : possibly empty. The choice depends on the sources, not on their order.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        snr = flux / flux_err
        candidate = usable & (sigma_px > 0) & np.isfinite(sigma_px) & np.isfinite(snr) & (flux > 0)
    bright = candidate & (snr > min_snr)
    if bright.sum() < min(fewest, 5):
        bright = candidate & (snr > min_snr / 3)
    rows = np.flatnonzero(bright)
    if not len(rows):
        return StarSelection(rows, rows, float("nan"))
    rows = rows[np.lexsort((y[rows], x[rows], -flux[rows]))]
    log_size = np.log(sigma_px[rows])
    on_locus, mode = _stellar_locus(x[rows], y[rows], log_size, snr[rows])
    stars = rows[on_locus]
    spoiled = _contamination(x, y, flux, stars, isolation_px)
    stars = _least_contaminated(stars, spoiled, contamination, fewest)[:most]
    return _set_aside(stars, reserve_fraction, mode)


def _stellar_locus(x: F8, y: F8, log_size: F8, snr: F8) -> tuple[Bools, float]:
    """Which of the sources, brightest first, lie on the ridge of sizes, and its mode."""
    mode = _densest(log_size[:_LOUDEST])
    near = np.abs(log_size - mode) < _WINDOW
    centre = np.full(len(x), np.median(log_size[near]) if near.any() else mode)
    scatter = _RIDGE / 2
    for _ in range(3):
        off = np.abs(log_size - centre)
        near = (off < _LOCUS * scatter) & (off < _WINDOW)
        if near.sum() >= 20:
            centre = _plane(x, y, log_size, near)
        elif near.any():
            centre = np.full(len(x), np.median(log_size[near]))
        else:
            break
        # a size of S/N s is known to about 1 / s
        spread = MAD_TO_SIGMA * np.median(np.abs(log_size - centre)[near])
        scatter = max(_WIDTH_FLOOR, float(spread))
    limit = _LOCUS * np.hypot(scatter, 1 / snr)
    return np.abs(log_size - centre) < np.minimum(limit, _WINDOW), float(mode)


def _densest(values: F8) -> float:
    """Median of the values in the fullest window of 4 %, the lowest of equally full ones."""
    v = np.sort(values)
    count = np.searchsorted(v, v + _RIDGE, side="right") - np.arange(len(v))
    start = int(np.argmax(count))
    return float(np.median(v[start : start + count[start]]))


def _plane(x: F8, y: F8, value: F8, use: Bools) -> F8:
    """Least-squares plane through the used values, evaluated everywhere."""
    terms = np.stack([np.ones_like(x), (x - x.mean()) / 1000, (y - y.mean()) / 1000], axis=1)
    return np.asarray(terms @ np.linalg.lstsq(terms[use], value[use], rcond=None)[0])


def _contamination(x: F8, y: F8, flux: F8, stars: Rows, radius: float) -> F8:
    """Flux of neighbours over that of each star, weighted down linearly to zero at the radius."""
    finite = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & (flux > 0))
    tree = cKDTree(np.stack([x[finite], y[finite]], 1))
    total = np.zeros(len(stars))
    for k, near in enumerate(tree.query_ball_point(np.stack([x[stars], y[stars]], 1), radius)):
        others = np.sort(finite[near])
        others = others[others != stars[k]]
        distance = np.hypot(x[others] - x[stars[k]], y[others] - y[stars[k]])
        total[k] = (flux[others] * (1 - distance / radius)).sum() / flux[stars[k]]
    return total


def _least_contaminated(stars: Rows, spoiled: F8, limit: float, fewest: int) -> Rows:
    """The clean stars; if they are too few, the cleanest ``fewest``; brightest first."""
    keep = spoiled <= limit
    if keep.sum() < fewest:
        keep = np.zeros(len(stars), bool)
        keep[np.argsort(spoiled, kind="stable")[:fewest]] = True
    return stars[keep]


def _set_aside(stars: Rows, fraction: float, mode: float) -> StarSelection:
    """Every k-th star in order of brightness is kept aside."""
    if len(stars) < _RESERVE_LEAST or fraction <= 0:
        return StarSelection(stars, stars[:0], mode)
    number = np.floor((np.arange(len(stars)) + 0.5) * fraction)
    aside = np.diff(number, prepend=0.0) > 0
    return StarSelection(stars[~aside], stars[aside], mode)
