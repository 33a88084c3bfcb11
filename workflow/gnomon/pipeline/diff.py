"""Steps from difference images to objects that change."""

from dataclasses import field
from typing import Annotated

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import StringConstraints
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Many, Step


@dataclass(frozen=True, config=OPTIONS)
class DifferenceConfig:
    """How the template is matched, and what is detected."""

    star_snr: Annotated[float, Gt(5), Le(1000)] = 20.0
    """Least signal to noise of the stars at which the template is matched."""
    min_stars: Annotated[int, Ge(3), Le(1000)] = 4
    """Fewest stars for a matching kernel."""
    kernel_degree: Annotated[int, Ge(0), Le(4)] = 2
    """Largest degree of the kernel's variation over a detector; the data choose up to it."""
    background_box_px: Annotated[int, Ge(32), Le(1024)] = 128
    """Side of the cells in which the sky of the difference is fitted."""
    detection_snr: Annotated[float, Gt(2), Le(50)] = 5.0
    """Signal to noise of a detection, above or below the sky."""
    registration_px: Annotated[float, Ge(0), Le(1)] = 0.05
    """Error of the template's registration: a detection must stand out of what it fakes at stars."""
    scale_error: Annotated[float, Ge(0), Le(0.1)] = 0.003
    """Likewise, relative error of the flux scale."""


@dataclass(frozen=True, config=OPTIONS)
class TrainReliabilityConfig:
    """What the trees that judge detections learn from."""

    injected: Annotated[int, Ge(1), Le(10000)] = 120
    """Sources and artefacts put into each detector's difference; fewer where there is no room."""
    snr: tuple[float, float] = (4.0, 1000.0)
    """Least and greatest signal to noise of these."""
    repeat_arcsec: Annotated[float, Gt(0), Le(10)] = 1.0
    """A detection that another visit has this near is no example of an artefact."""
    seed: Annotated[int, Ge(0)] = 1
    """Of the random numbers."""


@dataclass(frozen=True, config=OPTIONS)
class ScoreDiaSourcesConfig:
    """No options: what is real is learnt."""


@dataclass(frozen=True, config=OPTIONS)
class AssociateConfig:
    """Which detections on difference images are the same object."""

    radius_arcsec: Annotated[float, Gt(0), Le(10)] = 1.0
    """Largest distance of a detection from its object."""
    n_sigma: Annotated[float, Gt(0), Le(1000)] = 6.0
    """Likewise in combined position errors."""
    sigma_floor_mas: Annotated[float, Gt(0), Le(1000)] = 50.0
    """Error of the astrometry of a visit, added in quadrature."""
    min_reliability: Annotated[float, Ge(0), Le(1)] = 0.8
    """Detections below this, or never judged, belong to no object."""
    bands: Annotated[tuple[str, ...], MinLen(1)] = ("u", "g", "r", "i", "z", "y")
    """Bands that get columns; those of the schema."""


@dataclass(frozen=True, config=OPTIONS)
class DiaForcedSourceConfig:
    """No options: every object is measured."""


@dataclass(frozen=True, config=OPTIONS)
class AlertConfig:
    """Which detections are told, and with what."""

    min_reliability: Annotated[float, Ge(0), Le(1)] = 0.8
    """Detections below this, or never judged, make no alert."""
    stamp_px: Annotated[int, Ge(30), Le(102)] = 31
    """Side of the three stamps."""


FilterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
"""Small letters, digits and underscores."""


@dataclass(frozen=True, config=OPTIONS)
class NamedFilter:
    """Which alerts go under a name."""

    where: str = ""
    """Expression over fields of the packet, such as ``diaSource.snr > 10``; empty lets all through."""
    watchlist: tuple[tuple[float, float], ...] = ()
    """Right ascension and declination (degrees) of places; if given, only alerts near one of them."""
    radius_arcsec: Annotated[float, Ge(0), Le(3600)] = 0.0
    """How near; needed with a watchlist."""


@dataclass(frozen=True, config=OPTIONS)
class FilterAlertsConfig:
    """Named filters: each has its own files of alerts, night by night."""

    filters: dict[FilterName, NamedFilter] = field(default_factory=dict)
    """Filters by name: small letters, digits and underscores."""


