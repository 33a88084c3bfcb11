"""What made a product."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provenance:
    """Written inside every product: no clock, host, process, path or user."""

    step: str
    """Name of the step."""
    version: int
    """Version of the step's declaration."""
    config: str
    """The step's config, JSON with sorted keys."""
    inputs: Mapping[str, str]
    """SHA-256 of each input by its path relative to the run's root."""
