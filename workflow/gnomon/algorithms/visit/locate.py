"""The sky coordinates of a detector, or the header's where the stars do not tell."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.astrometry.fit import FitOptions, solve_astrometry
from gnomon.algorithms.astrometry.match import MatchLimits
from gnomon.algorithms.visit.reference import brightness
from gnomon.containers.catalog import Catalog
from gnomon.containers.stars import Detections, Reference
from gnomon.containers.wcs import Wcs
from gnomon.errors import UnprocessableData
from gnomon.flags import SOURCE

HEADER = "header"
"""Kind of a solution that is the map the exposure came with."""

_UNFIT = sum(
    SOURCE[n] for n in ("centroid", "edge", "saturatedCenter", "crCenter", "badCenter", "sky", "negative")
)
_MIN_SNR = 10.0
_MIN_ERROR_PX = 0.002  # no centroid is better than this: pixel response, PSF model


@dataclass(frozen=True, slots=True)
class Located:
    """The map of a detector, and which stars made it."""

    wcs: Wcs
    """Pixels to sky."""
    kind: str
    """polynomial, affine or shift as fitted, or header where the first map was kept."""
    source: npt.NDArray[np.intp]
    """(n,) rows of the sources in the fit."""
    star: npt.NDArray[np.intp]
    """(n,) rows of the reference stars in the fit."""
    rms_mas: float
    """Residual per axis; NaN without a fit."""
    offset_arcsec: float
    """How far the centre of the detector moved; NaN without a fit."""
    note: str
    """Why the first map was kept; empty where it was not."""


def locate(
    sources: Catalog,
    stars: Catalog,
    wcs: Wcs,
    shape: tuple[int, int],
    band: str,
    limits: MatchLimits,
    options: FitOptions,
) -> Located:
    """Fit the map of a detector to reference stars.

    Without reference stars, or where no match is certain, the given map stands and the note says why.

    Parameters
    ----------
    sources : table of `measure_sources`
    stars : table of `reference_stars`
    wcs, shape : first map, and rows and columns of the detector
    band : passband of the exposure, for the order of brightness
    limits, options : as `solve_astrometry`
    """
    if not len(stars):
        return _kept(wcs, "no reference stars: the header's map was kept")
    rows = usable_rows(sources)
    found = sources.take(rows)
    error = np.hypot(np.maximum(found["xErr"], found["yErr"]), _MIN_ERROR_PX)
    detections = Detections(found["x"], found["y"], error, found["psfFlux"])
    reference = Reference(stars["coord_ra"], stars["coord_dec"], stars["error"], brightness(stars, band))
    try:
        solution, _ = solve_astrometry(detections, reference, wcs, shape, limits, options)
    except UnprocessableData as error_found:
        return _kept(wcs, f"the header's map was kept: {error_found}")
    return Located(
        solution.wcs, solution.kind, rows[solution.detection], solution.reference,
        solution.rms_mas, _offset(wcs, solution.wcs, shape), "",
    )  # fmt: skip


def usable_rows(sources: Catalog) -> npt.NDArray[np.intp]:
    """Rows of sources with a sound centroid and flux."""
    with np.errstate(invalid="ignore"):
        bright = sources["psfFlux"] > _MIN_SNR * sources["psfFluxErr"]
    return np.flatnonzero(bright & ((sources["flags"] & np.uint32(_UNFIT)) == 0))


def _kept(wcs: Wcs, note: str) -> Located:
    none = np.empty(0, np.intp)
    return Located(wcs, HEADER, none, none, float("nan"), float("nan"), note)


def _offset(before: Wcs, after: Wcs, shape: tuple[int, int]) -> float:
    x, y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    back = before.sky_to_pixel(*after.pixel_to_sky(x, y))
    return float(np.degrees(np.hypot(back[0] - x, back[1] - y) * before.pixel_scale()) * 3600)
