"""The convergence of a tract. Experimental."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gnomon.algorithms.shear.massmap import MassMap
from gnomon.algorithms.shear.massmap import mass_map as invert
from gnomon.algorithms.shear.tables import plane_arcsec, source_galaxies
from gnomon.containers.catalog import Catalog, concatenate
from gnomon.containers.dataid import DataId
from gnomon.containers.figure import Figure
from gnomon.containers.skymap import SkyMap
from gnomon.errors import UnprocessableData
from gnomon.pipeline.object import MassMapConfig

MIN_SOURCES = 30
"""Fewer galaxies make no map."""


@dataclass(frozen=True, slots=True)
class MassMapResult:
    """Results of the step."""

    map: dict[str, npt.NDArray[Any]]
    figure: Figure


def mass_map(
    skymap: SkyMap, shears: Sequence[Catalog], *, data_id: DataId, config: MassMapConfig
) -> MassMapResult:
    """Shear of the background galaxies on the plane of the tract, inverted to convergence."""
    tables = [t for t in shears if len(t)]
    whole = concatenate(tables) if tables else Catalog({})
    chosen = whole.take(source_galaxies(whole)) if tables else whole
    if len(chosen) < MIN_SOURCES:
        raise UnprocessableData(f"{len(chosen)} galaxies with a shape, at least {MIN_SOURCES} wanted")
    ra0, dec0 = (float(np.degrees(v)) for v in skymap.tract_wcs(data_id.tract).crval)
    east, north = plane_arcsec(chosen["coord_ra"], chosen["coord_dec"], ra0, dec0)
    response = float(np.mean(chosen["response1"] + chosen["response2"]) / 2)
    g1, g2 = chosen["e1"] / response, chosen["e2"] / response
    low = min(east.min(), north.min())
    side = int(np.ceil((max(east.max(), north.max()) - low) / config.pixel_arcsec))
    made = invert(
        east - low, north - low, g1, g2, np.ones(len(g1)), (side, side), config.pixel_arcsec,
        config.smoothing_arcsec / config.pixel_arcsec,
    )  # fmt: skip
    arrays = {"kappa_e": made.kappa_e, "kappa_b": made.kappa_b, "n": made.n}
    place = {"ra_deg": ra0, "dec_deg": dec0, "corner_arcsec": low, "pixel_arcsec": config.pixel_arcsec}
    numbers = {name: np.array(v) for name, v in {**place, "response": response}.items()}
    return MassMapResult({**arrays, **numbers}, _picture(made, len(g1), config))


def _picture(made: MassMap, n: int, config: MassMapConfig) -> Figure:
    """E mode left, B mode right, north up and east left, grey from -4 to 4 standard deviations of B."""
    noise = float(made.kappa_b.std()) or 1.0
    both = [np.clip((k[::-1, ::-1] / noise + 4) / 8, 0, 1) for k in (made.kappa_e, made.kappa_b)]
    grey = np.concatenate([both[0], np.zeros((len(both[0]), 1)), both[1]], axis=1)
    grey = np.repeat(np.repeat(grey, config.zoom, axis=0), config.zoom, axis=1)
    rgb = np.repeat((255 * grey).astype(np.uint8)[:, :, None], 3, axis=2)
    said = f"experimental mass map of {n} galaxies: convergence left, B mode right, -4 to 4 sigma of B"
    return Figure(rgb, f"{said}, north up, east left")
