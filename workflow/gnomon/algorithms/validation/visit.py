"""Sources of one visit beside what the simulator put in."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from gnomon.algorithms.validation.joint import BRIGHT_SNR, clipped_rms
from gnomon.containers.catalog import Catalog
from gnomon.flags import SOURCE

F8 = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

_MATCH_PX = 2.5
_BORDER_PX = 8.0  # stars nearer to the border than this are not counted: half of their light is missing
_ISOLATED_PX = 12.0  # a star is alone where nothing is nearer ...
_NEIGHBOUR_PART = 0.03  # ... of this part of its flux
_UNSOUND = sum(SOURCE[n] for n in ("saturated", "crCenter", "badCenter", "interpolatedCenter", "edge"))
_MAS_PER_DEGREE = 3.6e6


@dataclass(frozen=True, slots=True)
class VisitCheck:
    """How one visit compares with its truth; NaN where there was nothing to compare."""

    n_star: int
    """True stars of S/N above 10, inside the border."""
    completeness: float
    """Part of them with a source within 2.5 pixels."""
    purity: float
    """Part of the sources of S/N above 5 with anything true within 2.5 pixels."""
    n_astrometry: int
    """Matched stars of S/N above 50."""
    astrometry_rms_mas: float
    """Root mean square per axis of their measured minus true sky positions, refraction included."""
    flux_bias: float
    """Median of measured over true PSF flux, minus 1, of isolated stars of S/N above 50."""
    n_pull: int
    """Isolated stars of S/N 10 to 100."""
    flux_pull: float
    """Standard deviation of (measured - true) / error of isolated stars of S/N 10 to 100, less 1."""


def check_sources(sources: Catalog, truth: Catalog, is_star: npt.NDArray[np.bool_], size: int) -> VisitCheck:
    """Compare the sources of a visit with its truth.

    Parameters
    ----------
    sources : source table of the visit
    truth : detector, x, y (pixels), ra, dec (degrees), flux (nJy), snr of every true source
    is_star : (n,) bool, which of the true sources are stars
    size : side of a detector, pixels
    """
    found, true = match_pixels(sources, truth)
    inside = _inside(truth, size)
    wanted = is_star & inside & (truth["snr"] > 10)
    any_true, _ = match_pixels(sources, truth.take(truth["snr"] > 1.0))
    sound = (sources["flags"][found] & np.uint32(_UNSOUND)) == 0
    stars = is_star[true] & sound
    bright = stars & (truth["snr"][true] > 50)
    alone = _is_alone(truth)[true] & stars
    ratio = sources["psfFlux"][found] / truth["flux"][true]
    off = (sources["psfFlux"][found] - truth["flux"][true]) / sources["psfFluxErr"][found]
    strong = sources["peakSignificance"] > 5
    fair = alone & (truth["snr"][true] > 10) & (truth["snr"][true] < BRIGHT_SNR)
    return VisitCheck(
        n_star=int(wanted.sum()),
        completeness=_mean(np.isin(np.flatnonzero(wanted), true)),
        purity=_mean(np.isin(np.flatnonzero(strong), any_true)),
        n_astrometry=int(bright.sum()),
        astrometry_rms_mas=_rms(_offsets_mas(sources.take(found[bright]), truth.take(true[bright]))),
        flux_bias=_median(ratio[alone & bright]) - 1,
        n_pull=int(fair.sum()),
        flux_pull=clipped_rms(off[fair]) - 1,
    )


def match_pixels(sources: Catalog, truth: Catalog) -> tuple[Rows, Rows]:
    """Rows of sources and of the brightest true source within 2.5 pixels of each, detector by detector.

    A true source may belong to several sources only if the truth is denser than the pixels; each source
    appears once.
    """
    found: list[int] = []
    true: list[int] = []
    for detector in np.unique(sources["detector"]):
        mine = np.flatnonzero(sources["detector"] == detector)
        theirs = np.flatnonzero(truth["detector"] == detector)
        if not len(theirs):
            continue
        tree = KDTree(np.stack([truth["x"][theirs], truth["y"][theirs]], -1))
        near = tree.query_ball_point(np.stack([sources["x"][mine], sources["y"][mine]], -1), _MATCH_PX)
        for row, candidates in zip(mine, near, strict=True):
            if candidates:
                here = theirs[np.asarray(candidates, np.intp)]
                found.append(int(row))
                true.append(int(here[np.argmax(truth["flux"][here])]))
    return np.array(found, np.intp), np.array(true, np.intp)


def _inside(truth: Catalog, size: int) -> npt.NDArray[np.bool_]:
    low, high = _BORDER_PX, size - 1 - _BORDER_PX
    x, y = truth["x"], truth["y"]
    return np.asarray((x > low) & (x < high) & (y > low) & (y < high))


def _is_alone(truth: Catalog) -> npt.NDArray[np.bool_]:
    """No true source of 3 % of the flux within 12 pixels."""
    alone = np.ones(len(truth), bool)
    for detector in np.unique(truth["detector"]):
        rows = np.flatnonzero(truth["detector"] == detector)
        tree = KDTree(np.stack([truth["x"][rows], truth["y"][rows]], -1))
        for i, j in tree.query_pairs(_ISOLATED_PX):
            a, b = rows[i], rows[j]
            alone[a] &= truth["flux"][b] < _NEIGHBOUR_PART * truth["flux"][a]
            alone[b] &= truth["flux"][a] < _NEIGHBOUR_PART * truth["flux"][b]
    return alone


def _offsets_mas(sources: Catalog, truth: Catalog) -> F8:
    """(n, 2) measured minus true, east and north."""
    east = (sources["coord_ra"] - truth["ra"] + 180) % 360 - 180
    east = east * np.cos(np.radians(truth["dec"]))
    return np.stack([east, sources["coord_dec"] - truth["dec"]], -1) * _MAS_PER_DEGREE


def _rms(values: F8) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else float("nan")


def _mean(values: npt.NDArray[np.bool_]) -> float:
    return float(values.mean()) if values.size else float("nan")


def _median(values: F8) -> float:
    good = values[np.isfinite(values)]
    return float(np.median(good)) if good.size else float("nan")
