"""Stars seen in several visits."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.association.tables import ARCSEC, MatchLimits, StarTables, star_tables
from gnomon.algorithms.joint.gather import row_of, star_colours
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.skymap import SkyMap
from gnomon.errors import UnprocessableData
from gnomon.flags import SOURCE
from gnomon.pipeline.joint import IsolatedStarsConfig

_SPOILT = ("centroid", "psfFlux", "edge", "saturated", "crCenter", "badCenter", "streak", "negative", "sky")
_BAD = sum(SOURCE[n] for n in _SPOILT)
"""Flags of detections whose position is not to be trusted."""


def isolated_stars(
    skymap: SkyMap, sources: Sequence[Catalog], *, data_id: DataId, config: IsolatedStarsConfig
) -> StarTables:
    """Match the star-like sources of all visits of a tract; keep those with no neighbour."""
    parts = [s.take(_star_like(s, config.min_snr)) for s in sources if len(s)]
    if not parts:
        raise UnprocessableData("no visit of this tract has sources")
    limits = MatchLimits(
        config.radius_arcsec * ARCSEC, config.n_sigma, config.sigma_floor_mas * 1e-3 * ARCSEC
    )
    found = star_tables(concatenate(parts), limits, config.isolation_arcsec * ARCSEC, config.min_detections)
    mine = _of_tract(found, skymap, data_id.tract)
    return StarTables(_with_colour(mine, config.colour), mine.source)


def _star_like(source: Catalog, min_snr: float) -> npt.NDArray[np.bool_]:
    with np.errstate(invalid="ignore", divide="ignore"):
        bright = source["psfFlux"] / source["psfFluxErr"] >= min_snr
        point = source["extendedness"] < 0.5
    return np.asarray(bright & point & ((source["flags"] & np.uint32(_BAD)) == 0), np.bool_)


def _of_tract(found: StarTables, skymap: SkyMap, tract: int) -> StarTables:
    """Stars whose mean position belongs to the tract: every star is in one table only."""
    ra, dec = (np.radians(found.star[c]) for c in ("coord_ra", "coord_dec"))
    star = found.star.take(skymap.tract_of(ra, dec) == tract)
    mine = np.isin(found.source["isolatedStarId"], star["isolatedStarId"])
    return StarTables(star, found.source.take(mine))


def _with_colour(found: StarTables, bands: tuple[str, str]) -> Catalog:
    """The stars with their colour by their own detections."""
    row, _ = row_of(found.star["isolatedStarId"], found.source["isolatedStarId"])
    colour = star_colours(row, len(found.star), found.source, bands)
    star = found.star.with_columns(colour=colour.astype(np.float32))
    return Catalog(star.columns, {**star.meta, "blue": bands[0], "red": bands[1]})
