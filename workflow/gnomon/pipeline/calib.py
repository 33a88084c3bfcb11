"""Master calibration frames."""

from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Many, Step


@dataclass(frozen=True, config=OPTIONS)
class MasterConfig:
    """Options of a clipped mean of exposures."""

    nsigma: Annotated[float, Gt(1), Le(20)] = 5.0
    """Values further from the median than this many of their own noise are left out: cosmic rays go."""
    min_count: Annotated[int, Ge(1), Le(200)] = 3
    """Fewest exposures of which a master is made."""


@dataclass(frozen=True, config=OPTIONS)
class DefectsConfig:
    """Options of the search for defects."""

    max_rate: Annotated[float, Gt(0)] = 5.0
    """Dark current above that of the detector at which a pixel is hot, electrons per second."""
    nsigma: Annotated[float, Gt(1), Le(50)] = 8.0
    """How sure that must be, in errors of the master dark."""
    min_response: Annotated[float, Ge(0), Le(1)] = 0.8
    """Lowest response relative to the surroundings."""
    max_response: Annotated[float, Ge(1), Le(10)] = 1.2
    """Highest response relative to the surroundings."""
    radius: Annotated[int, Ge(0), Le(10)] = 0
    """Every defect is widened by this many pixels."""


_COST = Cost(cpu_s=2, cpu_s_per_input=1, mem_mb=400, mem_mb_per_input=20, out_mb=12)

STEPS = (
    Step(
        "master_bias",
        MasterConfig,
        reads={"instrument": "instrument", "raws": Many("raw")},
        writes={"bias": "master_bias"},
        axis="detector",
        cost=_COST,
    ),
    Step(
        "master_dark",
        MasterConfig,
        reads={"instrument": "instrument", "raws": Many("raw"), "bias": Many("master_bias")},
        writes={"dark": "master_dark"},
        version=2,
        axis="detector",
        cost=_COST,
    ),
    Step(
        "master_flat",
        MasterConfig,
        reads={
            "instrument": "instrument",
            "raws": Many("raw"),
            "bias": Many("master_bias"),
            "dark": Many("master_dark"),
        },
        writes={"flat": "master_flat"},
        axis="detector",
        cost=_COST,
    ),
    Step(
        "defects",
        DefectsConfig,
        reads={"flats": Many("master_flat"), "darks": Many("master_dark")},
        writes={"defects": "defects"},
        axis="detector",
        cost=_COST,
    ),
)
