import numpy as np
import pytest

from gnomon.containers.skymap import PatchGrid, discrete_skymap, healpix_skymap, rings_skymap

ARCSEC = np.pi / 180 / 3600
GRID = PatchGrid(pixel_scale=4 * ARCSEC, cell_inner=50, cell_border=10, cells_inner=5)
OVERLAP = 60 * ARCSEC
ALL_SKY = {
    "rings": rings_skymap(40, OVERLAP, GRID),
    "coarse rings": rings_skymap(
        3, OVERLAP, PatchGrid(60 * ARCSEC, cell_inner=50, cell_border=10, cells_inner=5)
    ),
    "healpix": healpix_skymap(
        8, OVERLAP, PatchGrid(8 * ARCSEC, cell_inner=50, cell_border=10, cells_inner=5)
    ),
}


def _sky(n=50_000, seed=4):
    """Random points, and where a map may go wrong: poles, right ascension 0, edges of rings and pixels."""
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(0, 2 * np.pi, n), np.arcsin(rng.uniform(-1, 1, n))
    tiny = np.array([0, 1e-17, -1e-17, 1e-9, -1e-9, np.pi / 2, np.pi, 2 * np.pi, 4 * np.pi, -3.0])
    edge = np.concatenate([np.linspace(-np.pi / 2, np.pi / 2, 83), [np.pi / 2 - 1e-9, 1e-9 - np.pi / 2]])
    ra_edge, dec_edge = (g.ravel() for g in np.meshgrid(tiny, edge))
    return np.concatenate([ra, ra_edge]), np.concatenate([dec, dec_edge])


@pytest.mark.parametrize("name", ALL_SKY)
def test_every_point_is_inside_its_primary_tract_and_patch(name):
    skymap, (ra, dec) = ALL_SKY[name], _sky()
    tract, patch = skymap.patch_of(ra, dec)
    assert (tract >= 0).all()
    assert (tract < len(skymap)).all()
    x, y = skymap.tract_pixel(tract, ra, dec)
    side = skymap.grid.patch_inner
    iy, ix = np.divmod(patch, skymap.nx[tract])
    # 1e-6 pixel: rounding of the projection at a patch edge
    for position, index, count in ((x, ix, skymap.nx), (y, iy, skymap.ny)):
        assert ((index >= 0) & (index < count[tract])).all()
        assert (position >= index * side - 0.5 - 1e-6).all()
        assert (position <= (index + 1) * side - 0.5 + 1e-6).all()


@pytest.mark.parametrize("name", ALL_SKY)
def test_every_point_is_primary_exactly_once(name):
    skymap, (ra, dec) = ALL_SKY[name], _sky(200)
    tract, patch = skymap.patch_of(ra, dec)
    count = np.zeros(len(ra), int)
    for t, p in sorted(set(zip(tract.tolist(), patch.tolist(), strict=True))):
        count += skymap.is_primary(t, p, ra, dec)
    assert (count == 1).all()


@pytest.mark.parametrize("name", ALL_SKY)
def test_the_primary_tract_reaches_the_overlap_beyond_its_region(name):
    """Points moved by less than the overlap stay on the tract's grid of patches."""
    skymap, (ra, dec) = ALL_SKY[name], _sky(20_000)
    tract = skymap.tract_of(ra, dec)
    x, y = skymap.tract_pixel(tract, ra, dec)
    reach = OVERLAP / skymap.grid.pixel_scale
    side = skymap.grid.patch_inner
    for position, count in ((x, skymap.nx), (y, skymap.ny)):
        assert (position > reach - 0.5 - 1e-6).all()
        assert (position < count[tract] * side - 0.5 - reach + 1e-6).all()


@pytest.mark.parametrize("name", ALL_SKY)
def test_every_tract_owns_its_tangent_point(name):
    skymap = ALL_SKY[name]
    assert np.array_equal(skymap.tract_of(skymap.ra, skymap.dec), np.arange(len(skymap)))


def test_rings_are_numbered_as_in_the_lsst_rings_skymap():
    """18,938 tracts (DMTN-313); tract 9813 is COSMOS in HSC, 3828 a field of DC2 (centre to 0.01 degree)."""
    skymap = rings_skymap(120, 60 * ARCSEC, PatchGrid(0.2 * ARCSEC))
    assert len(skymap) == 18_938
    assert skymap.tract_of(np.radians(150.12), np.radians(2.21)) == 9813
    np.testing.assert_allclose(np.degrees([skymap.ra[3828], skymap.dec[3828]]), [56.65, -36.45], atol=0.01)


