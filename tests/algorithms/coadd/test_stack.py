import numpy as np
import pytest

from gnomon.algorithms.coadd import warp_to_cell
from gnomon.algorithms.coadd.stack import Pool
from gnomon.containers.box import Box
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel
from gnomon.containers.wcs import tangent_wcs

SCALE = np.radians(0.2 / 3600)


def tangent(angle=0.0):
    c, s = np.cos(angle), np.sin(angle)
    return tangent_wcs((0.5, -0.2), (150.0, 150.0), SCALE * np.array([[-c, s], [s, c]]))


def detector(variance=4.0):
    flux = np.random.default_rng(1).normal(0, np.sqrt(max(variance, 1)), (300, 300)).astype(np.float32)
    image = Image(flux, np.full_like(flux, variance), np.zeros(flux.shape, np.uint32))
    v, u = np.mgrid[-12:13, -12:13]
    basis = np.exp(-0.5 * (u**2 + v**2) / 1.6**2)
    return image, PsfModel((basis / basis.sum())[None].astype(np.float32), 0, (150.0, 150.0), (150.0, 150.0))


def test_a_covered_cell_gets_its_warp():
    image, psf = detector()
    warp = warp_to_cell(image, tangent(0.1), psf, tangent(), Box(100, 90, 80, 70), 11, 3)
    assert warp.image.shape == (70, 80)
    assert warp.psf.shape == (25, 25)
    # the variance depends on the sub-pixel phase by some 20 %; every fourth pixel stands for all
    assert warp.weight == pytest.approx(1 / np.median(warp.image.variance), rel=5e-3)
    assert (warp.visit, warp.detector) == (11, 3)


def test_a_cell_that_reaches_over_the_border_gets_none():
    image, psf = detector()
    for box in (Box(250, 90, 80, 70), Box(900, 0, 50, 50), Box(2, 100, 50, 50)):
        assert warp_to_cell(image, tangent(), psf, tangent(), box, 1, 1) is None
    assert warp_to_cell(image, tangent(), psf, tangent(), Box(4, 100, 50, 50), 1, 1) is not None


def test_a_detector_without_information_gives_none():
    image, psf = detector(0.0)
    assert warp_to_cell(image, tangent(), psf, tangent(), Box(100, 90, 80, 70), 1, 1) is None


def test_a_pool_holds_no_more_than_was_in_use_together():
    pool = Pool()
    for pixels in (30, 50, 40, 60, 20):
        first, second = pool.take(pixels), pool.take(pixels)
        assert all(p.size >= pixels for planes in (first, second) for p in planes)
        pool.give(first)
        pool.give(second)
    sizes = [pool.take(1)[0].size for _ in range(3)]
    assert sorted(sizes) == [1, 60, 60]
