"""Steps of moving objects, night by night: yesterday's orbits and today's detections give today's orbits."""

from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Many, Step


@dataclass(frozen=True, config=OPTIONS)
class KnownOrbitsConfig:
    """Orbits known before the campaign."""

    position_sigma_au: Annotated[float, Ge(0), Le(1)] = 1e-7
    """Error of position assumed along each axis where the catalogue tells none; 0 leaves it unknown. An
    orbit of MPCORB is rounded by about 1e-7 au."""
    velocity_sigma_au: Annotated[float, Ge(0), Le(1)] = 2e-9
    """Likewise of velocity, au/day."""


@dataclass(frozen=True, config=OPTIONS)
class EphemeridesConfig:
    """Which objects a night should show."""

    margin_arcsec: Annotated[float, Ge(0), Le(3600)] = 20.0
    """How far beyond the corners of a field objects are still predicted."""


@dataclass(frozen=True, config=OPTIONS)
class AttributeConfig:
    """Which detections are known objects."""

    chi2_limit: Annotated[float, Gt(0), Le(1000)] = 25.0
    """Largest squared distance in the joint error ellipse (2 degrees of freedom)."""
    unknown_sigma_arcsec: Annotated[float, Gt(0), Le(30)] = 1.0
    """Error of a prediction whose orbit has none."""
    model_sigma_mas: Annotated[float, Gt(0), Le(1000)] = 50.0
    """Added to every prediction: force model, site and photocentre."""
    min_reliability: Annotated[float, Ge(0), Le(1)] = 0.5
    """Detections below this are nobody."""


@dataclass(frozen=True, config=OPTIONS)
class TrackletsConfig:
    """Which detections of a night may be one moving object."""

    fastest_deg_per_day: Annotated[float, Gt(0), Le(50)] = 1.0
    """Greatest motion on the sky; chance pairs grow with its square."""
    shortest_minutes: Annotated[float, Gt(0), Le(600)] = 10.0
    """Least time between two members."""
    longest_minutes: Annotated[float, Gt(0), Le(600)] = 100.0
    """Greatest time between first and last member."""
    least_motion_sigma: Annotated[float, Gt(0), Le(100)] = 5.0
    """Motion of a pair in units of its error below which it is no tracklet by itself."""
    slowest_arcsec_per_hour: Annotated[float, Ge(0), Le(10)] = 0.3
    """What moves less than this stands still and is in no tracklet, where exposures are far enough apart to
    tell."""
    sigma_floor_mas: Annotated[float, Ge(0), Le(1000)] = 20.0
    """Error of the astrometry of a visit, added in quadrature."""
    min_reliability: Annotated[float, Ge(0), Le(1)] = 0.5
    """Detections below this are in no tracklet."""


@dataclass(frozen=True, config=OPTIONS)
class LinkConfig:
    """Which tracklets of the last nights are one object."""

    window_days: Annotated[float, Ge(1), Le(60)] = 14.0
    """Tracklets older than this are left out; the rule gathers the nights of 14 days."""
    least_nights: Annotated[int, Ge(2), Le(10)] = 3
    """Nights with a tracklet that an object needs."""
    inverse_step: Annotated[float, Gt(0), Le(1)] = 0.03
    """Spacing of the assumed distances from the Sun in 1/au; finer finds fast near-Earth objects."""
    chi2_limit: Annotated[float, Gt(0), Le(100)] = 4.0
    """chi2 per degree of freedom above which a candidate is no orbit."""
    sigma_floor_mas: Annotated[float, Ge(0), Le(1000)] = 30.0
    """Error of the astrometry of a visit, added in quadrature."""


@dataclass(frozen=True, config=OPTIONS)
class OrbitsConfig:
    """How the orbits of a night are fitted."""

    sigma_floor_mas: Annotated[float, Ge(0), Le(1000)] = 2.0
    """Error of the astrometry of a visit, added in quadrature: air, refraction by colour. Bright asteroids of the
    demo scatter by 1.5 to 2 (r, i, z, y) and 4 mas (g) beyond their stated errors."""
    rejection_chi2: Annotated[float, Gt(1), Le(1000)] = 16.0
    """chi2 (2 degrees of freedom) above which a detection is left out of an orbit."""


