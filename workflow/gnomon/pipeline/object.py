"""Steps that say what is known of each object."""

from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Many, Step


@dataclass(frozen=True, config=OPTIONS)
class MotionConfig:
    """Fit of positions over time."""

    sigma_floor_mas: Annotated[float, Ge(0), Le(1000)] = 10.0
    """Error of the astrometry of a visit and axis, added in quadrature to that of the centroid."""
    epoch_mjd_tai: Annotated[float, Gt(0), Le(100000)] = 61000.0
    """Epoch of the positions; one for a release, near the middle of the survey."""


@dataclass(frozen=True, config=OPTIONS)
class TrainPhotozConfig:
    """The network of photometric redshifts and what it learns from."""

    bands: Annotated[tuple[str, ...], MinLen(2)] = ("u", "g", "r", "i", "z", "y")
    """Bands whose fluxes are inputs."""
    flux: str = "cModelFlux"
    """Flux columns, ``<band>_<flux>``."""
    match_arcsec: Annotated[float, Gt(0), Le(10)] = 1.0
    """Largest distance of an object from its spectrum."""
    members: Annotated[int, Ge(1), Le(20)] = 3
    """Networks in the ensemble; time and quality grow with it."""
    steps: Annotated[int, Ge(10), Le(100000)] = 1200
    """Gradient steps of each; small training sets take fewer."""
    seed: Annotated[int, Ge(0)] = 1
    """Root of the random numbers."""


@dataclass(frozen=True, config=OPTIONS)
class PhotozConfig:
    """No options: the model says which fluxes it wants."""


@dataclass(frozen=True, config=OPTIONS)
class VariabilityConfig:
    """What counts as variable, and where periods are looked for."""

    chance: Annotated[float, Gt(0), Lt(1)] = 1e-4
    """A constant object is called variable with this probability."""
    error_floor: Annotated[float, Ge(0), Le(1)] = 0.01
    """Fraction of the flux added in quadrature to its error."""
    shortest_period_d: Annotated[float, Gt(0), Le(1000)] = 0.2
    """Shortest period."""
    longest_period_d: Annotated[float, Gt(0), Le(10000)] = 100.0
    """Longest period; never longer than the light curve."""
    min_epochs: Annotated[int, Ge(5), Le(10000)] = 15
    """Fewer measurements in all bands together give no period."""


@dataclass(frozen=True, config=OPTIONS)
class DetectObjectsConfig:
    """What is an object."""

    threshold_sigma: Annotated[float, Gt(1), Le(20)] = 5.0
    """Significance of a detection in all bands together; noise passes it as often as a Gaussian does."""
    prominence: Annotated[float, Ge(0), Le(100)] = 2.5
    """Standard errors by which neighbours rise above their saddle."""
    contrast: Annotated[float, Ge(0), Lt(1)] = 0.0005
    """Least light of an object as a part of its neighbour's."""


@dataclass(frozen=True, config=OPTIONS)
class MeasureConfig:
    """No options: apertures and bands are those of the schema."""


@dataclass(frozen=True, config=OPTIONS)
class ShearConfig:
    """How shapes are measured (experimental)."""

    bands: tuple[str, ...] = ("r", "i", "z")
    """Bands whose mean gives the shapes; all there are where none of these is."""
    weight_arcsec: Annotated[float, Gt(0), Le(5)] = 0.6
    """Gaussian scale of the weight; must be above that of the PSF, 0.42 of its FWHM."""
    softening_snr: Annotated[float, Ge(0), Le(100)] = 10.0
    """Objects of less signal to noise have little weight."""
    stamp_arcsec: Annotated[float, Gt(2), Le(60)] = 9.0
    """Side of a stamp."""
    min_snr: Annotated[float, Ge(0), Le(1000)] = 10.0
    """Least signal to noise of a galaxy that enters mass maps."""


@dataclass(frozen=True, config=OPTIONS)
class MassMapConfig:
    """The map of a tract (experimental)."""

    pixel_arcsec: Annotated[float, Gt(0), Le(600)] = 15.0
    """Side of a pixel."""
    smoothing_arcsec: Annotated[float, Ge(0), Le(3600)] = 40.0
    """Gaussian sigma of the smoothing."""
    zoom: Annotated[int, Ge(1), Le(50)] = 8
    """Screen pixels of a map pixel in the picture."""


@dataclass(frozen=True, config=OPTIONS)
class ForcedSourceConfig:
    """Which objects are measured on visits."""

    fit_sky: bool = False
    """Fit a constant together with the flux."""


STEPS = (
    Step(
        "detect_objects",
        DetectObjectsConfig,
        reads={"coadds": Many("coadd")},
        writes={"detection": "detection"},
        cost=Cost(cpu_s=1, cpu_s_per_input=0.5, mem_mb=500, mem_mb_per_input=150, out_mb=3),
    ),
    Step(
        "measure",
        MeasureConfig,
        reads={"skymap": "skymap", "coadds": Many("coadd"), "detection": "detection"},
        writes={"objects": "object"},
        version=2,
        cost=Cost(cpu_s=2, cpu_s_per_input=2, mem_mb=400, mem_mb_per_input=100, out_mb=0.3),
    ),
    Step(
        "shear",
        ShearConfig,
        reads={
            "skymap": "skymap",
            "coadds": Many("coadd"),
            "detection": "detection",
            "objects": "object",
        },
        writes={"shear": "shear_object"},
        cost=Cost(cpu_s=3, cpu_s_per_input=0.5, mem_mb=400, mem_mb_per_input=100, out_mb=0.1),
    ),
    Step(
        "mass_map",
        MassMapConfig,
        reads={"skymap": "skymap", "shears": Many("shear_object")},
        writes={"map": "mass_map", "figure": "mass_map_figure"},
        cost=Cost(cpu_s=1, mem_mb=200, out_mb=0.1),
    ),
    Step(
        "forced_source",
        ForcedSourceConfig,
        reads={"image": "calexp", "summary": "visit_summary", "objects": Many("object")},
        writes={"forced": "forced_source"},
        axis="detector",
        cost=Cost(cpu_s=2, cpu_s_per_input=1, mem_mb=500, mem_mb_per_input=10, out_mb=0.1),
    ),
    Step(
        "motion",
        MotionConfig,
        reads={"detections": "isolated_star_source", "astrometry": "astrometry_fit"},
        writes={"motion": "star_motion"},
        version=3,
        cost=Cost(cpu_s=3, mem_mb=400, out_mb=0.5),
    ),
    Step(
        "train_photoz",
        TrainPhotozConfig,
        reads={"objects": Many("object"), "redshifts": Many("spec_z")},
        writes={"model": "photoz_model"},
        version=2,
        cost=Cost(cpu_s=20, mem_mb=500, out_mb=1),
    ),
    Step(
        "photoz",
        PhotozConfig,
        reads={"objects": "object", "model": "photoz_model"},
        writes={"photoz": "photoz"},
        cost=Cost(cpu_s=2, mem_mb=500, out_mb=1),
    ),
    Step(
        "variability",
        VariabilityConfig,
        reads={"objects": "object", "forced": Many("forced_source")},
        writes={"variability": "variability"},
        version=3,
        cost=Cost(cpu_s=5, cpu_s_per_input=0.05, mem_mb=500, mem_mb_per_input=5, out_mb=2),
    ),
)
