"""From raw exposures to calibrated images and sources, visit by visit."""

from typing import Annotated

from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Step


@dataclass(frozen=True, config=OPTIONS)
class VisitFigureConfig:
    """Options of a visit's thumbnail."""

    size_px: Annotated[int, Ge(32), Le(4096)] = 360
    """Longer side of the picture."""


STEPS = (
    Step(
        "visit_figure",
        VisitFigureConfig,
        reads={"image": "preliminary_image"},
        writes={"figure": "visit_figure"},
        cost=Cost(cpu_s=2, mem_mb=300, out_mb=0.1),
    ),
)