@dataclass(frozen=True, config=OPTIONS)
class OrbitCatalogConfig:
    """What is told of a night's orbits to others."""

    submitter: str = "gnomon"
    """Name in the header of the ADES report."""
    star_catalog: str = "Gaia2"
    """Reference catalogue of the astrometry, by ADES' names."""


@dataclass(frozen=True, config=OPTIONS)
class CheckMovingConfig:
    """What moving objects are compared with their truth by."""

    days_ahead: Annotated[float, Gt(0), Le(50)] = 30.0
    """How long after the last night an orbit has to foretell the place."""


_KNOWN = {"known": Many("known_orbits"), "before": Many("orbit_catalog")}

STEPS = (
    Step(
        "known_orbits",
        KnownOrbitsConfig,
        reads={
            "perturbers": "perturbers",
            "asteroids": Many("truth_asteroids"),
            "mpcorb": Many("mpcorb"),
        },
        writes={"known_orbits": "known_orbits"},
        cost=Cost(cpu_s=2, mem_mb=300, out_mb=1),
    ),
    Step(
        "ephemerides",
        EphemeridesConfig,
        reads={
            "instrument": "instrument",
            "perturbers": "perturbers",
            "summaries": Many("visit_summary"),
            **_KNOWN,
        },
        writes={"ephemeris": "ephemeris", "visits": "night_visit"},
        cost=Cost(cpu_s=3, cpu_s_per_input=0.01, mem_mb=300, mem_mb_per_input=0.1, out_mb=0.1),
    ),
    Step(
        "attribute",
        AttributeConfig,
        reads={"ephemeris": "ephemeris", "visits": "night_visit", "sources": Many("dia_source")},
        writes={"ss_source": "ss_source"},
        version=2,
        cost=Cost(cpu_s=2, cpu_s_per_input=0.02, mem_mb=300, mem_mb_per_input=1, out_mb=0.1),
    ),
    Step(
        "tracklets",
        TrackletsConfig,
        reads={"visits": "night_visit", "sources": Many("dia_source"), "attributed": "ss_source"},
        writes={"tracklet": "tracklet"},
        version=2,
        cost=Cost(cpu_s=2, cpu_s_per_input=0.02, mem_mb=300, mem_mb_per_input=1, out_mb=0.1),
    ),
    Step(
        "link",
        LinkConfig,
        reads={"perturbers": "perturbers", "tracklets": Many("tracklet"), "linked": Many("linkage")},
        writes={"linkage": "linkage", "orbit": "link_orbit"},
        version=2,
        cost=Cost(cpu_s=10, cpu_s_per_input=2, mem_mb=500, mem_mb_per_input=10, out_mb=0.1),
    ),
    Step(
        "orbits",
        OrbitsConfig,
        reads={
            "perturbers": "perturbers",
            "linkage": "linkage",
            "link_orbit": "link_orbit",
            "attributed": "ss_source",
            **_KNOWN,
        },
        writes={"orbit": "orbit"},
        cost=Cost(cpu_s=3, cpu_s_per_input=0.1, mem_mb=400, mem_mb_per_input=1, out_mb=0.1),
    ),
    Step(
        "orbit_catalog",
        OrbitCatalogConfig,
        reads={
            "instrument": "instrument",
            "perturbers": "perturbers",
            "orbit": "orbit",
            "attributed": "ss_source",
            "linkage": "linkage",
            **_KNOWN,
        },
        writes={"catalog": "orbit_catalog", "mpcorb": "orbit_export", "ades": "ades_report"},
        cost=Cost(cpu_s=3, mem_mb=400, mem_mb_per_input=1, out_mb=0.3),
    ),
    Step(
        "check_moving",
        CheckMovingConfig,
        reads={
            "instrument": "instrument",
            "perturbers": "perturbers",
            "asteroids": "truth_asteroids",
            "truths": Many("truth"),
            "sources": Many("dia_source"),
            "visits": Many("night_visit"),
            "attributed": Many("ss_source"),
            "linked": Many("linkage"),
            "orbits": Many("orbit_catalog"),
        },
        writes={"objects": "moving_check", "check": "moving_score"},
        cost=Cost(cpu_s=3, cpu_s_per_input=0.02, mem_mb=300, mem_mb_per_input=0.5, out_mb=0.1),
    ),
)
