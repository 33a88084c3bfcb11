"""The numbers that a skymap follows from."""

from dataclasses import dataclass

import numpy as np

from gnomon.containers.skymap import PatchGrid, SkyMap, discrete_skymap, healpix_skymap, rings_skymap

_ARCSEC = np.pi / 180 / 3600


@dataclass(frozen=True, slots=True)
class Tiling:
    """How the sky is cut into tracts, patches and cells; the meaning of each number is that of the config."""

    kind: str
    """``rings``, ``healpix`` or ``discrete``."""
    rings: int
    """Rings of declination (kind rings)."""
    nside: int
    """Resolution (kind healpix)."""
    overlap_arcsec: float
    """Least reach of a tract beyond its own region (kinds rings and healpix)."""
    tracts_deg: tuple[tuple[float, float, float, float], ...]
    """Right ascension, declination, width and height of each tract (kind discrete)."""
    pixel_arcsec: float
    """Pixel scale at the tangent point."""
    cell_px: int
    """Inner side of a cell."""
    cell_border_px: int
    """Border of a cell."""
    patch_cells: int
    """Cells along the inner side of a patch."""
    border_cells: int
    """Cells that a patch takes from its neighbours on every side."""

    def skymap(self) -> SkyMap:
        """The tracts, patches and cells.

        Raises
        ------
        ValueError
            A number that cannot be.
        """
        grid = PatchGrid(
            self.pixel_arcsec * _ARCSEC,
            self.cell_px,
            self.cell_border_px,
            self.patch_cells,
            self.border_cells,
        )
        match self.kind:
            case "rings":
                return rings_skymap(self.rings, self.overlap_arcsec * _ARCSEC, grid)
            case "healpix":
                return healpix_skymap(self.nside, self.overlap_arcsec * _ARCSEC, grid)
            case "discrete":
                ra, dec, width, height = np.radians(np.reshape(self.tracts_deg, (-1, 4))).T.tolist()
                return discrete_skymap(list(zip(ra, dec, width, height, strict=True)), grid)
        raise ValueError(f"a skymap is rings, healpix or discrete, not {self.kind!r}")
