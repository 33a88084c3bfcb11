"""A simulated visit beside its truth."""

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.validation import check_sources
from gnomon.algorithms.validation.bars import check_table
from gnomon.algorithms.validation.psf import psf_residuals
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
    """Completeness, astrometry, fluxes, zero points and seeing of one visit against what was simulated.

    Its PSF is held against its reserve stars.
    """
    if not len(summary):
        raise UnprocessableData(str(source.meta.get("empty_reason", "no detector was calibrated")))
    made = truth.take(np.isin(truth["detector"], summary["detector"]))
    found = check_sources(source, made, made["kind"] == STAR, recipe.camera.size)
    detector = truth_detector.take(np.searchsorted(truth_detector["detector"], summary["detector"]))
    off = summary["zeroPoint"] - _true_zero_point(detector)
    seeing = summary["seeing"] / detector["fwhm"] - 1
    measured = {
        "completeness": (found.completeness, found.n_star),
        "purity": (found.purity, 1),
        "astrometric error": (found.astrometry_rms_mas, found.n_astrometry),
        "PSF flux bias": (found.flux_bias, found.n_astrometry),
        "PSF flux pull, less 1": (found.flux_pull, found.n_pull),
        "zero point error": (float(np.sqrt(np.mean(off**2))), len(off)),
        "zero point, worst detector": (_largest(off), len(off)),
        "seeing, worst detector": (_largest(seeing), len(off)),
        **psf_residuals(source),
    }
    return check_table(str(summary["band"][0]), measured)


def _true_zero_point(detector: Catalog) -> npt.NDArray[np.float64]:
    """AB magnitude of one electron after division by a flat whose median over the detector is 1."""
    return np.asarray(detector["zero_point"] + 2.5 * np.log10(detector["response"]))


def _largest(differences: npt.NDArray[np.float64]) -> float:
    return float(np.max(np.abs(differences)))