def test_sectors_of_equal_area_share_the_points_of_a_ring_evenly():
    skymap = ALL_SKY["rings"]
    ra, dec = _sky(400_000)
    tract = skymap.tract_of(ra[:400_000], dec[:400_000])
    ring = np.flatnonzero(np.isclose(skymap.dec, skymap.dec[len(skymap) // 2]))
    counts = np.bincount(tract, minlength=len(skymap))[ring]
    # Poisson: 5 sigma of counts near 190, over some 80 sectors
    assert np.abs(counts - counts.mean()).max() < 5 * np.sqrt(counts.mean())


def test_patch_wcs_agrees_with_the_tract_and_its_box():
    skymap = ALL_SKY["rings"]
    for tract in (0, 1, 500, len(skymap) - 1):
        patch = skymap.n_patches(tract) - 1
        box = skymap.patch_bbox(tract, patch)
        ra, dec = skymap.patch_wcs(tract, patch).pixel_to_sky([3.0, 100.0], [7.0, 50.0])
        x, y = skymap.tract_wcs(tract).sky_to_pixel(ra, dec)
        np.testing.assert_allclose([x - box.x0, y - box.y0], [[3, 100], [7, 50]], atol=1e-6)
        np.testing.assert_allclose(
            skymap.tract_pixel(np.full(2, tract), ra, dec), [x, y], atol=1e-6
        )  # rounding of 1e-16 rad is 1e-11 pixels; the pole's ra costs the rest


def test_inner_boxes_tile_a_tract_and_outer_boxes_share_the_border():
    skymap, tract = ALL_SKY["healpix"], 17
    hits = np.zeros(skymap.tract_bbox(tract).shape, int)
    for patch in range(skymap.n_patches(tract)):
        inner, outer = skymap.patch_bbox(tract, patch, inner=True), skymap.patch_bbox(tract, patch)
        hits[inner.slices()] += 1
        assert outer == inner.grown(skymap.grid.patch_border)
    assert (hits == 1).all()


def test_inner_cells_tile_a_patch_within_the_outermost_border():
    cells = GRID.cells()
    hits = np.zeros((GRID.patch_outer, GRID.patch_outer), int)
    for cell in cells:
        hits[cell.inner.slices()] += 1
        assert min(cell.outer.x0, cell.outer.y0) >= 0
        assert max(cell.outer.x1, cell.outer.y1) <= GRID.patch_outer
    b = GRID.cell_border
    assert (hits[b:-b, b:-b] == 1).all()
    assert hits.sum() == (GRID.patch_outer - 2 * b) ** 2
    assert [c.index for c in cells] == list(range(49))


def test_primary_cells_are_the_inner_box_of_the_patch():
    own = np.zeros((GRID.patch_outer, GRID.patch_outer), bool)
    for cell in GRID.cells():
        own[cell.inner.slices()] |= cell.primary
    border = GRID.patch_border
    assert own.sum() == GRID.patch_inner**2
    assert own[border:-border, border:-border].all()


def test_patch_corners_go_around_the_patch():
    skymap = ALL_SKY["rings"]
    ra, dec = skymap.patch_corners(100, 3, inner=True)
    x, y = skymap.tract_wcs(100).sky_to_pixel(ra, dec)
    np.testing.assert_allclose([x, y], skymap.patch_bbox(100, 3, inner=True).corners(), atol=1e-6)
    assert len(skymap.tract_corners(0)[0]) == 4


class TestDiscrete:
    def skymap(self):
        side = GRID.patch_inner * GRID.pixel_scale
        return discrete_skymap([(0.0, 0.1, 3 * side, 1.5 * side), (0.9 * side, 0.1, side, side)], GRID)

    def test_sizes_are_whole_patches(self):
        assert self.skymap().nx.tolist() == [3, 1]
        assert self.skymap().ny.tolist() == [2, 1]

    def test_points_outside_belong_to_no_patch(self):
        tract, patch = self.skymap().patch_of([0.0, 1.0, np.nan], [0.1, 0.1, 0.1])
        assert tract.tolist() == [0, -1, -1]
        assert patch[1:].tolist() == [-1, -1]

    def test_a_point_in_two_tracts_belongs_to_the_nearer(self):
        skymap = self.skymap()
        middle = skymap.ra[1] / 2
        assert skymap.tract_of([middle - 1e-6, middle + 1e-6], [0.1, 0.1]).tolist() == [0, 1]

    def test_right_ascension_zero_is_inside(self):
        tract, _ = self.skymap().patch_of([1e-9, -1e-9, 2 * np.pi - 1e-9], [0.1, 0.1, 0.1])
        assert tract.tolist() == [0, 0, 0]

    @pytest.mark.parametrize("tracts", [[], [(0.0, 0.0, 0.0, 0.1)]])
    def test_no_tract_or_an_empty_one_is_refused(self, tracts):
        with pytest.raises(ValueError, match="tract"):
            discrete_skymap(tracts, GRID)


@pytest.mark.parametrize("name", ALL_SKY)
def test_unknown_positions_have_no_tract(name):
    tract, patch = ALL_SKY[name].patch_of([np.nan, 0.0, np.inf], [0.0, np.nan, 0.0])
    assert tract.tolist() == patch.tolist() == [-1, -1, -1]


def test_empty_input_gives_empty_output():
    tract, patch = ALL_SKY["rings"].patch_of([], [])
    assert len(tract) == len(patch) == 0


def test_wrong_ids_and_sizes_are_refused():
    skymap = ALL_SKY["rings"]
    with pytest.raises(ValueError, match="not 99999"):
        skymap.tract_wcs(99999)
    with pytest.raises(ValueError, match="has patches 0 to"):
        skymap.patch_bbox(0, skymap.n_patches(0))
    with pytest.raises(ValueError, match="at most 1000"):
        rings_skymap(40, OVERLAP, PatchGrid(0.2 * ARCSEC, cells_inner=10))
    with pytest.raises(ValueError, match="at least one ring"):
        rings_skymap(0, OVERLAP, GRID)
    with pytest.raises(ValueError, match="not negative"):
        PatchGrid(1e-6, cell_border=-1)
    with pytest.raises(ValueError, match="45 degrees"):
        healpix_skymap(1, OVERLAP, PatchGrid(300 * ARCSEC))
