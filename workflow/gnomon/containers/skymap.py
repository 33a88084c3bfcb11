"""Tracts, patches and cells: the pixel grids that the sky is drawn on.

A *tract* is one gnomonic projection, north up and east to the left. *Patches* tile it: their inner boxes
touch without overlap and are numbered row by row from the lowest corner; their outer boxes share a border
with the neighbours. *Cells* tile a patch in the same way. Every point of the sky has one primary tract (by
the partition of the sky) and in it one primary patch (by its inner box): an object is primary exactly once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.containers.box import Box
from gnomon.containers.partition import Discrete, Healpix, Partition, Rings
from gnomon.containers.sphere import directions, project, tangent_basis
from gnomon.containers.wcs import Wcs, tangent_wcs

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]

MAX_PATCHES = 1000
"""Patches of a tract at most: the patch token of a path has three digits."""
MAX_RADIUS = np.pi / 4
"""Largest reach of a tract from its tangent point, radians: pixels there are already stretched twice."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a patch, in pixels of the patch's outer box."""

    index: int
    """Row by row from the lowest corner of the patch's outer box."""
    inner: Box
    """Its own pixels: the inner boxes of a patch's cells touch without overlap."""
    outer: Box
    """With its border; always inside the patch."""
    primary: bool
    """Whether it lies in the inner box of its patch, so that its objects are this patch's own."""

    def kept(self, shape: tuple[int, int]) -> Box:
        """Pixels that a patch of (ny, nx) takes from it: its own, and the patch's border beside it."""
        o, i = self.outer, self.inner
        x0, y0 = o.x0 if o.x0 == 0 else i.x0, o.y0 if o.y0 == 0 else i.y0
        x1, y1 = o.x1 if o.x1 == shape[1] else i.x1, o.y1 if o.y1 == shape[0] else i.y1
        return Box(x0, y0, x1 - x0, y1 - y0)


@dataclass(frozen=True, slots=True)
class PatchGrid:
    """Sizes in pixels that all patches of a skymap share."""

    pixel_scale: float
    """Radians per pixel at the tangent point."""
    cell_inner: int = 150
    """Side of a cell's inner box, pixels."""
    cell_border: int = 50
    """Pixels that a cell takes from its neighbours on every side."""
    cells_inner: int = 20
    """Cells along the side of a patch's inner box."""
    cells_border: int = 1
    """Cells of the neighbours that a patch makes as well, on every side."""

    def __post_init__(self) -> None:
        if self.pixel_scale <= 0 or self.cell_inner < 1 or self.cells_inner < 1:
            raise ValueError(f"pixel scale, cell size and number of cells are positive: {self}")
        if self.cell_border < 0 or self.cells_border < 0:
            raise ValueError(f"borders are not negative: {self}")

    @property
    def patch_inner(self) -> int:
        """Side of a patch's inner box, pixels."""
        return self.cell_inner * self.cells_inner

    @property
    def patch_border(self) -> int:
        """Pixels on every side of a patch beyond its inner box: whole cells and the last cell's border."""
        return self.cell_inner * self.cells_border + self.cell_border

    @property
    def patch_outer(self) -> int:
        """Side of a patch's outer box, that is of its images, pixels."""
        return self.patch_inner + 2 * self.patch_border

    def cells(self) -> list[Cell]:
        """The cells of any patch in order of their index."""
        side = self.cells_inner + 2 * self.cells_border
        return [self._cell(row * side + column, row, column) for row in range(side) for column in range(side)]

    def _cell(self, index: int, row: int, column: int) -> Cell:
        inner = Box(
            self.cell_border + column * self.cell_inner,
            self.cell_border + row * self.cell_inner,
            self.cell_inner,
            self.cell_inner,
        )
        own = range(self.cells_border, self.cells_border + self.cells_inner)
        return Cell(index, inner, inner.grown(self.cell_border), row in own and column in own)


