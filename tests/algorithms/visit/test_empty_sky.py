import numpy as np
import pytest

from gnomon.algorithms.visit.characterise import gaussian_psf
from gnomon.algorithms.visit.empty_sky import with_sky_sources
from gnomon.containers.background import BackgroundModel
from gnomon.containers.calibrated import CalibratedImage, PhotoCalib, Smooth
from gnomon.containers.catalog import Catalog
from gnomon.containers.image import Image
from gnomon.containers.wcs import tangent_wcs
from gnomon.flags import MASK

SHAPE = (400, 400)
ROW = Catalog({"visit": np.array([1])})


def image(noise, stated, mask=None, level=0.0):
    flux = np.random.default_rng(2).normal(level, noise, SHAPE).astype("f4")
    pixels = Image(flux, np.full(SHAPE, stated**2, "f4"), np.zeros(SHAPE, "u4") if mask is None else mask)
    mesh = np.ones((2, 2), "f4")
    one = Smooth(np.ones(1), 0, (200.0, 200.0), (200.0, 200.0))
    sky = BackgroundModel(mesh, mesh, SHAPE)
    psf = gaussian_psf(4.0, SHAPE)
    wcs = tangent_wcs((1.0, 0.2), (200.0, 200.0), 1e-6 * np.eye(2))
    return CalibratedImage(pixels, wcs, psf, PhotoCalib(1.0, 31.4, 0.0, 5), sky, one)


@pytest.mark.parametrize(("noise", "level"), [(1.0, 0.0), (1.3, 0.0), (1.0, 0.2)])
def test_noise_beyond_the_stated_and_a_sky_that_is_off_are_told(noise, level):
    found = with_sky_sources(ROW, image(noise, 1.0, level=level), np.random.default_rng(1))
    assert found["nSkySource"][0] == 100
    # a hundred places: the robust scatter is known to 12 %, the mean to 0.1
    assert found["skyFluxPull"][0] == pytest.approx(noise, rel=0.35)
    # a level L on every pixel is L sqrt(noise-equivalent area) = L sqrt(4 pi) 4 / 2.355 errors
    assert found["skyFluxMean"][0] == pytest.approx(level * np.sqrt(4 * np.pi) * 4 / 2.355, abs=0.4)


def test_a_field_without_empty_sky_says_nothing():
    full = np.full(SHAPE, MASK["DETECTED"], "u4")
    found = with_sky_sources(ROW, image(1.0, 1.0, full), np.random.default_rng(1))
    assert found["nSkySource"][0] == 0
    assert np.isnan(found["skyFluxPull"][0]) and np.isnan(found["skyFluxMean"][0])
