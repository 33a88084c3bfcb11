"""What a campaign ends with."""

from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Many, Step


@dataclass(frozen=True, config=OPTIONS)
class ReportConfig:
    """Options of the report."""

    title: str = "gnomon campaign"
    """Heading of the page."""


STEPS = (
    Step(
        "report",
        ReportConfig,
        reads={"summaries": Many("preliminary_summary"), "figures": Many("visit_figure")},
        writes={"report": "report"},
    ),
)