@dataclass(frozen=True, slots=True)
class SkyMap:
    """All tracts of a survey; make one with `rings_skymap`, `healpix_skymap` or `discrete_skymap`."""

    partition: Partition
    """Whose tract a point is."""
    grid: PatchGrid
    """Sizes of patches and cells."""
    ra: F8
    """(ntract,) right ascension of the tangent points, radians."""
    dec: F8
    """(ntract,) declination of the tangent points, radians."""
    nx: I8
    """(ntract,) patches along x (west, since east is left)."""
    ny: I8
    """(ntract,) patches along y (north)."""
    basis: F8
    """(ntract, 3, 3) unit vectors east, north, outward at the tangent points."""

    def __len__(self) -> int:
        return len(self.ra)

    def n_patches(self, tract: int) -> int:
        """Patches of a tract."""
        self._check(tract)
        return int(self.nx[tract] * self.ny[tract])

    def tract_of(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> I8:
        """The primary tract, int64, of positions in radians of any shape; -1 where there is none."""
        return self.partition.tract_of(ra, dec)

    def patch_of(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> tuple[I8, I8]:
        """The primary ``(tract, patch)``, int64, of positions in radians of any shape; -1 where none is."""
        ra, dec = np.broadcast_arrays(np.asarray(ra, np.float64), np.asarray(dec, np.float64))
        tract = self.partition.tract_of(ra, dec)
        x, y = self.tract_pixel(tract, ra, dec)
        ix, iy = (self._column(v, n[tract]) for v, n in ((x, self.nx), (y, self.ny)))
        return tract, np.where(tract >= 0, iy * self.nx[tract] + ix, -1)

    def is_primary(
        self, tract: int, patch: int, ra: npt.ArrayLike, dec: npt.ArrayLike
    ) -> npt.NDArray[np.bool_]:
        """Whether this patch is the primary one of positions in radians: ``detect_isPrimary``."""
        its_tract, its_patch = self.patch_of(ra, dec)
        primary: Truth = (its_tract == tract) & (its_patch == patch)
        return primary

    def tract_pixel(self, tract: I8, ra: npt.ArrayLike, dec: npt.ArrayLike) -> tuple[F8, F8]:
        """Pixel ``(x, y)`` of positions, each on the grid of its own tract; NaN 90 degrees or more away."""
        known = np.isfinite(ra) & np.isfinite(dec)
        sky = directions(np.where(known, ra, np.nan), np.where(known, dec, np.nan))
        xi, eta = project(sky, self.basis[tract])
        cx, cy = self._middle(tract)
        return cx - xi / self.grid.pixel_scale, cy + eta / self.grid.pixel_scale

    def tract_wcs(self, tract: int) -> Wcs:
        """Projection of a tract; pixel (0, 0) is the lowest pixel of patch 0's inner box."""
        self._check(tract)
        cx, cy = self._middle(np.int64(tract))
        scale = self.grid.pixel_scale
        return tangent_wcs(
            (float(self.ra[tract]), float(self.dec[tract])), (float(cx), float(cy)), [[-scale, 0], [0, scale]]
        )

    def patch_wcs(self, tract: int, patch: int) -> Wcs:
        """Projection of a patch; pixel (0, 0) is the lowest pixel of its outer box."""
        whole, box = self.tract_wcs(tract), self.patch_bbox(tract, patch)
        return tangent_wcs(whole.crval, (whole.crpix[0] - box.x0, whole.crpix[1] - box.y0), whole.cd)

    def tract_bbox(self, tract: int) -> Box:
        """The inner boxes of all patches together, in tract pixels."""
        self._check(tract)
        inner = self.grid.patch_inner
        return Box(0, 0, int(self.nx[tract]) * inner, int(self.ny[tract]) * inner)

    def patch_bbox(self, tract: int, patch: int, inner: bool = False) -> Box:
        """Outer (or inner) box of a patch in tract pixels.

        Raises
        ------
        ValueError
            No such tract or patch.
        """
        if not 0 <= patch < self.n_patches(tract):
            raise ValueError(f"tract {tract} has patches 0 to {self.n_patches(tract) - 1}, not {patch}")
        iy, ix = divmod(patch, int(self.nx[tract]))
        side = self.grid.patch_inner
        box = Box(ix * side, iy * side, side, side)
        return box if inner else box.grown(self.grid.patch_border)

    def tract_corners(self, tract: int) -> tuple[F8, F8]:
        """``(ra, dec)``, (4,) radians, of the corners of all outer boxes; edges are great circles."""
        x, y = self.tract_bbox(tract).grown(self.grid.patch_border).corners()
        return self.tract_wcs(tract).pixel_to_sky(x, y)

    def patch_corners(self, tract: int, patch: int, inner: bool = False) -> tuple[F8, F8]:
        """``(ra, dec)``, (4,) radians, of the corners of a patch; edges are great circles."""
        x, y = self.patch_bbox(tract, patch, inner).corners()
        return self.tract_wcs(tract).pixel_to_sky(x, y)

    def tract_radii(self) -> F8:
        """(ntract,) largest distance of a patch's outer corner from the tangent point, radians."""
        half = np.hypot(self.nx, self.ny) * (self.grid.patch_inner / 2) + np.sqrt(2) * self.grid.patch_border
        radii: F8 = np.arctan(half * self.grid.pixel_scale)
        return radii

    def _middle(self, tract: I8 | np.int64) -> tuple[F8, F8]:
        """Pixel of the tangent point: the centre of the tract."""
        inner = self.grid.patch_inner
        return (self.nx[tract] * inner - 1) / 2, (self.ny[tract] * inner - 1) / 2

    def _column(self, x: F8, n: I8) -> I8:
        """Index along one axis of the inner box that holds a pixel position."""
        with np.errstate(invalid="ignore"):
            index = np.floor((x + 0.5) / self.grid.patch_inner)
        column: I8 = np.clip(np.nan_to_num(index, nan=0.0), 0, n - 1).astype(np.int64)
        return column

    def _check(self, tract: int) -> None:
        if not 0 <= tract < len(self):
            raise ValueError(f"the skymap has tracts 0 to {len(self) - 1}, not {tract}")


def rings_skymap(n_rings: int, overlap: float, grid: PatchGrid) -> SkyMap:
    """Whole sky in rings of declination (see `Rings`).

    Tracts reach at least ``overlap`` radians beyond their own region. 120 rings give the 18,938 tracts of the
    LSST rings skymap.
    """
    return _cover(Rings(n_rings), overlap, grid)


def healpix_skymap(nside: int, overlap: float, grid: PatchGrid) -> SkyMap:
    """Whole sky in nested HEALPix pixels; tracts reach at least ``overlap`` radians beyond their pixel."""
    return _cover(Healpix(nside), overlap, grid)


def discrete_skymap(tracts: Sequence[tuple[float, float, float, float]], grid: PatchGrid) -> SkyMap:
    """Tracts ``(ra, dec, width, height)``, all radians, each enlarged to a whole number of patches."""
    side = grid.patch_inner * grid.pixel_scale
    sizes = [[float(np.ceil(s / side - 1e-9)) * side / 2 for s in tract[2:]] for tract in tracts]
    ra, dec = tuple(t[0] for t in tracts), tuple(t[1] for t in tracts)
    return _cover(Discrete(ra, dec, tuple(s[0] for s in sizes), tuple(s[1] for s in sizes)), 0.0, grid)


def _cover(partition: Partition, overlap: float, grid: PatchGrid) -> SkyMap:
    """Lay patches over every tract of a partition."""
    if not 0 <= overlap < np.pi / 4:
        raise ValueError(f"overlap is an angle from 0 to pi / 4 radians, not {overlap}")
    ra, dec = partition.centres()
    side = grid.patch_inner * grid.pixel_scale
    nx, ny = (_count(2 * (half + overlap) / side) for half in partition.half_extents())
    if (nx * ny).max() > MAX_PATCHES:
        raise ValueError(
            f"a tract has {(nx * ny).max()} patches, at most {MAX_PATCHES}: smaller tracts or larger patches"
        )
    skymap = SkyMap(partition, grid, ra, dec, nx, ny, tangent_basis(ra, dec))
    if skymap.tract_radii().max() > MAX_RADIUS:
        raise ValueError("a tract reaches more than 45 degrees from its tangent point: make smaller tracts")
    return skymap


def _count(ratio: F8) -> I8:
    """Whole patches that cover a length given in patches, at least one."""
    return np.ceil(ratio - 1e-9).astype(np.int64).clip(1)
