import numpy as np
import pytest

from gnomon.algorithms.geometry.overlap import bounding_circles, patch_overlaps
from gnomon.containers.skymap import PatchGrid, discrete_skymap, healpix_skymap, rings_skymap
from gnomon.containers.sphere import directions
from gnomon.containers.wcs import plane_to_sky

ARCSEC = np.pi / 180 / 3600
GRID = PatchGrid(20 * ARCSEC, cell_inner=50, cell_border=10, cells_inner=2)
SKYMAPS = {
    "rings": rings_skymap(20, 60 * ARCSEC, GRID),
    "healpix": healpix_skymap(8, 60 * ARCSEC, GRID),
    "discrete": discrete_skymap([(0.0, 1.5, 0.1, 0.1), (0.05, 1.5, 0.1, 0.1)], GRID),
}


def _detectors(n, size=0.01, seed=5):
    """Random rectangles of about ``size`` radians, many at the poles and at right ascension 0."""
    rng = np.random.default_rng(seed)
    ra0 = np.where(rng.random(n) < 0.3, rng.normal(0, size / 3, n), rng.uniform(0, 2 * np.pi, n))
    pole = np.where(rng.random(n) < 0.5, 1, -1) * (np.pi / 2 - np.abs(rng.normal(0, size, n)))
    dec0 = np.where(rng.random(n) < 0.3, pole, np.arcsin(rng.uniform(-1, 1, n)))
    angle, width, height = rng.uniform(0, 2 * np.pi, n), *rng.uniform(0.2, 1, (2, n)) * size
    x, y = np.outer(width, [-0.5, 0.5, 0.5, -0.5]), np.outer(height, [-0.5, -0.5, 0.5, 0.5])
    turn = np.cos(angle)[:, None], np.sin(angle)[:, None]
    ra, dec = zip(
        *(
            plane_to_sky(xi, eta, centre)
            for xi, eta, centre in zip(
                x * turn[0] - y * turn[1], x * turn[1] + y * turn[0], zip(ra0, dec0, strict=True), strict=True
            )
        ),
        strict=True,
    )
    return np.array(ra), np.array(dec)


def _brute(skymap, ra, dec):
    """Slow twin: clip the detector by every patch's square (Sutherland and Hodgman 1974)."""
    pairs = set()
    for row, (r, d) in enumerate(zip(ra, dec, strict=True)):
        for tract in range(len(skymap)):
            x, y = skymap.tract_pixel(np.full(4, tract), r, d)
            if not np.isfinite(x).all():
                continue
            for patch in range(skymap.n_patches(tract)):
                bx, by = skymap.patch_bbox(tract, patch).corners()
                if _clipped(list(zip(x, y, strict=True)), bx[0], bx[1], by[0], by[2]):
                    pairs.add((row, tract, patch))
    return pairs


def _clipped(polygon, left, right, bottom, top):
    for axis, limit, sign in ((0, left, 1), (0, right, -1), (1, bottom, 1), (1, top, -1)):
        kept = []
        for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True):
            da, db = sign * (a[axis] - limit), sign * (b[axis] - limit)
            if da >= 0:
                kept.append(a)
            if da * db < 0:
                t = da / (da - db)
                kept.append(tuple(p + t * (q - p) for p, q in zip(a, b, strict=True)))
        polygon = kept
        if not polygon:
            return False
    return True


def _pairs(overlaps):
    columns = overlaps.detector.tolist(), overlaps.tract.tolist(), overlaps.patch.tolist()
    return list(zip(*columns, strict=True))


def test_overlaps_are_those_of_polygon_clipping():
    skymap = rings_skymap(
        5, 60 * ARCSEC, PatchGrid(200 * ARCSEC, cell_inner=50, cell_border=10, cells_inner=2)
    )
    ra, dec = _detectors(25, size=0.1)
    assert set(_pairs(patch_overlaps(skymap, ra, dec, margin_arcsec=0.0))) == _brute(skymap, ra, dec)


