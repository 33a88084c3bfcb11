"""The table of detections on a difference, in units of the sky."""

from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.containers.calibrated import Smooth
from gnomon.containers.catalog import Catalog
from gnomon.containers.ids import source_ids
from gnomon.containers.wcs import Wcs

F8 = npt.NDArray[np.float64]

ARCSEC_PER_RADIAN = float(np.degrees(1) * 3600)

TOTAL = ("psfFlux", "scienceFlux", "templateFlux", "trailFlux", "dipoleMeanFlux", "dipoleFluxDiff")
"""Fluxes that were fitted with the PSF and miss what lies outside its stamp."""


def dia_source_table(
    sources: Catalog, wcs: Wcs, correction: Smooth, visit: int, detector: int, band: str, mjd_tai: float
) -> Catalog:
    """Sources of `difference_sources` with identifiers and sky positions, angles and lengths on the sky.

    Fluxes of the PSF are made total by the aperture correction of the image. The reliability is null.
    """
    n = len(sources)
    x, y = sources["x"].astype(np.float64), sources["y"].astype(np.float64)
    ra, dec = wcs.pixel_to_sky(x, y)
    jacobian = np.asarray(wcs.jacobian(x, y), np.float64).reshape(n, 2, 2)
    columns: dict[str, Any] = {
        "diaSourceId": source_ids(visit, detector, np.arange(n)),
        "visit": np.full(n, visit),
        "detector": np.full(n, detector),
        "band": np.full(n, band, object),
        "midpointMjdTai": np.full(n, mjd_tai),
        "ra": np.degrees(ra),
        "dec": np.degrees(dec),
        **_errors(sources, jacobian),
        **sources.columns,
        "reliability": np.full(n, np.nan, np.float32),
    }
    total = correction.at(x, y) if n else np.ones(0)
    for name in TOTAL:
        columns |= {name: columns[name] * total, f"{name}Err": columns[f"{name}Err"] * total}
    for name in ("dipole", "trail"):
        columns |= _on_sky(name, columns, jacobian)
    return Catalog(columns)


def _errors(sources: Catalog, jacobian: F8) -> dict[str, F8]:
    """Errors of the position along right ascension (times cos dec) and declination, degrees."""
    variance = np.stack([sources["xErr"], sources["yErr"]], -1).astype(np.float64) ** 2
    sky = np.degrees(np.sqrt(np.einsum("nij,nj->ni", jacobian**2, variance)))
    return {"raErr": sky[:, 0], "decErr": sky[:, 1]}


def _on_sky(name: str, columns: dict[str, Any], jacobian: F8) -> dict[str, F8]:
    """Length in arcsec and position angle, east of north, degrees, of what is measured in pixels."""
    angle, length = columns[f"{name}Angle"], columns[f"{name}Length"]
    along = np.einsum("nij,nj->ni", jacobian, np.stack([np.cos(angle), np.sin(angle)], -1))
    per_pixel = np.hypot(along[:, 0], along[:, 1]) * ARCSEC_PER_RADIAN
    out = {
        f"{name}Length": length * per_pixel,
        f"{name}Angle": np.degrees(np.arctan2(along[:, 0], along[:, 1])),
    }
    if f"{name}LengthErr" in columns:
        out[f"{name}LengthErr"] = columns[f"{name}LengthErr"] * per_pixel
    return out
