"""The options of a campaign that belong to no step: what, where, on which sky."""

from dataclasses import field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass

from gnomon.pipeline.options import OPTIONS


@dataclass(frozen=True, config=OPTIONS)
class SkymapOptions:
    """How the sky is cut into tracts, patches and cells."""

    kind: Literal["rings", "healpix", "discrete"] = "discrete"
    """All-sky rings of tracts, HEALPix tracts, or one tract about the field."""
    rings: Annotated[int, Ge(3), Le(720)] = 120
    """Number of declination rings (kind rings)."""
    nside: Annotated[int, Ge(1), Le(1024)] = 8
    """HEALPix resolution (kind healpix)."""
    centre_deg: tuple[float, float] = (0.0, 0.0)
    """Right ascension and declination of the tract (kind discrete)."""
    radius_deg: Annotated[float, Gt(0), Le(10)] = 0.1
    """Half side of the tract (kind discrete)."""
    pixel_arcsec: Annotated[float, Gt(0), Le(60)] = 0.2
    """Pixel scale at the tangent point."""
    patch_px: Annotated[int, Ge(100), Le(20000)] = 4000
    """Inner side of a patch."""
    border_px: Annotated[int, Ge(0), Le(1000)] = 100
    """Overlap of a patch with its neighbours."""


@dataclass(frozen=True, config=OPTIONS)
class CampaignOptions:
    """One release of one survey."""

    campaign: str
    """Name of the campaign."""
    instrument: str
    """Name of the instrument: a file in config/instruments."""
    root: str = "run"
    """Folder of every product."""
    data: str = ""
    """Folder of the raw exposures, searched with its subfolders; empty for a simulated survey."""
    refcat: str = ""
    """Folder of the reference catalogue's shards; empty where there is none or it is simulated."""
    withdrawn: tuple[int, ...] = ()
    """Visits known to be bad: as if they had never been taken."""
    skymap: SkymapOptions = field(default_factory=SkymapOptions)
    """How the sky is cut."""
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Options by step; those not named keep their defaults."""
