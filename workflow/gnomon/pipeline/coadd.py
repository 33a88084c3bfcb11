"""From calibrated images of visits to images of the sky."""

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS
from gnomon.pipeline.step import Cost, Many, Step

KINDS = ("deep",)
"""Kinds of coadd that every patch and band has: all visits."""
DCR = "dcr"
"""Kind that tells parts of the band apart by what refraction does to them."""
ON_REQUEST = ("good_seeing", "psf_matched", DCR)
"""Kinds that are made where a target asks for them: the visits of the best seeing; warps convolved to one PSF; parts
of the band."""
TEMPLATE = "template_"
"""Before the number of a season: the kind that visits of that season are differenced with. It is made of the
other seasons' visits (the rule names them), those of the best seeing."""


@dataclass(frozen=True, config=OPTIONS)
class CoaddConfig:
    """Which visits are summed, and how."""

    max_seeing_arcsec: Annotated[float, Gt(0), Le(10)] = 2.0
    """Detectors with worse seeing are left out."""
    max_ellipticity: Annotated[float, Gt(0), Le(1)] = 0.3
    """Detectors whose PSF is more elongated are left out: trailed exposures."""
    min_transparency: Annotated[float, Ge(0), Le(1)] = 0.5
    """Detectors with a smaller part of a clear night's light are left out; where the instrument's reference does not
    tell, of the median rate of electrons."""
    max_noise: Annotated[float, Gt(1), Le(100)] = 3.0
    """Detectors with more times the median noise of the sky are left out: twilight, the moon, a bad readout."""
    template_share: Annotated[float, Gt(0), Le(1)] = 0.5
    """Part of the visits that a template is made of, best seeing first."""
    template_visits: Annotated[int, Ge(1), Le(1000)] = 4
    """Fewest visits of a template, where there are as many."""
    template_kind: Literal["mean", "dcr"] = "mean"
    """What templates hold: the mean of their visits, or parts of the band as well (as kind dcr), from which a
    difference foretells what refraction did to its visit. dcr wants twenty visits and more, over a range of airmass."""
    good_seeing_share: Annotated[float, Gt(0), Le(1)] = 0.33
    """Part of the visits that a good_seeing coadd is made of, best seeing first."""
    matched_fwhm_arcsec: Annotated[float, Gt(0), Le(10)] = 1.8
    """FWHM of the Gaussian PSF of a psf_matched coadd; detectors with more than 0.95 of it are left out."""
    artifact_sigma: Annotated[float, Gt(1), Le(100)] = 5.5
    """Difference from the static sky, in standard deviations, from which on an epoch's pixels are left out."""
    psf_size_px: Annotated[int, Ge(9), Le(201)] = 31
    """Side of a cell's PSF image, odd."""
    memory_mb: Annotated[float, Ge(10), Le(1e5)] = 600
    """Memory for warps, 10^6 bytes a process: more of it makes more cells at a time, with fewer reads. What comes
    out does not depend on it."""


@dataclass(frozen=True, config=OPTIONS)
class CoaddSelectionConfig:
    """Nothing to choose: what the coadds say."""


@dataclass(frozen=True, config=OPTIONS)
class PropertyMapsConfig:
    """How fine the maps are."""

    nside: Literal[1024, 2048, 4096, 8192, 16384, 32768] = 8192
    """Of the HEALPix pixels (8192: 26 arcsec). All is the same within a cell of a coadd, 30 arcsec by default."""


@dataclass(frozen=True, config=OPTIONS)
class RandomsConfig:
    """How many random points."""

    per_arcmin2: Annotated[float, Gt(0), Le(1000)] = 10.0
    """Mean number of points an area."""
    seed: Annotated[int, Ge(0), Lt(2**32)] = 1
    """Another seed gives other points."""


@dataclass(frozen=True, config=OPTIONS)
class PatchFigureConfig:
    """No options: the bands there are say what is shown."""


@dataclass(frozen=True, config=OPTIONS)
class Chi2Config:
    """Nothing to choose: all bands of a patch."""


STEPS = (
    Step(
        "coadd",
        CoaddConfig,
        reads={
            "skymap": "skymap",
            "summaries": Many("visit_summary"),
            "images": Many("calexp"),
            "instrument": "instrument",
        },
        writes={"coadd": "coadd"},
        version=7,
        mpi=True,
        cost=Cost(cpu_s=2, cpu_s_per_input=0.6, mem_mb=400, mem_mb_per_input=20, out_mb=5),
    ),
    Step(
        "chi2_coadd",
        Chi2Config,
        reads={"coadds": Many("coadd")},
        writes={"chi2_coadd": "chi2_coadd"},
        cost=Cost(cpu_s=1, cpu_s_per_input=0.3, mem_mb=300, mem_mb_per_input=80, out_mb=5),
    ),
    Step(
        "patch_figure",
        PatchFigureConfig,
        reads={"skymap": "skymap", "coadds": Many("coadd")},
        writes={"figure": "patch_figure"},
        cost=Cost(cpu_s=3, cpu_s_per_input=0.3, mem_mb=400, mem_mb_per_input=60, out_mb=0.3),
    ),
    Step(
        "coadd_selection",
        CoaddSelectionConfig,
        reads={"coadds": Many("coadd", view="CoaddLists")},
        writes={"selection": "coadd_selection"},
        cost=Cost(cpu_s=0.5, cpu_s_per_input=0.02, mem_mb=200, mem_mb_per_input=1, out_mb=0.01),
    ),
    Step(
        "property_maps",
        PropertyMapsConfig,
        reads={
            "skymap": "skymap",
            "instrument": "instrument",
            "summaries": Many("visit_summary"),
            "coadds": Many("coadd", view="CoaddLists"),
        },
        writes={"maps": "property_map"},
        version=2,
        cost=Cost(cpu_s=0.5, cpu_s_per_input=0.02, mem_mb=300, mem_mb_per_input=1, out_mb=0.2),
    ),
    Step(
        "randoms",
        RandomsConfig,
        reads={"skymap": "skymap", "maps": "property_map"},
        writes={"randoms": "random", "figure": "property_figure"},
        cost=Cost(cpu_s=2, mem_mb=400, out_mb=1),
    ),
)
