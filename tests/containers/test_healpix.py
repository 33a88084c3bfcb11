import healpy
import numpy as np
import pytest

from gnomon.containers import healpix


def _sky(n, seed=1):
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(-7, 14, n), np.arcsin(rng.uniform(-1, 1, n))
    special = np.array([0.0, np.pi / 2, np.pi, 2 * np.pi, -1e-300, 4 * np.pi])
    ends = np.array(
        [-np.pi / 2, np.pi / 2, 0.0, np.arcsin(2 / 3) + 1e-9, -np.arcsin(2 / 3) - 1e-9, 1.5707963]
    )
    ra = np.concatenate([ra, np.repeat(special, 6)])
    return ra, np.concatenate([dec, np.tile(ends, 6)])


@pytest.mark.parametrize("nside", [1, 2, 32, 1 << 20])
def test_pixels_are_those_of_healpy(nside):
    ra, dec = _sky(20_000)
    ours, theirs = healpix.pixel_of(nside, ra, dec), healpy.ang2pix(nside, np.pi / 2 - dec, ra, nest=True)
    # On an edge between pixels rounding decides: allow the few positions that stand on one.
    assert np.flatnonzero(ours != theirs).size <= (0 if nside < 1 << 20 else 3) + 12


@pytest.mark.parametrize("nside", [1, 4, 1 << 15])
def test_centres_and_corners_are_those_of_healpy(nside):
    pixels = np.unique(np.random.default_rng(2).integers(0, 12 * nside**2, 500))
    theta, phi = healpy.pix2ang(nside, pixels, nest=True)
    ra, dec = healpix.centre_of(nside, pixels)
    np.testing.assert_allclose(dec, np.pi / 2 - theta, atol=1e-13)
    np.testing.assert_allclose(np.exp(1j * ra), np.exp(1j * phi), atol=1e-13)
    ra, dec = healpix.outline(nside, pixels)
    theirs = healpy.boundaries(nside, pixels, nest=True)  # north, west, south, east
    ours = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
    np.testing.assert_allclose(ours[:, :, [2, 3, 0, 1]], theirs, atol=1e-12)


def test_every_pixel_holds_its_own_inside():
    pixels = np.arange(12 * 16**2)
    for u, v in [(1e-6, 1e-6), (1 - 1e-6, 1e-6), (0.5, 1 - 1e-6)]:
        assert np.array_equal(healpix.pixel_of(16, *healpix.position_in(16, pixels, u, v)), pixels)


@pytest.mark.parametrize("ra,dec", [(0.0, np.pi / 2), (6.28, -0.3), (1.0, -np.pi / 2)])
def test_no_pixel_near_a_circle_is_missed(ra, dec):
    radius, nside = 0.03, 32
    vector = healpy.ang2vec(np.pi / 2 - dec, ra)
    wanted = healpy.query_disc(nside, vector, radius, inclusive=True, fact=64, nest=True)
    found = healpix.pixels_near(nside, ra, dec, radius)
    assert set(wanted) <= set(found)
    assert len(found) < 4 * len(wanted) + 20


@pytest.mark.parametrize("nside", [1, 2, 8, 64])
def test_no_pixel_is_larger_than_its_radius(nside):
    assert healpix.pixel_radius(nside) == pytest.approx(healpy.max_pixrad(nside), rel=1e-6)


@pytest.mark.parametrize("nside", [0, 3, -4, 1 << 30])
def test_an_nside_that_is_no_power_of_two_is_refused(nside):
    with pytest.raises(ValueError, match="power of two"):
        healpix.pixel_of(nside, 0.0, 0.0)


def test_outline_of_a_polar_pixel_at_ra_zero_does_not_leave_it():
    """The side on the meridian of right ascension 0 may round to just below 360 degrees, not further."""
    ra, _ = healpix.outline(1024, np.array([1048571]), 1200)
    assert np.abs((np.degrees(ra) + 180) % 360 - 180).max() < 31
