"""From raw exposures to calibrated images and sources, visit by visit."""

from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Many, Step


@dataclass(frozen=True, config=OPTIONS)
class IsrConfig:
    """Options of the removal of the signature; the electronics stand in the instrument's file."""

    masters: tuple[Literal["bias", "dark", "flat", "defects"], ...] = ("bias", "dark", "flat", "defects")
    """Calibration frames to apply; a detector without one of them is not made."""


@dataclass(frozen=True, config=OPTIONS)
class VisitFigureConfig:
    """Options of a visit's thumbnail."""

    size_px: Annotated[int, Ge(32), Le(4096)] = 360
    """Longer side of the picture."""


STEPS = (
    Step(
        "isr",
        IsrConfig,
        reads={
            "instrument": "instrument",
            "raw": Many("raw"),
            "bias": Many("master_bias"),
            "dark": Many("master_dark"),
            "flat": Many("master_flat"),
            "defects": Many("defects"),
        },
        writes={"post_isr": "post_isr"},
        axis="detector",
        cost=Cost(cpu_s=2, cpu_s_per_input=0.5, mem_mb=500, mem_mb_per_input=20, out_mb=13),
    ),
    Step(
        "visit_figure",
        VisitFigureConfig,
        reads={"image": "preliminary_image"},
        writes={"figure": "visit_figure"},
        cost=Cost(cpu_s=2, mem_mb=300, out_mb=0.1),
    ),
)
