"""Steps that say what is known of each object."""

from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Step


@dataclass(frozen=True, config=OPTIONS)
class MotionConfig:
    """Fit of positions over time."""

    sigma_floor_mas: Annotated[float, Ge(0), Le(1000)] = 10.0
    """Error of the astrometry of a visit and axis, added in quadrature to that of the centroid."""
    epoch_mjd_tai: Annotated[float, Gt(0), Le(100000)] = 61000.0
    """Epoch of the positions; one for a release, near the middle of the survey."""


STEPS = (
    Step(
        "motion",
        MotionConfig,
        reads={"detections": "isolated_star_source"},
        writes={"motion": "star_motion"},
        cost=Cost(cpu_s=3, mem_mb=400, out_mb=0.5),
    ),
)
