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
    """All-sky rings of tracts, HEALPix tracts, or a list of tracts."""
    rings: Annotated[int, Ge(3), Le(720)] = 120
    """Number of declination rings (kind rings); 120 are those of the LSST rings skymap."""
    nside: Annotated[int, Ge(2), Le(64)] = 32
    """HEALPix resolution (kind healpix)."""
    overlap_arcsec: Annotated[float, Ge(0), Le(3600)] = 60.0
    """Least reach of a tract beyond its own region (kinds rings and healpix)."""
    tracts_deg: tuple[tuple[float, float, float, float], ...] = ()
    """Right ascension, declination, width and height of each tract (kind discrete). With none, one tract is
    laid about the exposures, and moves when there are others: name the tracts of a survey that grows."""
    pixel_arcsec: Annotated[float, Gt(0), Le(60)] = 0.2
    """Pixel scale at the tangent point."""
    cell_px: Annotated[int, Ge(50), Le(1000)] = 150
    """Inner side of a cell."""
    cell_border_px: Annotated[int, Ge(0), Le(500)] = 50
    """Border of a cell: what its detection and deblending may need beyond it."""
    patch_cells: Annotated[int, Ge(1), Le(100)] = 20
    """Cells along the inner side of a patch."""
    border_cells: Annotated[int, Ge(0), Le(10)] = 1
    """Cells that a patch takes from its neighbours on every side."""


@dataclass(frozen=True, config=OPTIONS)
class CampaignOptions:
    """One release of one survey."""

    campaign: str
    """Name of the campaign."""
    instrument: str
    """Name of the instrument: a file in config/instruments."""
    root: str = "run"
    """Folder of every product."""
    store: str = ""
    """Folder in which releases share the products that are the same in both; empty: nothing is shared."""
    data: str = ""
    """Folder of the raw exposures, searched with its subfolders; empty for a simulated survey."""
    refcat: str = ""
    """Folder of the reference catalogue's shards; empty where there is none or it is simulated."""
    orbits: str = ""
    """File of known orbits in MPCORB format; empty where there is none or they are simulated."""
    costs: str = ""
    """File of the steps' costs fitted to an earlier run (scripts/fit_costs.py); empty: those declared."""
    slice: str = ""
    """Only this slice of the plan; empty for the whole campaign."""
    slice_jobs: Annotated[int, Ge(1), Le(100_000)] = 5000
    """Most jobs of a slice: Snakemake plans 5,000 in some 5 s and 150 MB."""
    slice_inputs: Annotated[int, Ge(1), Le(10_000_000)] = 50_000
    """Most files that the jobs of a slice read, all together; each costs Snakemake as much as a tenth of a job."""
    withdrawn: tuple[int, ...] = ()
    """Visits known to be bad: as if they had never been taken."""
    template_gap_days: Annotated[float, Gt(0), Le(3650)] = 60.0
    """A longer time without a visit to a tract in a band ends a season; a visit is differenced with a template of
    the other seasons. Smaller: more seasons, templates that are nearer in time."""
    skymap: SkymapOptions = field(default_factory=SkymapOptions)
    """How the sky is cut."""
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Options by step; those not named keep their defaults."""