@dataclass(frozen=True, config=OPTIONS)
class CheckTransientsConfig:
    """What counts as found."""

    least_snr: Annotated[float, Gt(0)] = 8.0
    """Transients of less true signal to noise in a visit are not asked for."""
    least_reliability: Annotated[float, Ge(0), Le(1)] = 0.8
    """Detections below this are not counted."""


STEPS = (
    Step(
        "difference",
        DifferenceConfig,
        reads={
            "science": "calexp",
            "sources": "source",
            "summary": "visit_summary",
            "coadds": Many("coadd"),
        },
        writes={"image": "difference_image", "template": "template_image", "candidates": "dia_candidate"},
        axis="detector",
        version=2,
        cost=Cost(cpu_s=2, cpu_s_per_input=2, mem_mb=600, mem_mb_per_input=30, out_mb=20),
    ),
    Step(
        "train_reliability",
        TrainReliabilityConfig,
        reads={
            "images": Many("difference_image"),
            "templates": Many("template_image"),
            "candidates": Many("dia_candidate"),
            "others": Many("dia_candidate"),
        },
        writes={"model": "reliability_model"},
        version=2,
        cost=Cost(cpu_s=10, cpu_s_per_input=1, mem_mb=500, mem_mb_per_input=1, out_mb=0.1),
    ),
    Step(
        "score_dia_sources",
        ScoreDiaSourcesConfig,
        reads={
            "image": "difference_image",
            "template": "template_image",
            "candidates": "dia_candidate",
            "model": "reliability_model",
        },
        writes={"sources": "dia_source"},
        axis="detector",
        version=2,
        cost=Cost(cpu_s=1, cpu_s_per_input=0.2, mem_mb=300, out_mb=0.1),
    ),
    Step(
        "associate",
        AssociateConfig,
        reads={"skymap": "skymap", "sources": Many("dia_source")},
        writes={"object": "dia_object", "association": "dia_association"},
        cost=Cost(cpu_s=2, cpu_s_per_input=0.05, mem_mb=300, mem_mb_per_input=2, out_mb=1),
    ),
    Step(
        "dia_forced_source",
        DiaForcedSourceConfig,
        reads={
            "image": "difference_image",
            "science": "calexp",
            "summary": "visit_summary",
            "objects": Many("dia_object"),
        },
        writes={"forced": "dia_forced_source"},
        axis="detector",
        cost=Cost(cpu_s=1, cpu_s_per_input=0.3, mem_mb=300, out_mb=0.1),
    ),
    Step(
        "alert",
        AlertConfig,
        reads={
            "difference": "difference_image",
            "science": "calexp",
            "template": "template_image",
            "sources": "dia_source",
            "history": Many("dia_source"),
            "forced": Many("dia_forced_source"),
            "associations": Many("dia_association"),
            "perturbers": "perturbers",
            "attributed": Many("ss_source"),
            "known": Many("known_orbits"),
            "before": Many("orbit_catalog"),
        },
        writes={"alerts": "alert"},
        cost=Cost(cpu_s=3, cpu_s_per_input=0.1, mem_mb=500, mem_mb_per_input=5, out_mb=5),
    ),
    Step(
        "filter_alerts",
        FilterAlertsConfig,
        reads={"alerts": Many("alert")},
        writes={"alerts": "filtered_alert"},
        cost=Cost(cpu_s=0.6, cpu_s_per_input=0.05, mem_mb=200, mem_mb_per_input=10, out_mb=0.5),
    ),
    Step(
        "check_transients",
        CheckTransientsConfig,
        reads={
            "stars": "truth_stars",
            "transients": "truth_transients",
            "truths": Many("truth"),
            "images": Many("difference_image"),
            "sources": Many("dia_source"),
            "objects": Many("dia_object"),
        },
        writes={"check": "transient_check"},
        version=3,
        cost=Cost(cpu_s=1, cpu_s_per_input=0.1, mem_mb=300, mem_mb_per_input=1, out_mb=0.1),
    ),
)
