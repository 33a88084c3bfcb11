"""What a campaign ends with."""

from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Many, Step


@dataclass(frozen=True, config=OPTIONS)
class CheckVisitConfig:
    """No options: the truth is what it is."""


@dataclass(frozen=True, config=OPTIONS)
class MetricsConfig:
    """The bars; a number on the wrong side is reported, and stops nothing."""

    astrometry_mas: Annotated[float, Gt(0)] = 30.0
    """Greatest error per axis of bright stars, against the truth."""
    zero_point_mag: Annotated[float, Gt(0)] = 0.010
    """Greatest root mean square error of the zero points, against the truth."""
    completeness: Annotated[float, Gt(0), Le(1)] = 0.95
    """Least part of the stars of S/N above 10 that is found."""


@dataclass(frozen=True, config=OPTIONS)
class ReleaseCatalogsConfig:
    """Layout of the release tables."""

    max_rows: Annotated[int, Ge(100), Le(10_000_000)] = 500_000
    """Rows of a partition; a HEALPix pixel with more is divided."""
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
        cost=Cost(cpu_s=1.5, mem_mb=200, out_mb=0.1),
    ),
    Step(
        "metrics",
        MetricsConfig,
        reads={"summaries": Many("visit_summary"), "checks": Many("visit_check")},
        writes={"metrics": "metrics"},
        cost=Cost(cpu_s=1, cpu_s_per_input=0.01, mem_mb=200, out_mb=0.01),
    ),
    Step(
        "release_catalogs",
        ReleaseCatalogsConfig,
        reads={"motions": Many("star_motion")},
        writes={"star": "release_star"},
        cost=Cost(cpu_s=2, cpu_s_per_input=0.1, mem_mb=400, mem_mb_per_input=5, out_mb=1),
    ),
    Step(
        "report",
        ReportConfig,
        reads={
            "summaries": Many("visit_summary"),
            "figures": Many("visit_figure"),
            "rejects": "rejects",
            "metrics": "metrics",
        },
        writes={"report": "report"},
        cost=Cost(cpu_s=3, cpu_s_per_input=0.05, mem_mb=400, out_mb=0.2),
    ),
)
