"""From raw exposures to calibrated images and sources, visit by visit."""

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Many, Step


@dataclass(frozen=True, config=OPTIONS)
class IsrConfig:
    """Options of the removal of the signature; the electronics stand in the instrument's file."""

    masters: tuple[Literal["bias", "dark", "flat", "defects"], ...] = ("bias", "dark", "flat", "defects")
    """Calibration frames to apply; a detector without one of them is not made."""


@dataclass(frozen=True, config=OPTIONS)
class CalibrateVisitConfig:
    """Options of the calibration of one visit by itself."""

    background_box_px: Annotated[int, Ge(16), Le(4096)] = 128
    """Side of a cell of the background mesh; larger than any object that must survive."""
    detection_snr: Annotated[float, Gt(0), Le(1000)] = 5.0
    """Signal to noise of a point source from which on a source is kept."""
    psf_size_px: Annotated[int, Ge(9), Le(101)] = 31
    """Side of the PSF model, odd."""
    psf_star_snr: Annotated[float, Ge(5), Le(10000)] = 50.0
    """Least signal to noise of a PSF star; lower where fewer than five are found."""
    cosmic_rays: Literal["classifier", "sharpness"] = "classifier"
    """Cosmic rays by a network that has learned from simulated fields, or by a bound on the PSF's sharpness."""
    astrometry_degree: Annotated[int, Ge(1), Le(5)] = 3
    """Greatest degree of the map's correction; few stars lower it."""
    match_offset_arcsec: Annotated[float, Gt(0), Le(600)] = 120.0
    """How wrong the pointing may be."""
    first_map: Literal["rough", "good"] = "rough"
    """Whether the header's map may be turned, mirrored or off in scale by 2 %, or is right but for a shift."""
    photometry_snr: Annotated[float, Ge(5), Le(10000)] = 20.0
    """Least signal to noise of a star of the zero point."""
    min_photometry_stars: Annotated[int, Ge(1), Le(1000)] = 3
    """Fewer stars, and the header's zero point is kept."""


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
        version=2,
        axis="detector",
        cost=Cost(cpu_s=2, cpu_s_per_input=0.5, mem_mb=500, mem_mb_per_input=20, out_mb=13),
    ),
    Step(
        "calibrate_visit",
        CalibrateVisitConfig,
        reads={"post_isr": "post_isr", "refcats": Many("refcat")},
        writes={
            "image": "preliminary_image",
            "source": "preliminary_source",
            "summary": "preliminary_summary",
        },
        version=11,
        axis="detector",
        cost=Cost(cpu_s=2, cpu_s_per_input=2, mem_mb=500, mem_mb_per_input=20, out_mb=14),
    ),
    Step(
        "visit_figure",
        VisitFigureConfig,
        reads={"image": "calexp"},
        writes={"figure": "visit_figure"},
        cost=Cost(cpu_s=2, mem_mb=300, out_mb=0.1),
    ),
)
