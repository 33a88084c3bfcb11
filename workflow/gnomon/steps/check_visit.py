"""A simulated visit beside its truth."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.validation import check_sources
from gnomon.containers.catalog import Catalog
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.release import CheckVisitConfig
from gnomon.sim.recipe import SurveyRecipe
from gnomon.sim.sky import STAR


def check_visit(
    recipe: SurveyRecipe,
    source: Catalog,
    summary: Catalog,
    truth: Catalog,
    truth_detector: Catalog,
    *,
    data_id: DataId,
    config: CheckVisitConfig,
) -> Catalog:
    """Completeness, astrometry, fluxes, zero points and seeing of one visit against what was simulated."""
    if not len(summary):
        raise UnprocessableData(str(source.meta.get("empty_reason", "no detector was calibrated")))
    made = truth.take(np.isin(truth["detector"], summary["detector"]))
    found = check_sources(source, made, made["kind"] == STAR, recipe.camera.size)
    detector = truth_detector.take(np.searchsorted(truth_detector["detector"], summary["detector"]))
    off = summary["zeroPoint"] - _true_zero_point(detector)
    row = {
        "visit": data_id.visit,
        "nStar": found.n_star,
        "completeness": found.completeness,
        "purity": found.purity,
        "nAstrometry": found.n_astrometry,
        "astrometryRms": found.astrometry_rms_mas,
        "fluxBias": found.flux_bias,
        "fluxPull": found.flux_pull,
        "zeroPointError": _largest(off),
        "zeroPointRms": float(np.sqrt(np.mean(off**2))),
        "seeingError": _largest(summary["seeing"] / detector["fwhm"] - 1),
    }
    columns = {name: np.array([value]) for name, value in row.items()}
    return Catalog({**columns, "band": summary["band"][:1]})


def _true_zero_point(detector: Catalog) -> npt.NDArray[np.float64]:
    """AB magnitude of one electron after division by a flat whose median over the detector is 1."""
    return np.asarray(detector["zero_point"] + 2.5 * np.log10(detector["response"]))


def _largest(differences: npt.NDArray[np.float64]) -> float:
    return float(np.max(np.abs(differences)))
