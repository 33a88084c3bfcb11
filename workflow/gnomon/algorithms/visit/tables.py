"""The source table and the summary of one detector of one visit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photometry.depth import limiting_magnitude, noise_equivalent_area
from gnomon.algorithms.photometry.zero_point import ZeroPoint
from gnomon.algorithms.visit.characterise import Characterised
from gnomon.algorithms.visit.focal_sky import mesh_text
from gnomon.algorithms.visit.locate import Located
from gnomon.algorithms.visit.quality import psf_quality
from gnomon.containers.calibrated import CalibratedImage
from gnomon.containers.catalog import Catalog
from gnomon.containers.exposure import VisitFacts
from gnomon.containers.ids import source_ids
from gnomon.containers.image import count_marked
from gnomon.containers.wcs import Wcs, wcs_to_text
from gnomon.flags import MASK, UNUSABLE

F8 = npt.NDArray[np.float64]
_ARCSEC_PER_RADIAN = float(np.degrees(1) * 3600)
NOMINAL, VISIT, JOINT = "header", "visit", "joint"
"""Where a zero point comes from: the header, the stars of the visit, or all visits together."""
_NOT_COLUMNS = ("peakX", "peakY", "peakFlux")


def source_table(sources: Catalog, wcs: Wcs, facts: VisitFacts, detector: int) -> Catalog:
    """Sources with identifiers, sky positions in degrees and the exposure's facts."""
    n = len(sources)
    columns = {
        "sourceId": source_ids(facts.visit, detector, np.arange(n)),
        "visit": np.full(n, facts.visit),
        "detector": np.full(n, detector),
        "band": np.full(n, facts.band, object),
        "midpointMjdTai": np.full(n, facts.mjd_tai),
        **sky_columns(sources, wcs),
    }
    kept = {k: v for k, v in sources.columns.items() if k not in _NOT_COLUMNS}
    return Catalog({**columns, **kept})


def sky_columns(sources: Catalog, wcs: Wcs) -> dict[str, F8]:
    """Position on the sky and its errors, degrees, of sources with ``x``, ``y`` and their errors."""
    ra, dec = wcs.pixel_to_sky(sources["x"], sources["y"])
    jacobian = wcs.jacobian(sources["x"], sources["y"])
    variance = np.stack([sources["xErr"], sources["yErr"]], -1) ** 2
    error = np.degrees(np.sqrt(np.einsum("nij,nj->ni", jacobian**2, variance)))
    place = {"coord_ra": np.degrees(ra), "coord_dec": np.degrees(dec)}
    return {**place, "coord_raErr": error[:, 0], "coord_decErr": error[:, 1]}


def summary_row(
    found: Characterised,
    calibrated: CalibratedImage,
    located: Located,
    zero_point: ZeroPoint,
    facts: VisitFacts,
    detector: int,
    sources: Catalog,
) -> Catalog:
    """One row of the visit summary."""
    ny, nx = calibrated.image.shape
    scale = calibrated.wcs.pixel_scale() * _ARCSEC_PER_RADIAN
    psf = calibrated.psf.stamps((nx - 1) / 2, (ny - 1) / 2)
    noise = float(np.median(calibrated.background.rms))
    row: dict[str, Any] = {
        "visit": facts.visit,
        "detector": detector,
        "night": facts.night,
        "band": facts.band,
        "midpointMjdTai": facts.mjd_tai,
        "exptime": facts.exptime,
        "airmass": facts.airmass,
        **place_on_sky(calibrated.wcs, nx, ny),
        **psf_quality(sources, calibrated.psf, scale),
        "nPsfStar": len(found.star_x),
        "skyBg": float(np.median(calibrated.background.level)) / scale**2,
        "skyNoise": noise,
        "skyMesh": mesh_text(calibrated.background, scale),
        "zeroPoint": zero_point.value,
        "zeroPointErr": zero_point.error,
        "photomKind": NOMINAL if zero_point.nominal else VISIT,
        "photomRms": zero_point.scatter,
        "nPhotomStar": zero_point.stars,
        "astromKind": located.kind,
        "nAstromStar": len(located.source),
        "astromRms": located.rms_mas,
        "astromOffset": located.offset_arcsec,
        "transparency": float("nan"),
        "effTime": float("nan"),
        "magLim": limiting_magnitude(noise_equivalent_area(psf[0]), noise),
        "nSource": len(sources),
        "nSkySource": 0,
        "skyFluxMean": float("nan"),
        "skyFluxPull": float("nan"),
        **_fractions(calibrated.image.mask),
        "note": "; ".join(t for t in (located.note, zero_point.reason) if t),
    }
    return Catalog({k: np.array([v], object if isinstance(v, str) else None) for k, v in row.items()})


def place_on_sky(wcs: Wcs, nx: int, ny: int) -> Mapping[str, Any]:
    """Columns of the summary that tell where a detector of this size lies."""
    x = np.array([(nx - 1) / 2, -0.5, nx - 0.5, nx - 0.5, -0.5])
    y = np.array([(ny - 1) / 2, -0.5, -0.5, ny - 0.5, ny - 0.5])
    ra, dec = np.degrees(wcs.pixel_to_sky(x, y))
    corners = {f"{n}cra": ra[i] for i, n in enumerate(("ll", "lr", "ur", "ul"), 1)}
    corners |= {f"{n}cdec": dec[i] for i, n in enumerate(("ll", "lr", "ur", "ul"), 1)}
    scale = wcs.pixel_scale() * _ARCSEC_PER_RADIAN
    return {
        "ra": ra[0],
        "dec": dec[0],
        **corners,
        "nx": nx,
        "ny": ny,
        "wcs": wcs_to_text(wcs),
        "pixelScale": scale,
    }


def _fractions(mask: npt.NDArray[np.uint32]) -> Mapping[str, float]:
    return {
        "crFraction": count_marked(mask, MASK["CR"]) / mask.size,
        "maskedFraction": count_marked(mask, UNUSABLE) / mask.size,
    }
