"""The simulated survey as input of a campaign."""

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Step


@dataclass(frozen=True, config=OPTIONS)
class SimulateSkyConfig:
    """Which survey is simulated."""

    recipe: Literal["demo", "toy"] = "demo"
    """A survey that the simulator knows: the demo, or one of seconds for tests."""
    seed: Annotated[int, Ge(0)] = 20260101
    """Root of all random numbers; another seed is another sky, other noise, other weather."""


@dataclass(frozen=True, config=OPTIONS)
class SimulateConfig:
    """No options: the recipe says all."""


@dataclass(frozen=True, config=OPTIONS)
class SimulateRedshiftsConfig:
    """Which simulated galaxies have a spectrum."""

    magnitude_limit: Annotated[float, Ge(10), Le(30)] = 24.0
    """Faintest i magnitude (AB) of a spectroscopic target."""
    fraction: Annotated[float, Gt(0), Le(1)] = 0.5
    """Part of the targets that give a redshift."""
    seed: Annotated[int, Ge(0)] = 1
    """Root of the random numbers: who is a target, errors of 150 km/s."""


STEPS = (
    Step(
        "simulate_sky",
        SimulateSkyConfig,
        reads={},
        writes={
            "recipe": "recipe",
            "refcat": "simulated_refcat",
            "stars": "truth_stars",
            "galaxies": "truth_galaxies",
            "transients": "truth_transients",
            "asteroids": "truth_asteroids",
        },
        cost=Cost(cpu_s=4, mem_mb=300, out_mb=3),
    ),
    Step(
        "simulate_redshifts",
        SimulateRedshiftsConfig,
        reads={"galaxies": "truth_galaxies"},
        writes={"redshifts": "spec_z"},
        cost=Cost(cpu_s=1, mem_mb=200, out_mb=0.1),
    ),
    Step(
        "simulate",
        SimulateConfig,
        reads={"recipe": "recipe"},
        writes={"raw": "raw", "sources": "truth", "detectors": "truth_detector"},
        cost=Cost(cpu_s=8, mem_mb=400, out_mb=10),
    ),
)
