"""Steps that see all visits of a tract together."""

from typing import Annotated, Literal

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


@dataclass(frozen=True, config=OPTIONS)
class FitAstrometryConfig:
    """What the joint maps of a tract follow."""

    match_arcsec: Annotated[float, Gt(0), Le(10)] = 1.0
    """Largest distance of a star from its place in the reference catalogue at the mean date."""
    camera_degree: Annotated[int, Ge(1), Le(7)] = 4
    """Degree of the static correction of each detector."""
    visit_degree: Annotated[int, Ge(1), Le(7)] = 3
    """Degree of each visit's polynomial over the focal plane."""
    turbulence: bool = True
    """Interpolate the air's displacement over each visit."""
    colour: tuple[str, str] = ("g", "i")
    """Bands of the detections whose difference is the colour that refraction goes with; without them none is fitted."""


@dataclass(frozen=True, config=OPTIONS)
class FitPhotometryConfig:
    """What the joint zero points of a tract follow."""

    match_arcsec: Annotated[float, Gt(0), Le(10)] = 1.0
    """Largest distance of a star from its place in the reference catalogue at the mean date."""
    colour: tuple[str, str] = ("g", "i")
    """Bands of the reference catalogue whose difference is the colour; without them no colour term is fitted."""
    pivot: float = 0.6
    """Colour at which the zero points hold."""
    illumination_degree: Annotated[int, Ge(0), Le(3)] = 1
    """Degree of each detector's correction of the flat field; 3 where hundreds of stars a detector carry it."""
    cloud_degree: Annotated[int, Ge(0), Le(3)] = 1
    """Degree of each visit's polynomial over the focal plane: thin cloud; 2 where hundreds of stars carry it."""
    min_snr: Annotated[float, Gt(0), Le(1000)] = 20.0
    """Least signal to noise of a detection."""


@dataclass(frozen=True, config=OPTIONS)
class FinalizeVisitConfig:
    """When a detector takes what the joint fits say."""

    min_astrometry_stars: Annotated[int, Ge(1), Le(1000)] = 5
    """Fewer detections in the joint maps, and the detector keeps its own map."""
    min_photometry_stars: Annotated[int, Ge(1), Le(1000)] = 3
    """Fewer detections in the joint zero points, and the detector keeps its own zero point."""
    min_psf_stars: Annotated[int, Ge(5), Le(10000)] = 20
    """Fewer isolated stars to fit, and the detector keeps its preliminary PSF; 10000 keeps it always."""
    sky: Literal["detector", "focal_plane"] = "detector"
    """Sky where large objects lie: the detector's own, which swallows them, or that of all detectors of the visit."""


@dataclass(frozen=True, config=OPTIONS)
class CheckJointConfig:
    """No options: stars repeat as well as they do."""


_STARS: dict[str, str | Many] = {
    "star": "isolated_star",
    "source": "isolated_star_source",
    "summaries": Many("preliminary_summary"),
    "refcats": Many("refcat"),
}

STEPS = (
    Step(
        "isolated_stars",
        IsolatedStarsConfig,
        reads={"skymap": "skymap", "sources": Many("preliminary_source")},
        writes={"star": "isolated_star", "source": "isolated_star_source"},
        cost=Cost(cpu_s=2, cpu_s_per_input=0.05, mem_mb=300, mem_mb_per_input=2, out_mb=0.5),
    ),
    Step(
        "fit_astrometry",
        FitAstrometryConfig,
        reads=_STARS,
        writes={"fit": "astrometry_fit"},
        version=4,
        cost=Cost(cpu_s=4, cpu_s_per_input=0.1, mem_mb=500, mem_mb_per_input=3, out_mb=0.05),
    ),
    Step(
        "fit_photometry",
        FitPhotometryConfig,
        reads=_STARS,
        writes={"fit": "photometry_fit"},
        version=5,
        cost=Cost(cpu_s=3, cpu_s_per_input=0.05, mem_mb=500, mem_mb_per_input=3, out_mb=0.02),
    ),
    Step(
        "check_joint",
        CheckJointConfig,
        reads={
            "detections": "isolated_star_source",
            "astrometry": "astrometry_fit",
            "photometry": "photometry_fit",
            "stars": Many("truth_stars"),
            "galaxies": Many("truth_galaxies"),
        },
        writes={"check": "joint_check"},
        version=3,
        cost=Cost(cpu_s=2, mem_mb=300, out_mb=0.01),
    ),
    Step(
        "finalize_visit",
        FinalizeVisitConfig,
        reads={
            "image": "preliminary_image",
            "source": "preliminary_source",
            "summary": "preliminary_summary",
            "astrometry": Many("astrometry_fit"),
            "photometry": Many("photometry_fit"),
            "stars": Many("isolated_star"),
            "instrument": "instrument",
        },
        writes={"image": "calexp", "source": "source", "summary": "visit_summary"},
        version=5,
        axis="detector",
        cost=Cost(cpu_s=1.5, cpu_s_per_input=0.1, mem_mb=300, mem_mb_per_input=20, out_mb=14),
    ),
)
