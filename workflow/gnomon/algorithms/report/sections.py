"""The sections of the report, in order. To add one: a function from `Products` to HTML, and a line here.

A section that has nothing to show raises `NothingToShowError`; its text then stands in the section's place.
"""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from gnomon.algorithms.report.alerts import alerts
from gnomon.algorithms.report.chain import chain
from gnomon.algorithms.report.coadds import patches
from gnomon.algorithms.report.completeness import completeness
from gnomon.algorithms.report.focal_plane import focal_plane
from gnomon.algorithms.report.jobs import failed, jobs_run
from gnomon.algorithms.report.light_curves import periodic, transients
from gnomon.algorithms.report.mass import masses
from gnomon.algorithms.report.moving import moving
from gnomon.algorithms.report.numbers import measured, requirements
from gnomon.algorithms.report.objects import colours, counts
from gnomon.algorithms.report.products import Products
from gnomon.algorithms.report.redshifts import redshifts
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
    Section("Focal plane and repeatability", focal_plane),
    Section("Coadds", patches),
    Section("Colours", colours),
    Section("Counts", counts),
    Section("Completeness", completeness),
    Section("Redshifts", redshifts),
    Section("Mass", masses),
    Section("Periodic objects", periodic),
    Section("Transients", transients),
    Section("Alerts", alerts),
    Section("Moving objects", moving),
    Section("Every visit", thumbnails),
    Section("How it was made", chain),
)