@pytest.mark.parametrize("name", SKYMAPS)
def test_any_patch_that_holds_a_point_of_a_detector_is_listed(name):
    skymap = SKYMAPS[name]
    ra, dec = _detectors(3000)
    listed = set(_pairs(patch_overlaps(skymap, ra, dec, margin_arcsec=0.0)))
    weights = np.random.default_rng(6).dirichlet(np.ones(4), size=(40, len(ra)))
    points = np.einsum("pnk,nki->pni", weights, directions(ra, dec))  # inside the convex hull
    sky = np.arctan2(points[..., 1], points[..., 0]), np.arctan2(points[..., 2], np.hypot(*points.T[:2]).T)
    tract, patch = skymap.patch_of(*sky)
    wanted = {
        (row, t, p)
        for row, t, p in zip(np.tile(np.arange(len(ra)), 40), tract.ravel(), patch.ravel(), strict=True)
        if t >= 0
    }
    assert len(wanted) > (50 if name == "discrete" else 3000)
    assert wanted <= listed


def test_the_margin_only_adds_pairs_near_by():
    ra, dec = _detectors(500)
    bare, wide = (set(_pairs(patch_overlaps(SKYMAPS["rings"], ra, dec, m))) for m in (0.0, 5.0))
    assert bare <= wide
    # a border of 5" on patches and detectors of about 2000" and 1000" touches about 1 % more of them
    assert len(wide) < 1.05 * len(bare)


def test_direction_and_start_of_the_corners_do_not_matter():
    ra, dec = _detectors(300)
    one = _pairs(patch_overlaps(SKYMAPS["healpix"], ra, dec))
    assert one == _pairs(patch_overlaps(SKYMAPS["healpix"], ra[:, ::-1], dec[:, ::-1]))
    assert one == _pairs(
        patch_overlaps(SKYMAPS["healpix"], np.roll(ra, 1, 1) + 2 * np.pi, np.roll(dec, 1, 1))
    )


def test_pairs_are_sorted_and_single_across_chunks(monkeypatch):
    ra, dec = _detectors(700)
    whole = _pairs(patch_overlaps(SKYMAPS["rings"], ra, dec))
    assert whole == sorted(set(whole))
    monkeypatch.setattr("gnomon.algorithms.geometry.overlap._CHUNK", 64)
    assert _pairs(patch_overlaps(SKYMAPS["rings"], ra, dec)) == whole


def test_a_detector_wider_than_many_tracts_finds_them_all():
    ra, dec = plane_to_sky(*np.array([[-0.2, 0.2, 0.2, -0.2], [-0.2, -0.2, 0.2, 0.2]]), (0.0, np.pi / 2))
    overlaps = patch_overlaps(SKYMAPS["rings"], ra[None], dec[None])
    cap = np.flatnonzero(SKYMAPS["rings"].dec > np.pi / 2 - 0.18)
    assert set(cap) <= set(overlaps.tract.tolist())


def test_unknown_corners_overlap_nothing_and_empty_input_is_fine():
    ra, dec = _detectors(3)
    ra[1, 2] = np.nan
    assert set(patch_overlaps(SKYMAPS["rings"], ra, dec).detector.tolist()) == {0, 2}
    assert len(patch_overlaps(SKYMAPS["rings"], np.empty((0, 4)), np.empty((0, 4)))) == 0
    assert len(patch_overlaps(SKYMAPS["rings"], ra[1:2], dec[1:2])) == 0


def test_far_from_every_tract_there_is_no_overlap():
    assert len(patch_overlaps(SKYMAPS["discrete"], *(c[:, :] for c in _south()))) == 0


def _south():
    ra, dec = plane_to_sky(*np.array([[-0.01, 0.01, 0.01, -0.01], [-0.01, -0.01, 0.01, 0.01]]), (1.0, -1.0))
    return ra[None], dec[None]


def test_wrong_shapes_and_impossible_detectors_are_refused():
    with pytest.raises(ValueError, match="corners are two"):
        patch_overlaps(SKYMAPS["rings"], np.zeros((2, 3)), np.zeros((2, 3)))
    ra, dec = _south()
    with pytest.raises(ValueError, match="do not go around"):
        patch_overlaps(SKYMAPS["rings"], ra[:, [0, 2, 1, 3]], dec[:, [0, 2, 1, 3]])
    with pytest.raises(ValueError, match="degrees from its centre"):
        patch_overlaps(SKYMAPS["rings"], [[0.0, 1.0, 1.0, 0.0]], [[0.0, 0.0, 1.0, 1.0]])


def test_bounding_circle_holds_the_corners():
    corners = directions(*_detectors(100))
    centre, radius = bounding_circles(corners)
    angle = np.arccos(np.clip(np.einsum("nki,ni->nk", corners, centre), -1, 1))
    assert (angle <= radius[:, None] + 1e-7).all()  # arccos loses half the digits
