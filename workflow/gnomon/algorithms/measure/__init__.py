"""Measuring sources: positions, shapes, fluxes, flags."""

from gnomon.algorithms.measure.sources import measure_forced, measure_sources

__all__ = ["measure_forced", "measure_sources"]
