"""What a campaign ends with."""

from dataclasses import field
from typing import Annotated

from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Many, Step


@dataclass(frozen=True, config=OPTIONS)
class CheckVisitConfig:
    """No options: the truth is what it is."""


@dataclass(frozen=True, config=OPTIONS)
class CheckObjectsConfig:
    """No options: the truth is what it is."""


@dataclass(frozen=True, config=OPTIONS)
class CheckDerivedConfig:
    """What is compared with the truth."""

    magnitude_limit: Annotated[float, Ge(10), Le(30)] = 24.0
    """Faintest i magnitude (AB) of the galaxies whose redshifts are judged: that of the training sample."""


@dataclass(frozen=True, config=OPTIONS)
class MetricsConfig:
    """A number on the wrong side of its bar is reported, and stops nothing."""

    bars: dict[str, float] = field(default_factory=dict)
    """Other bars than those of ``algorithms/validation/measures.py``, by name of the measure."""


@dataclass(frozen=True, config=OPTIONS)
class ReleaseCatalogsConfig:
    """Layout of the release tables."""

    max_rows: Annotated[int, Ge(100), Le(10_000_000)] = 500_000
    """Rows of a partition; a HEALPix pixel with more is divided."""
    margin_arcsec: Annotated[float, Ge(0), Le(20)] = 10.0
    """Width of the margin caches: how far a match may reach across the border of a partition."""
    release: str = "gnomon"
    """Name of the release, told in every table."""


@dataclass(frozen=True, config=OPTIONS)
class ReportConfig:
    """Options of the report."""

    title: str = "gnomon campaign"
    """Heading of the page."""


STEPS = (
    Step(
        "check_visit",
        CheckVisitConfig,
        reads={
            "recipe": "recipe",
            "source": "source",
            "summary": "visit_summary",
            "truth": "truth",
            "truth_detector": "truth_detector",
        },
        writes={"check": "visit_check"},
        version=3,
        cost=Cost(cpu_s=1.5, mem_mb=200, out_mb=0.1),
    ),
    Step(
        "check_objects",
        CheckObjectsConfig,
        reads={
            "recipe": "recipe",
            "skymap": "skymap",
            "stars": "truth_stars",
            "galaxies": "truth_galaxies",
            "sources": Many("truth"),
            "detectors": Many("truth_detector"),
            "coadds": Many("coadd"),
            "objects": "object",
        },
        writes={"check": "object_check"},
        version=2,
        cost=Cost(cpu_s=3, mem_mb=500, mem_mb_per_input=20, out_mb=0.01),
    ),
    Step(
        "check_derived",
        CheckDerivedConfig,
        reads={
            "recipe": "recipe",
            "stars": "truth_stars",
            "galaxies": "truth_galaxies",
            "objects": Many("object"),
            "photoz": Many("photoz"),
            "variability": Many("variability"),
            "redshifts": Many("spec_z"),
        },
        writes={"check": "derived_check"},
        cost=Cost(cpu_s=2, mem_mb=300, mem_mb_per_input=10, out_mb=0.01),
    ),
    Step(
        "metrics",
        MetricsConfig,
        reads={
            "summaries": Many("visit_summary"),
            "checks": Many("visit_check"),
            "joint": Many("joint_check"),
            "objects": Many("object_check"),
            "derived": Many("derived_check"),
            "moving": Many("moving_score"),
            "changes": Many("transient_check"),
        },
        writes={"metrics": "metrics"},
        version=2,
        cost=Cost(cpu_s=1, cpu_s_per_input=0.01, mem_mb=200, out_mb=0.01),
    ),
    Step(
        "release_catalogs",
        ReleaseCatalogsConfig,
        reads={
            "objects": Many("object", stream=True),
            "redshifts": Many("photoz", stream=True),
            "variability": Many("variability", stream=True),
            "motions": Many("star_motion", stream=True),
            "sources": Many("source", stream=True),
            "forced": Many("forced_source", stream=True),
            "dia_sources": Many("dia_source", stream=True),
            "dia_objects": Many("dia_object", stream=True),
            "dia_associations": Many("dia_association", stream=True),
            "dia_forced": Many("dia_forced_source", stream=True),
            "attributed": Many("ss_source", stream=True),
            "orbits": Many("orbit_catalog"),
            "summaries": Many("visit_summary"),
        },
        writes={
            "object": "release_object",
            "photoz": "release_photoz",
            "star": "release_star",
            "source": "release_source",
            "forced_source": "release_forced_source",
            "dia_source": "release_dia_source",
            "dia_object": "release_dia_object",
            "dia_forced_source": "release_dia_forced_source",
            "ss_source": "release_ss_source",
            "orbit": "release_orbit",
            "visit": "release_visit",
            "visit_detector": "release_visit_detector",
        },
        version=2,
        cost=Cost(cpu_s=3, cpu_s_per_input=0.05, mem_mb=600, out_mb=0.3),
    ),
    Step(
        "report",
        ReportConfig,
        reads={
            "summaries": Many("visit_summary"),
            "figures": Many("visit_figure"),
            "patches": Many("patch_figure"),
            "selections": Many("coadd_selection", stream=True),
            "depths": Many("property_figure"),
            "masses": Many("mass_map"),
            "stars": Many("truth_stars"),
            "galaxies": Many("truth_galaxies"),
            "sources": Many("source", stream=True),
            "star_sources": Many("isolated_star_source", stream=True),
            "objects": Many("object", stream=True),
            "redshifts": Many("photoz", stream=True),
            "spectra": Many("spec_z"),
            "variability": Many("variability", stream=True),
            "forced": Many("forced_source", stream=True),
            "dia_sources": Many("dia_source", stream=True),
            "dia_objects": Many("dia_object", stream=True),
            "dia_associations": Many("dia_association", stream=True),
            "dia_forced": Many("dia_forced_source", stream=True),
            "alerts": Many("alert", stream=True),
            "attributed": Many("ss_source", stream=True),
            "tracklets": Many("tracklet", stream=True),
            "orbits": Many("orbit_catalog"),
            "rejects": "rejects",
            "jobs": "quanta",
            "metrics": "metrics",
        },
        writes={"report": "report"},
        version=4,
        cost=Cost(cpu_s=8, cpu_s_per_input=0.01, mem_mb=500, out_mb=0.01),
    ),
)
