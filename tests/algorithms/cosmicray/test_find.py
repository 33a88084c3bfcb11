from pathlib import Path

import numpy as np
import pytest

from gnomon.algorithms.cosmicray import classify_cosmic_rays, find_cosmic_rays
from gnomon.containers.image import Image
from gnomon.flags import MASK

GMOS = Path(__file__).parents[4] / "shared/data/images/packages/gmos.fits"
BOTH = pytest.mark.parametrize("find", [find_cosmic_rays, classify_cosmic_rays])


def image_of(flux, variance=None, mask=None):
    variance = flux if variance is None else variance
    mask = np.zeros(flux.shape, np.uint32) if mask is None else mask
    return Image(flux.astype(np.float32), variance.astype(np.float32), mask)


def test_noise_alone_is_flagged_in_fewer_than_one_pixel_in_1e5():
    rng = np.random.default_rng(11)
    flux = rng.normal(1000, 30, (1200, 1200))
    assert find_cosmic_rays(image_of(flux, np.full_like(flux, 900)), 3.0).mean() < 1e-5


def test_tracks_are_found_whole():
    rng = np.random.default_rng(2)
    flux = rng.normal(1000, 30, (300, 300))
    hit = np.zeros(flux.shape, bool)
    for k in range(20):
        y, x, along = *rng.integers(20, 280, 2), rng.integers(3, 15)
        hit[y : y + (along if k % 2 else 1), x : x + (1 if k % 2 else along)] = True
    found = find_cosmic_rays(image_of(flux + 600 * hit, np.full_like(flux, 900)), 3.0)
    # 20 sigma in every pixel: only a crossing of two tracks can look wide
    assert found[hit].mean() > 0.97
    assert (found & ~hit).sum() <= 5


@BOTH
def test_saturated_trails_and_bad_pixels_are_left_alone(find):
    flux = np.full((64, 64), 100.0)
    mask = np.zeros(flux.shape, np.uint32)
    flux[10:40, 20], mask[10:40, 20] = 6e4, MASK["SAT"]
    flux[10:40, 21] = 9e3
    flux[50, 50], mask[50, 50] = 1e5, MASK["BAD"]
    flux[5, 5] = 5000
    assert np.argwhere(find(image_of(flux, None, mask), 3.0)).tolist() == [[5, 5]]


@BOTH
def test_an_empty_or_dead_image_has_none(find):
    assert find(image_of(np.zeros((0, 5))), 3.0).shape == (0, 5)
    assert not find(image_of(np.zeros((40, 50))), 3.0).any()


@BOTH
def test_refuses_a_psf_without_width(find):
    with pytest.raises(ValueError, match="psf_fwhm_px is 0"):
        find(image_of(np.ones((9, 9))), 0)


@pytest.mark.skipif(not GMOS.exists(), reason="the shared real data are not here")
def test_gmos_spectrum_loses_its_cosmic_rays_and_keeps_its_lines():
    from astropy.io import fits

    with fits.open(GMOS) as hdus:
        flux, variance = (hdus[k].data.astype(np.float32) for k in ("SCI", "VAR"))
    found = find_cosmic_rays(image_of(flux, variance), 2.5)
    # by eye the frame holds some 40 hits; sky lines span whole columns and must not be among them
    assert 0.005 < found.mean() < 0.05
    assert found.mean(0).max() < 0.2
