"""Redshift columns of an object table."""

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photoz.estimates import INTERVALS
from gnomon.algorithms.photoz.features import observed
from gnomon.algorithms.photoz.predict import pack_density, predict
from gnomon.algorithms.photoz.training import PhotozModel
from gnomon.containers.catalog import Catalog
from gnomon.errors import UnprocessableData

F8 = npt.NDArray[np.float64]

QUANTILE_NAMES = tuple(f"z_q{1000 * q:03.0f}" for q in INTERVALS)
"""Columns of the 16, 84, 2.5 and 97.5 per cent quantiles: per mille."""


ESTIMATES = ("z_mean", "z_mode", "z_median", "z_best", "z_risk", "z_odds")
"""Columns of the point estimates."""


def band_fluxes(objects: Catalog, bands: Sequence[str], flux: str) -> tuple[F8, F8]:
    """Columns ``<band>_<flux>`` and ``<band>_<flux>Err``, (n, n_bands) each; NaN where one is not.

    Parameters
    ----------
    objects : fluxes in nJy.
    flux : such as ``cModelFlux``.
    """
    missing = np.full(len(objects), np.nan)

    def columns(suffix: str) -> F8:
        names = [f"{b}_{flux}{suffix}" for b in bands]
        found = [objects[n].astype(np.float64) if n in objects else missing for n in names]
        return np.column_stack(found) if len(objects) else np.zeros((0, len(bands)))

    return columns(""), columns("Err")


def seen_bands(objects: Catalog, bands: Sequence[str], flux: str) -> list[str]:
    """The bands in which any object has a flux, in order.

    Raises
    ------
    UnprocessableData
        Fewer than two: there is no colour.
    """
    seen = observed(*band_fluxes(objects, bands, flux))
    found = [b for k, b in enumerate(bands) if seen[:, k].any()]
    if len(found) < 2:
        raise UnprocessableData(f"{len(objects)} objects with redshifts, seen in bands {found}: no colour")
    return found


def photoz_table(model: PhotozModel, object_id: npt.NDArray[np.int64], flux: F8, flux_err: F8) -> Catalog:
    """One row an object: estimates, flags, and p(z) as 8-bit codes on the bins told in the table's meta."""
    result = predict(model, flux, flux_err)
    e = result.estimates
    columns = {
        "objectId": object_id,
        "z_mean": e.mean,
        "z_mode": e.mode,
        "z_median": e.median,
        "z_best": e.best,
        "z_risk": e.risk,
        "z_odds": e.odds,
        **{name: e.quantiles[:, k] for k, name in enumerate(QUANTILE_NAMES)},
        "trainingDistance": result.distance,
        "photoz_flag_extrapolated": result.extrapolated,
        "photoz_flag_missingBand": result.missing_band,
        "photoz_flag_noData": result.no_data,
        "pz": pack_density(result.probability, model.edges),
    }
    return Catalog(columns, {"pz_edges": json.dumps([round(float(z), 9) for z in model.edges])})


def no_redshifts(object_id: npt.NDArray[np.int64], reason: str) -> Catalog:
    """The same columns where nothing was trained: no redshift for anybody, and why in the table's meta."""
    n = len(object_id)
    yes, no = np.ones(n, np.bool_), np.zeros(n, np.bool_)
    columns = {
        "objectId": object_id,
        **{name: np.full(n, np.nan) for name in (*ESTIMATES, *QUANTILE_NAMES, "trainingDistance")},
        "photoz_flag_extrapolated": no,
        "photoz_flag_missingBand": no,
        "photoz_flag_noData": yes,
        "pz": np.zeros((n, 1), np.uint8),
    }
    return Catalog(columns, {"no_redshifts": reason})
