"""The object table of a patch."""

from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.measure import measure_forced
from gnomon.algorithms.measure.cmodel import GalaxyModels, model_fluxes
from gnomon.algorithms.object.detection import COADD_UNUSABLE
from gnomon.containers.catalog import Catalog
from gnomon.containers.coadd import Coadd
from gnomon.containers.footprints import Sources
from gnomon.containers.ids import object_ids
from gnomon.containers.image import Image
from gnomon.containers.skymap import SkyMap
from gnomon.containers.wcs import Wcs

Columns = dict[str, npt.NDArray[Any]]

BANDS = ("u", "g", "r", "i", "z", "y", "j", "h", "k")
"""Bands of the schema `object`."""

SHAPES = (
    "x", "y", "footprint", "area", "ixx", "iyy", "ixy", "ixxErr", "iyyErr", "ixyErr", "ixxPSF", "iyyPSF",
    "ixyPSF", "sizeExcess", "sizeExcessErr", "extendedness", "blendedness", "kronRad", "halfLightRad", "flags",
)  # fmt: skip
"""What is taken of the measurement on the mean of all bands."""

_APERTURES = tuple(f"ap{r}Flux{e}" for r in ("03", "06", "09", "12", "17", "25") for e in ("", "Err"))
_MOMENTS = ("ixx", "iyy", "ixy", "ixxPSF", "iyyPSF", "ixyPSF")
IN_BAND = (
    "psfFlux", "psfFluxErr", "psfChi2", *_APERTURES, "kronFlux", "kronFluxErr", "kronRad", "gaussFlux",
    "gaussFluxErr", "cModelFlux", "cModelFluxErr", "cModelChi2", *_MOMENTS, "extendedness",
)  # fmt: skip
"""What is taken of the measurement in each band; null where the band has no image of the object."""


def object_columns(measured: Catalog, wcs: Wcs, skymap: SkyMap, tract: int, patch: int) -> Columns:
    """Identifiers, places and shapes from the measurement on the mean of all bands."""
    n = len(measured)
    ra, dec = wcs.pixel_to_sky(measured["x"], measured["y"])
    variance = np.stack([measured["xErr"], measured["yErr"]], -1) ** 2
    error = np.degrees(
        np.sqrt(np.einsum("nij,nj->ni", wcs.jacobian(measured["x"], measured["y"]) ** 2, variance))
    )
    return {
        "objectId": object_ids(tract, patch, np.arange(n)),
        "tract": np.full(n, tract),
        "patch": np.full(n, patch),
        "coord_ra": np.degrees(ra),
        "coord_dec": np.degrees(dec),
        "coord_raErr": error[:, 0],
        "coord_decErr": error[:, 1],
        "detect_isPrimary": skymap.is_primary(tract, patch, ra, dec),
        "detect_significance": measured["peakSignificance"],
        **{name: measured[name] for name in SHAPES},
    }


def model_columns(models: GalaxyModels) -> Columns:
    """Size, shape and profile of the galaxy models; null where a fit failed."""
    radius = np.exp(models.parameters[:, 0])
    eta = models.parameters[:, 1:3]
    modulus = np.maximum(np.hypot(eta[:, 0], eta[:, 1]), 1e-12)
    e = eta * (np.tanh(modulus / 2) / modulus)[:, None]
    columns = {
        "cModelRad": radius,
        "cModelRadErr": radius * models.error[:, 0],
        "cModelE1": e[:, 0],
        "cModelE2": e[:, 1],
        "cModelFracDev": models.parameters[:, 3],
    }
    known = {n: np.where(models.ok, c, np.nan) for n, c in columns.items()}
    return known | {"cModel_flag": ~models.ok}


def band_columns(coadd: Coadd, image: Image, sources: Sources, models: GalaxyModels) -> Columns:
    """Forced measurement in one band, each object on its share of the light.

    Parameters
    ----------
    coadd : the band
    image : its pixels with the noise as it truly is
    models : of every object, and where it is
    """
    x, y = models.x, models.y
    table = measure_forced(image, x, y, coadd.psf, sources=sources, ignore=COADD_UNUSABLE)
    held = coadd.psf.total(x, y)
    reduced = table["psfChi2"] / np.maximum(table["psfNdata"] - 1, 1)
    table = table.with_columns(psfChi2=reduced, **{n: table[n] / held for n in ("psfFlux", "psfFluxErr")})
    fitted = model_fluxes(image, sources, coadd.psf, models, ignore=COADD_UNUSABLE)
    table = table.with_columns(
        **dict(zip(("cModelFlux", "cModelFluxErr", "cModelChi2"), fitted, strict=True))
    )
    row, column = (
        np.clip(np.rint(v), 0, m - 1).astype(np.int64) for v, m in zip((y, x), image.shape, strict=True)
    )
    missing = image.variance[row, column] <= 0
    values = {f"{coadd.band}_{n}": np.where(missing, np.nan, table[n]) for n in IN_BAND}
    return values | {
        f"{coadd.band}_nVisit": coadd.count[row, column].astype(np.int32),
        f"{coadd.band}_flag_missing": missing,
        f"{coadd.band}_flags": table["flags"],
    }


def missing_band(band: str, n: int) -> Columns:
    """Columns of a band without a coadd."""
    return {f"{band}_{name}": np.full(n, np.nan) for name in IN_BAND} | {
        f"{band}_nVisit": np.zeros(n, np.int32),
        f"{band}_flag_missing": np.ones(n, np.bool_),
        f"{band}_flags": np.zeros(n, np.uint32),
    }
