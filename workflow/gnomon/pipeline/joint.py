"""Steps that see all visits of a tract together."""

from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Many, Step


@dataclass(frozen=True, config=OPTIONS)
class IsolatedStarsConfig:
    """Which detections are the same star, and when it counts as isolated."""

    min_snr: Annotated[float, Gt(0), Le(1000)] = 10.0
    """Least signal to noise of a detection."""
    radius_arcsec: Annotated[float, Gt(0), Le(10)] = 1.0
    """Largest distance of a detection from its star; larger than the motion between the visits."""
    n_sigma: Annotated[float, Gt(0), Le(1000)] = 25.0
    """Largest distance in combined position errors; wide, because stars move."""
    sigma_floor_mas: Annotated[float, Gt(0), Le(1000)] = 20.0
    """Error of the astrometry of single visits, added in quadrature."""
    isolation_arcsec: Annotated[float, Gt(0), Le(60)] = 2.0
    """No other star nearer than this."""
    min_detections: Annotated[int, Ge(2), Le(1000)] = 2
    """Fewest visits."""


STEPS = (
    Step(
        "isolated_stars",
        IsolatedStarsConfig,
        reads={"skymap": "skymap", "sources": Many("preliminary_source")},
        writes={"star": "isolated_star", "source": "isolated_star_source"},
        cost=Cost(cpu_s=2, cpu_s_per_input=0.05, mem_mb=300, mem_mb_per_input=2, out_mb=0.5),
    ),
)
