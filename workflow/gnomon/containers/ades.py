"""Astrometry as it is reported: records that share a context."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Context = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class AdesBlock:
    """Optical records that share one context (ADES 2022)."""

    context: Context
    """Elements of the header by group: ``{"observatory": {"mpcCode": ["X05"]}, ...}``; the value of
    ``name`` may
    repeat. A group's own text stands under the empty name."""
    records: Sequence[Mapping[str, str]]
    """One mapping a record: element name to text, without empty elements."""
