import numpy as np

from gnomon.algorithms.psf import adaptive_moments
from gnomon.algorithms.warp import coordinate_nodes, warp_image, warp_psf
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.wcs import tangent_wcs
from gnomon.flags import MASK

SCALE = np.radians(0.2 / 3600)
SIGMA = 1.6


def tangent(angle=0.0, crpix=(100.0, 100.0), scale=SCALE):
    c, s = np.cos(angle), np.sin(angle)
    return tangent_wcs((0.5, -0.2), crpix, scale * np.array([[-c, s], [s, c]]))


def gaussian(shape, x, y, sigma=SIGMA):
    v, u = np.mgrid[: shape[0], : shape[1]]
    return np.exp(-0.5 * ((u - x) ** 2 + (v - y) ** 2) / sigma**2) / (2 * np.pi * sigma**2)


def test_a_star_keeps_flux_place_and_shape():
    source, target = tangent(0.4), tangent(scale=0.9 * SCALE)
    flux = gaussian((200, 200), 110.3, 90.8).astype(np.float32)
    image = Image(flux, np.ones_like(flux), np.zeros(flux.shape, np.uint32))
    out = warp_image(image, coordinate_nodes(source, target, (200, 200))).flux
    x, y = (float(v) for v in target.sky_to_pixel(*source.pixel_to_sky(110.3, 90.8)))
    ix, iy = round(x), round(y)
    stamp = out[iy - 20 : iy + 21, ix - 20 : ix + 21]
    moments = adaptive_moments(stamp[None].astype(float))
    # sigma 1.6 px and a quintic spline: 2e-5 of flux, 5e-4 px, 3e-4 of size
    assert abs(stamp.sum() - 1) < 2e-5
    assert np.hypot(moments.x[0] - (x - ix), moments.y[0] - (y - iy)) < 5e-4
    assert abs(np.sqrt(moments.trace[0] / 2) / (SIGMA / 0.9) - 1) < 3e-4
    assert np.hypot(moments.e1[0], moments.e2[0]) < 1e-4


def test_white_noise_has_the_variance_stated():
    rng = np.random.default_rng(1)
    flux = rng.normal(0, 3, (400, 400)).astype(np.float32)
    image = Image(flux, np.full_like(flux, 9), np.zeros(flux.shape, np.uint32))
    out = warp_image(image, coordinate_nodes(tangent(0.3), tangent(), (200, 200), (0, 0)))
    good = out.variance > 0
    # 34,000 pixels, correlated over some two: 1 %
    assert abs(out.flux[good].var() / out.variance[good].mean() - 1) < 0.03


def test_sections_give_what_the_whole_gives():
    flux = np.random.default_rng(2).normal(size=(300, 300)).astype(np.float32)
    image = Image(flux, np.ones_like(flux), np.zeros(flux.shape, np.uint32))
    source, target = tangent(0.2), tangent()
    whole = warp_image(image, coordinate_nodes(source, target, (192, 192), (0, 0)))
    part = warp_image(image, coordinate_nodes(source, target, (64, 64), (64, 96)))
    # other nodes are the same numbers but for rounding
    np.testing.assert_allclose(part.flux, whole.flux[96:160, 64:128], atol=1e-5)


def test_parts_of_the_same_nodes_have_the_same_bits():
    flux = np.random.default_rng(2).normal(size=(300, 300)).astype(np.float32)
    mask = (np.random.default_rng(3).random(flux.shape) < 1e-3).astype(np.uint32) * 8
    image = Image(flux, np.abs(flux), mask)
    nodes = coordinate_nodes(tangent(0.7), tangent(), (192, 192), (0, 0))
    whole, part = warp_image(image, nodes), warp_image(image, nodes.part(45, 61, (70, 33)))
    for name in ("flux", "variance", "mask"):
        plane = getattr(whole, name)[45:115, 61:94]
        assert np.ascontiguousarray(plane).tobytes() == getattr(part, name).tobytes()


def test_an_image_elsewhere_or_without_information_gives_no_data():
    flux = np.ones((50, 50), np.float32)
    blank = Image(flux, np.zeros_like(flux), np.zeros(flux.shape, np.uint32))
    same = tangent()
    for image, origin in ((blank, (0, 0)), (Image(flux, flux, blank.mask), (900, 900))):
        out = warp_image(image, coordinate_nodes(same, same, (40, 40), origin))
        assert (out.mask & MASK["NO_DATA"]).all()
        assert not out.flux.any()
        assert not out.variance.any()


def test_the_warped_psf_is_the_warped_star():
    size = 31
    basis = gaussian((size, size), 15, 15)[None].astype(np.float32)
    psf = PsfModel(basis, 0, (100.0, 100.0), (100.0, 100.0))
    source, target = tangent(0.4), tangent(scale=0.95 * SCALE, crpix=(100.3, 99.6))
    sx, sy = (float(v) for v in source.sky_to_pixel(*target.pixel_to_sky(104.0, 97.0)))
    flux = gaussian((200, 200), sx, sy).astype(np.float32)
    image = Image(flux, np.ones_like(flux), np.zeros(flux.shape, np.uint32))
    star = warp_image(image, coordinate_nodes(source, target, (200, 200))).flux[82:113, 89:120]
    stamp = warp_psf(psf, source, target, 104.0, 97.0)
    # drawing at the sub-pixel place interpolates the model once more: 2e-4 of the peak
    np.testing.assert_allclose(stamp, star, atol=3e-4 * star.max())
    assert abs(stamp.sum() - 1) < 1e-4
