import galsim
import numpy as np
import pytest

from gnomon.sim.galaxies import ellipse_matrix
from gnomon.sim.psf import PsfShape
from gnomon.sim.render import Profiles, point_sources, render, stamp_sizes, stamps

FWHM, G1, G2 = 3.6, 0.05, -0.03
COVARIANCE = np.array([[0.5, 0.06], [0.06, 0.4]])


def shape_of(n, coma=0.0):
    xx, xy, yy = COVARIANCE[0, 0], COVARIANCE[0, 1], COVARIANCE[1, 1]
    return PsfShape(
        np.full(n, FWHM), np.tile([G1, G2], (n, 1)), np.tile([xx, xy, yy], (n, 1)), np.full((n, 2), coma)
    )


def galsim_psf():
    root = np.linalg.cholesky(COVARIANCE)
    gaussian = galsim.Gaussian(sigma=1.0).transform(*root.ravel()).withFlux(1.0)
    return galsim.Convolve(galsim.Kolmogorov(fwhm=FWHM).shear(g1=G1, g2=G2), gaussian)


def galsim_image(profile, x, y, size):
    image = galsim.Image(size, size, xmin=0, ymin=0)
    fine = galsim.GSParams(maxk_threshold=1e-5, folding_threshold=5e-4, maximum_fft_size=16384)
    profile.withGSParams(fine).drawImage(image, scale=1.0, center=galsim.PositionD(x, y))
    return image.array


def one(x, y, flux, disc=None, bulge=None, fraction=0.0):
    none = np.zeros((1, 2, 2))
    return Profiles(
        np.array([x]), np.array([y]), np.array([flux]), none if disc is None else disc,
        none if bulge is None else bulge, np.array([fraction]),
    )  # fmt: skip


def test_a_star_is_what_galsim_draws():
    ours = render(one(60.3, 61.8, 1e5), shape_of(1), (128, 128), 1.0)
    theirs = galsim_image(galsim_psf().withFlux(1e5), 60.3, 61.8, 128)
    # GalSim truncates its transform at 1e-5: a part in 10^4 of the peak
    assert np.abs(ours - theirs).max() < 2e-4 * theirs.max()


@pytest.mark.parametrize("fraction", [0.0, 0.4, 1.0])
def test_a_galaxy_is_what_galsim_draws(fraction):
    e1, e2 = np.array([0.2]), np.array([-0.15])
    disc, bulge = ellipse_matrix(np.array([2.5]), e1, e2), ellipse_matrix(np.array([2.0]), e1, e2)
    ours = render(one(64.2, 63.7, 1e5, disc, bulge, fraction), shape_of(1), (128, 128), 30.0)
    parts = galsim.Exponential(scale_radius=2.5).withFlux(1e5 * (1 - fraction) + 1e-9)
    parts += galsim.DeVaucouleurs(half_light_radius=2.0).withFlux(1e5 * fraction + 1e-9)
    theirs = galsim_image(galsim.Convolve(galsim_psf(), parts.shear(g1=0.2, g2=-0.15)), 64.2, 63.7, 128)
    # wings folded back at the border of the stamp are below 0.02 of the noise of 30; the rest as for stars
    assert np.abs(ours - theirs).max() < 5e-4 * theirs.max() + 2 * 0.02 * 30


def test_flux_is_conserved():
    rng = np.random.default_rng(3)
    x, y = rng.uniform(600, 900, (2, 50))
    flux = 10 ** rng.uniform(1, 6, 50)
    image = render(point_sources(x, y, flux), shape_of(50), (1500, 1500), 20.0)
    assert image.sum() == pytest.approx(flux.sum(), rel=1e-9)


def test_a_star_at_the_border_loses_what_falls_off_and_no_more():
    inside = render(one(200.0, 200.0, 1e4), shape_of(1), (402, 402), 10.0)
    cut = render(one(2.0, 1.0, 1e4), shape_of(1), (202, 201), 10.0)
    np.testing.assert_allclose(cut, inside[199:, 198:][:202, :201], rtol=0, atol=1e-9)


def test_centroid_is_where_the_source_is_and_coma_does_not_move_it():
    for coma in (0.0, 0.3):
        image = stamps(one(10.37, 8.81, 1.0), shape_of(1, coma), 256)[0]
        y, x = np.mgrid[:256, :256] - 128.0
        # weighting by a wide Gaussian bounds the heavy Kolmogorov wings; its bias grows with coma / sigma^2
        weight = np.exp(-0.5 * (x**2 + y**2) / 30.0**2)
        cx = np.sum(image * weight * x) / np.sum(image * weight)
        cy = np.sum(image * weight * y) / np.sum(image * weight)
        assert cx == pytest.approx(0.37, abs=0.01)
        assert cy == pytest.approx(-0.19, abs=0.01)


def test_second_moments_of_the_gaussian_part_are_as_asked():
    # without air (FWHM -> 0) the moments are the covariance plus the pixel's 1/12
    shape = PsfShape(np.array([1e-6]), np.zeros((1, 2)), np.array([[2.5, 0.4, 1.9]]), np.zeros((1, 2)))
    image = stamps(one(0.0, 0.0, 1.0), shape, 64)[0]
    y, x = np.mgrid[:64, :64] - 32.0
    found = [np.sum(image * m) for m in (x * x, x * y, y * y)]
    np.testing.assert_allclose(found, [2.5 + 1 / 12, 0.4, 1.9 + 1 / 12], atol=2e-3)


def test_no_sources_give_an_empty_image():
    empty = np.zeros(0)
    assert not render(point_sources(empty, empty, empty), shape_of(0), (16, 16), 1.0).any()


def test_brighter_sources_get_larger_stamps():
    flux = np.array([1e2, 1e4, 1e6])
    sizes = stamp_sizes(point_sources(flux * 0, flux * 0, flux), shape_of(3), 30.0)
    assert sizes[0] < sizes[1] < sizes[2]
