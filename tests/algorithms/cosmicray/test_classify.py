from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gnomon.algorithms.cosmicray import classify_cosmic_rays
from gnomon.algorithms.cosmicray.classify import trained
from gnomon.algorithms.cosmicray.dilate import dilated
from gnomon.algorithms.cosmicray.features import N_FEATURES
from gnomon.algorithms.cosmicray.network import Network
from gnomon.containers.image import Image
from gnomon.sim.struck import struck_field
from gnomon.train import image_of as image_of_field
from gnomon.train import module_text

GMOS = Path(__file__).parents[4] / "shared/data/images/packages/gmos.fits"


def image_of(flux, variance=None, mask=None):
    variance = flux if variance is None else variance
    mask = np.zeros(flux.shape, np.uint32) if mask is None else mask
    return Image(flux.astype(np.float32), variance.astype(np.float32), mask)


def test_noise_alone_is_flagged_in_fewer_than_one_pixel_in_1e6():
    flux = np.random.default_rng(11).normal(1000, 30, (1200, 1200))
    assert classify_cosmic_rays(image_of(flux, np.full_like(flux, 900)), 3.0).sum() <= 1


def test_fields_that_it_has_not_learned_from():
    hits = found = false = 0
    for seed, fwhm in enumerate((2.8, 3.5, 6.0)):
        field = struck_field(np.random.default_rng([99, seed]), 500, fwhm, 150, 60)
        flags = classify_cosmic_rays(image_of_field(field), field.fwhm_px)
        bright = (field.charge > 5 * field.sigma) & ~field.saturated
        hits, found = hits + bright.sum(), found + (flags & bright).sum()
        false += (flags & (field.charge == 0)).sum()
    assert hits > 1000
    # the science test has the bars; here rays are ten times as dense
    assert found / hits > 0.97
    assert false < 3e-5 * 3 * 500**2


def test_a_track_across_a_star_is_told_from_it():
    """A star of 5000 electrons at its peak; a track of 900 a pixel runs through it."""
    rng, star = np.random.default_rng(5), np.zeros((80, 80))
    star[40, 40] = 1
    star = 5e3 * gaussian_filter(star, 1.6) / gaussian_filter(star, 1.6).max()
    track = np.zeros(star.shape)
    track[30:52, 41] = 900
    flux = rng.poisson(star + track + 400).astype(float)
    flags = classify_cosmic_rays(image_of(flux), 3.7)
    assert flags[track > 0].mean() > 0.8  # near the peak the noise of the light is a tenth of the track
    assert not (flags & ~dilated(track > 0, 1)).any()
    assert not classify_cosmic_rays(image_of(rng.poisson(star + 400).astype(float)), 3.7).any()


def test_events_grow_only_into_pixels_that_the_network_likes():
    """For a network that looks at the middle pixel's height alone; the first is hit beyond doubt."""
    weight = np.zeros((N_FEATURES, 1), np.float32)
    weight[24] = 1  # inverse hyperbolic sine of the height over the noise
    flux = np.full((40, 40), 100.0)
    flux[10, 10:14] = 1000, 300, 160, 105
    for bias, expected in ((-1, 3), (-3, 2), (-4.5, 1)):
        network = Network((weight,), (np.full(1, bias, np.float32),))
        flags = classify_cosmic_rays(
            image_of(flux, np.full_like(flux, 100)), 3.0, seed_odds=1, grow_odds=0, network=network
        )
        assert flags.sum() == flags[10, 10:13].sum() == expected


def test_the_numbers_written_are_the_numbers_read():
    space = {}
    exec(module_text(trained()), space)
    from gnomon.algorithms.cosmicray.weights import SIZES, WEIGHTS

    assert (space["SIZES"], space["WEIGHTS"]) == (SIZES, WEIGHTS)


@pytest.mark.skipif(not GMOS.exists(), reason="the shared real data are not here")
def test_gmos_spectrum_loses_its_cosmic_rays_and_keeps_its_lines():
    from astropy.io import fits

    with fits.open(GMOS) as hdus:
        flux, variance = (hdus[k].data.astype(np.float32) for k in ("SCI", "VAR"))
    found = classify_cosmic_rays(image_of(flux, variance), 2.5)
    # by eye the frame holds some 40 hits; sky lines span whole columns and must not be among them
    assert 0.005 < found.mean() < 0.05
    assert found.mean(0).max() < 0.2
