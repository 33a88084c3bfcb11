"""What one file of a dataset type, and one job of a step, is about."""

from gnomon.datamodel import DATASETS
from gnomon.pipeline.step import Step

EXPOSURE, VISIT, NIGHT, FILTER, BAND = "exposure", "visit", "night", "filter", "band"
TRACT, PATCH, PATCH_BAND, COADD, CAMPAIGN = "tract", "patch", "patch_band", "coadd", "campaign"

_OF_EXPOSURES = ("raw", "truth", "truth_detector")
"""Datasets whose visit may be a calibration exposure."""


def grain_of(dataset: str) -> str:
    """What one file of a dataset type is about."""
    dims = set(DATASETS[dataset].dimensions)
    if "visit" in dims:
        return EXPOSURE if dataset in _OF_EXPOSURES else VISIT
    if "kind" in dims:
        return COADD
    if "tract" in dims:
        return (PATCH_BAND if "band" in dims else PATCH) if "patch" in dims else TRACT
    if "night" in dims:
        return FILTER if "filter" in dims else NIGHT
    return BAND if "band" in dims else CAMPAIGN


def step_grain(step: Step) -> str:
    """What one job of a step is about: its first product."""
    return grain_of(next(iter(step.writes.values())))
