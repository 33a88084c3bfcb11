"""The sections of the report, in order. To add one: a function from `Products` to HTML, and a line here.

A section that has nothing to show raises `NothingToShowError`; its text then stands in the section's place.
"""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from gnomon.algorithms.report.chain import chain
from gnomon.algorithms.report.jobs import failed, jobs_run
from gnomon.algorithms.report.numbers import measured, requirements
from gnomon.algorithms.report.products import Products
from gnomon.algorithms.report.visits import over_time, thumbnails


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page."""

    title: str
    """Its heading."""
    draw: Callable[[Products], Markup]
    """From the products to HTML."""


SECTIONS = (
    Section("What ran", jobs_run),
    Section("What failed, and why", failed),
    Section("Requirements", requirements),
    Section("Measured", measured),
    Section("Visits in time", over_time),
    Section("Every visit", thumbnails),
    Section("How it was made", chain),
)
