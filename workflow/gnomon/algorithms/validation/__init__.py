"""Measurements beside the truth."""

from gnomon.algorithms.validation.visit import VisitCheck, check_sources, match_pixels

__all__ = ["VisitCheck", "check_sources", "match_pixels"]
