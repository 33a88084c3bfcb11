"""One table of measured numbers and their bars."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.validation.bars import Metric, bands_of, judged, metric_table, with_bars
from gnomon.algorithms.validation.measures import MEASURES
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.errors import ConfigError, UnprocessableData
from gnomon.pipeline.release import MetricsConfig

_QUALITIES = (
    ("seeing", "seeing", "arcsec", "Median seeing."),
    ("depth", "magLim", "mag", "Median depth of point sources at five sigma of the sky."),
    ("astrometric residual", "astromRms", "mas", "Median residual per axis to the reference catalogue."),
)


def metrics(
    summaries: Sequence[Catalog],
    checks: Sequence[Catalog],
    joint: Sequence[Catalog],
    objects: Sequence[Catalog],
    derived: Sequence[Catalog],
    moving: Sequence[Catalog],
    changes: Sequence[Catalog],
    *,
    data_id: DataId,
    config: MetricsConfig,
) -> Catalog:
    """Numbers of the campaign by band; with bars where the truth is known."""
    if not any(len(s) for s in summaries):
        raise UnprocessableData("no visit was calibrated")
    try:
        measures = with_bars(MEASURES, config.bars)
    except ValueError as error:
        raise ConfigError(f"bars: {error}") from None
    rows = [*_quality(concatenate([s for s in summaries if len(s)]))]
    filled = [c for c in (*checks, *joint, *objects, *derived, *moving, *changes) if len(c)]
    if filled:
        rows += judged(measures, concatenate(filled))
    return metric_table(rows)


def _quality(summary: Catalog) -> Iterator[Metric]:
    """What needs no truth."""
    for band in bands_of(summary["band"]):
        of = summary.take(summary["band"] == band)
        for name, column, unit, doc in _QUALITIES:
            yield Metric(name, band, _median(of[column]), unit, len(of), doc)


def _median(values: npt.NDArray[np.float64]) -> float:
    good = values[np.isfinite(values)]
    return float(np.median(good)) if len(good) else float("nan")
