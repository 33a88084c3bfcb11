"""One table of measured numbers and their bars."""

from collections.abc import Iterator, Sequence

import numpy as np

from gnomon.algorithms.validation.bars import Metric, metric_table
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.errors import UnprocessableData
from gnomon.pipeline.release import MetricsConfig


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
        yield Metric("seeing", band, _median(of["seeing"]), "arcsec", len(of), "Median seeing.")
        yield Metric("depth", band, _median(of["magLim"]), "mag", len(of), "Median depth at five sigma.")
        rms = _median(of["astromRms"])
        yield Metric(
            "astrometric residual", band, rms, "mas", len(of), "Median residual per axis to the catalogue."
        )


def _truth(check: Catalog, config: MetricsConfig) -> Iterator[Metric]:
    """What the simulator knows."""
    for band in _bands(check):
        of = check.take(check["band"] == band)
        stars = int(of["nStar"].sum())
        bright = int(of["nAstrometry"].sum())
        found = float(np.average(of["completeness"], weights=of["nStar"]))
        rms = float(np.sqrt(np.average(of["astrometryRms"] ** 2, weights=of["nAstrometry"])))
        zero = float(of["zeroPointError"].max())
        yield Metric(
            "completeness", band, found, "", stars, "Stars of S/N above 10 that were found.",
            config.completeness, "above",
        )  # fmt: skip
        yield Metric(
            "astrometric error", band, rms, "mas", bright, "Per axis, stars of S/N above 50, against the truth.",
            config.astrometry_mas, "below",
        )  # fmt: skip
        yield Metric(
            "zero point error", band, zero, "mag", len(of), "Largest of any detector, against the truth.",
            config.zero_point_mag, "below",
        )  # fmt: skip
        pull = float(np.average(of["fluxPull"], weights=of["nStar"]))
        bias = float(np.average(of["fluxBias"], weights=of["nStar"]))
        yield Metric(
            "PSF flux bias", band, bias, "", bright, "Isolated stars of S/N above 50, against the truth."
        )
        yield Metric("PSF flux pull", band, pull, "", stars, "Spread of residuals over errors; 1 is right.")
        yield Metric("purity", band, float(of["purity"].mean()), "", len(of), "Sources with something true.")


def _bands(table: Catalog) -> list[str]:
    """Bands from blue to red, others behind."""
    return sorted({str(b) for b in table["band"]}, key=lambda b: ("ugrizy".find(b) % 99, b))


def _median(values: np.ndarray) -> float:  # type: ignore[type-arg]
    good = values[np.isfinite(values)]
    return float(np.median(good)) if len(good) else float("nan")
