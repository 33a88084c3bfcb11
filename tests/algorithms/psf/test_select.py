import numpy as np
import pytest

from gnomon.algorithms.psf import select_stars


def catalogue(rng, n_star, n_galaxy, side=4000.0):
    """Stars of one size (slope 3 % over the field) and galaxies of many larger ones."""
    n = n_star + n_galaxy
    x, y = rng.uniform(0, side, (2, n))
    flux = 10 ** rng.uniform(3.5, 6, n)
    err = np.sqrt(flux + 400**2)
    size = 1.6 * (1 + 0.03 * (x / side - 0.5)) * np.ones(n)
    size[n_star:] *= np.exp(rng.gamma(1.5, 0.35, n_galaxy))
    size *= 1 + rng.normal(0, 1, n) * err / flux / 2
    return x, y, flux, err, size, np.ones(n, bool)


@pytest.mark.parametrize(
    "n_star, n_galaxy, purity",
    [(500, 500, 0.95), (5, 3, 0.6), (3000, 300, 0.95), (60, 300, 0.7)],
)
def test_most_of_the_chosen_are_stars(n_star, n_galaxy, purity):
    args = catalogue(np.random.default_rng(n_star), n_star, n_galaxy)
    chosen = select_stars(*args)
    rows = np.concatenate([chosen.fit, chosen.reserve])
    assert len(rows) >= min(n_star, 20) * 0.6
    # some 5 % of the galaxies of the gamma law are as small as stars to 5 %
    assert (rows < n_star).mean() >= purity


def test_reserve_is_disjoint_about_its_share_and_the_same_for_any_order():
    args = catalogue(np.random.default_rng(3), 400, 100)
    first = select_stars(*args)
    order = np.random.default_rng(4).permutation(500)
    second = select_stars(*(a[order] for a in args))
    assert set(first.fit).isdisjoint(first.reserve)
    assert len(first.reserve) / (len(first.fit) + len(first.reserve)) == pytest.approx(0.15, abs=0.01)
    np.testing.assert_array_equal(order[second.fit], first.fit)
    np.testing.assert_array_equal(order[second.reserve], first.reserve)


def test_crowding_relaxes_isolation_rather_than_leaving_nothing():
    rng = np.random.default_rng(5)
    chosen = select_stars(*catalogue(rng, 3000, 0, side=500.0))
    assert len(chosen.fit) + len(chosen.reserve) >= 20


def test_unusable_nan_and_empty_catalogues_give_no_stars():
    x, y, flux, err, size, usable = catalogue(np.random.default_rng(6), 50, 0)
    assert len(select_stars(x, y, flux, err, size, ~usable).fit) == 0
    assert len(select_stars(x, y, flux, err, size * np.nan, usable).fit) == 0
    empty = np.array([])
    assert len(select_stars(empty, empty, empty, empty, empty, empty.astype(bool)).fit) == 0


def test_one_star_is_enough():
    one = [np.array([v]) for v in (50.0, 60.0, 1e5, 500.0, 1.7)]
    assert select_stars(*one, np.array([True])).fit.tolist() == [0]
