"""Redshift columns of an object table."""

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.photoz.estimates import INTERVALS
from gnomon.algorithms.photoz.predict import pack_density, predict
from gnomon.algorithms.photoz.training import PhotozModel
from gnomon.containers.catalog import Catalog

F8 = npt.NDArray[np.float64]

QUANTILE_NAMES = tuple(f"z_q{1000 * q:03.0f}" for q in INTERVALS)
"""Columns of the 16, 84, 2.5 and 97.5 per cent quantiles: per mille."""


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
