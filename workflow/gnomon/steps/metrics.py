"""One table of measured numbers and their bars."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.validation.bars import Metric, Sense, metric_table
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.release import MetricsConfig

_QUALITIES = (
    ("seeing", "seeing", "arcsec", "Median seeing."),
    ("depth", "magLim", "mag", "Median depth of point sources at five sigma of the sky."),
    ("astrometric residual", "astromRms", "mas", "Median residual per axis to the reference catalogue."),
)
_TRUTHS = {
    "completeness": ("", "Stars of S/N above 10 that were found."),
    "astrometric error": ("mas", "Per axis, stars of S/N above 50, against the truth."),
    "zero point error": ("mag", "Root mean square over detectors and visits, against the truth."),
    "zero point, worst detector": ("mag", "Largest error of any detector, against the truth."),
    "PSF flux bias": ("", "Isolated stars of S/N above 50, against the truth."),
    "PSF flux pull": ("", "Spread of residuals over errors of isolated stars; 1 is right."),
    "purity": ("", "Part of the sources with something true behind them."),
}


def metrics(
    summaries: Sequence[Catalog], checks: Sequence[Catalog], *, data_id: DataId, config: MetricsConfig
) -> Catalog:
    """Numbers of the campaign by band; with bars where the truth is known."""
    if not any(len(s) for s in summaries):
        raise UnprocessableData("no visit was calibrated")
    summary = concatenate([s for s in summaries if len(s)])
    rows = [*_quality(summary)]
    if any(len(c) for c in checks):
        rows += _truth(concatenate([c for c in checks if len(c)]), config)
    return metric_table(rows)


def _quality(summary: Catalog) -> Iterator[Metric]:
    """What needs no truth."""
    for band in _bands(summary):
        of = summary.take(summary["band"] == band)
        for name, column, unit, doc in _QUALITIES:
            yield Metric(name, band, _median(of[column]), unit, len(of), doc)


def _truth(check: Catalog, config: MetricsConfig) -> Iterator[Metric]:
    """What the simulator knows."""
    bars: dict[str, tuple[float, Sense]] = {
        "completeness": (config.completeness, "above"),
        "astrometric error": (config.astrometry_mas, "below"),
        "zero point error": (config.zero_point_mag, "below"),
    }
    for band in _bands(check):
        of = check.take(check["band"] == band)
        stars, bright = int(of["nStar"].sum()), int(of["nAstrometry"].sum())
        rms = np.sqrt(_mean(of["astrometryRms"] ** 2, of["nAstrometry"]))
        values = {
            "completeness": (_mean(of["completeness"], of["nStar"]), stars),
            "astrometric error": (float(rms), bright),
            "zero point error": (float(np.sqrt(np.mean(of["zeroPointRms"] ** 2))), len(of)),
            "zero point, worst detector": (float(of["zeroPointError"].max()), len(of)),
            "PSF flux bias": (_mean(of["fluxBias"], of["nAstrometry"]), bright),
            "PSF flux pull": (_mean(of["fluxPull"], of["nStar"]), stars),
            "purity": (float(of["purity"].mean()), len(of)),
        }
        for name, (value, n) in values.items():
            unit, doc = _TRUTHS[name]
            yield Metric(name, band, value, unit, n, doc, *bars.get(name, (float("nan"), "none")))


def _mean(values: npt.NDArray[np.float64], weights: npt.NDArray[np.int64]) -> float:
    """Weighted mean of what is known."""
    known = np.isfinite(values) & (weights > 0)
    return float(np.average(values[known], weights=weights[known])) if known.any() else float("nan")


def _bands(table: Catalog) -> list[str]:
    """Bands from blue to red, others behind."""
    return sorted({str(b) for b in table["band"]}, key=lambda b: ("ugrizy".find(b) % 99, b))


def _median(values: npt.NDArray[np.float64]) -> float:
    good = values[np.isfinite(values)]
    return float(np.median(good)) if len(good) else float("nan")
