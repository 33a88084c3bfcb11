import numpy as np
import pytest

from gnomon.algorithms.association.cluster import Detections, cluster, mean_positions
from gnomon.algorithms.association.isolated import isolated_stars
from gnomon.containers.sphere import angles, directions

ARCSEC = np.radians(1 / 3600)


def field(ra0, dec0, n_objects=150, n_exposures=12, seed=0, spacing=6.0, sigma=0.05):
    """Objects on a jittered grid about a point, seen with errors; returns detections and true object."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(n_objects)))
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)[:n_objects]
    xy = (grid - side / 2 + rng.uniform(-0.2, 0.2, grid.shape)) * spacing * ARCSEC
    truth = np.tile(np.arange(n_objects), n_exposures)
    exposure = np.repeat(np.arange(n_exposures), n_objects)
    err = sigma * rng.uniform(0.5, 2, len(truth)) * ARCSEC
    seen = xy[truth] + err[:, None] * rng.standard_normal((len(truth), 2))
    east = np.array([-np.sin(ra0), np.cos(ra0), 0])
    north = np.array([-np.sin(dec0) * np.cos(ra0), -np.sin(dec0) * np.sin(ra0), np.cos(dec0)])
    ra, dec = angles(directions(np.array([ra0]), np.array([dec0])) + seen[:, :1] * east + seen[:, 1:] * north)
    keep = rng.random(len(truth)) < 0.8
    d = Detections(np.arange(len(truth))[keep] * 7 + 3, exposure[keep], ra[keep], dec[keep], err[keep])
    return d, truth[keep]


def taken(d, rows):
    return Detections(*(getattr(d, n)[rows] for n in ("identity", "exposure", "ra", "dec", "sigma")))


@pytest.mark.parametrize("where", [(1.0, 0.3), (0.0, 0.0), (2.0, np.pi / 2), (1.0, -np.pi / 2), (0.0, 1.5)])
def test_objects_are_found_at_poles_and_across_ra_zero(where):
    d, truth = field(*where)
    c = cluster(d, 1.0 * ARCSEC, 6.0)
    pairs = np.unique(np.stack([c.label, truth]), axis=1)
    # Six sigma loses 1.5e-8 of two-dimensional offsets: none of 1400.
    assert len(c) == len(np.unique(truth)) == pairs.shape[1]


@pytest.mark.parametrize("spacing", [6.0, 0.6, 0.25])
def test_order_of_rows_does_not_matter_even_when_crowded(spacing):
    d, _ = field(1.0, 0.2, spacing=spacing, sigma=0.1)
    rows = np.random.default_rng(1).permutation(len(d.identity))
    a, b = cluster(d, 0.5 * ARCSEC, 5.0), cluster(taken(d, rows), 0.5 * ARCSEC, 5.0)
    np.testing.assert_array_equal(a.label[rows], b.label)
    np.testing.assert_array_equal(a.identity, b.identity)
    for x, y in zip(mean_positions(d, a), mean_positions(taken(d, rows), b), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("spacing", [6.0, 0.6, 0.25])
def test_one_exposure_gives_at_most_one_detection_to_an_object(spacing):
    d, _ = field(1.0, 0.2, spacing=spacing, sigma=0.1)
    c = cluster(d, 0.5 * ARCSEC, 5.0)
    assert len(np.unique(np.stack([c.label, d.exposure]), axis=1).T) == len(d.identity)


def test_close_pair_is_told_apart():
    d, truth = field(1.0, 0.2, n_objects=200, spacing=0.9, sigma=0.05)
    c = cluster(d, 0.6 * ARCSEC, 6.0)
    correct = np.unique(np.stack([c.label, truth]), axis=1).shape[1]
    assert abs(len(c) - 200) <= 4
    assert correct <= 206  # neighbours are 9 to 12 sigma apart, links chain but agglomeration cuts them


def test_label_is_the_earliest_identity():
    d, _ = field(0.5, -0.2)
    c = cluster(d, 1 * ARCSEC, 6.0)
    first = [d.identity[c.label == k].min() for k in range(len(c))]
    np.testing.assert_array_equal(c.identity, first)
    assert (np.diff(c.identity) > 0).all()


def test_mean_positions_have_honest_errors():
    d, _ = field(0.7, 0.4, n_objects=400, seed=3)
    c = cluster(d, 1 * ARCSEC, 6.0)
    _, dec, err = mean_positions(d, c)
    exact, _ = field(0.7, 0.4, n_objects=400, seed=3, sigma=1e-9)
    ce = cluster(exact, 1 * ARCSEC, 1e12)
    pull = (dec - mean_positions(exact, ce)[1]) / err
    assert pull.std() == pytest.approx(1, abs=0.11)  # 400 objects: error of a deviation 0.035


def test_nothing_and_one_give_nothing_and_one():
    d, _ = field(0.5, 0.5)
    assert len(cluster(taken(d, np.zeros(0, np.int64)), ARCSEC, 5)) == 0
    assert len(cluster(taken(d, np.array([4])), ARCSEC, 5)) == 1


def test_isolated_stars_have_no_neighbour_and_enough_detections():
    d, _ = field(1.0, 0.1, n_objects=100)
    close, _ = field(1.0, 0.1, n_objects=10, seed=0)
    moved = Detections(
        close.identity + 10**6, close.exposure + 100, close.ra, close.dec + 1.5 * ARCSEC, close.sigma
    )
    both = Detections(*(np.concatenate([getattr(d, n), getattr(moved, n)]) for n in Detections.__slots__))
    stars = isolated_stars(both, 0.5 * ARCSEC, 6.0, 2.0 * ARCSEC, 3)
    lonely = isolated_stars(d, 0.5 * ARCSEC, 6.0, 2.0 * ARCSEC, 3)
    assert len(lonely.identity) == 100
    assert len(stars.identity) < 100
    assert (stars.n_detections >= 3).all()
    assert (stars.star[stars.star >= 0] < len(stars.identity)).all()
