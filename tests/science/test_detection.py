"""Detection and measurement on simulated skies with truth: Kolmogorov stars, galaxies, crowds."""

import galsim
import numpy as np
import pytest
from scipy.spatial import KDTree

from algorithms.scenes import SIGMA, draw, gaussian_psf
from gnomon.algorithms.background import background_map, fit_background, subtract_background
from gnomon.algorithms.detect import deblend, find_footprints, mark_detected
from gnomon.algorithms.measure import measure_sources
from gnomon.containers.image import Image
from gnomon.containers.psf import PsfModel

pytestmark = pytest.mark.science

SKY = 1480.0
FWHM = 3.5
PROFILE = galsim.Kolmogorov(fwhm=FWHM).shear(g1=0.03, g2=-0.02)


def _psf():
    stamp = PROFILE.drawImage(nx=41, ny=41, scale=1).array
    return PsfModel((stamp / stamp.sum())[None].astype(np.float32), 0, (0.0, 0.0), (1.0, 1.0))


PSF = _psf()
CAUGHT = float(
    PROFILE.drawImage(nx=41, ny=41, scale=1).array.sum()
)  # of a star's light, by the model's stamp


def _draw(shape, objects):
    """Noiseless image of (x, y, profile, size)."""
    image = galsim.ImageD(shape[1], shape[0], scale=1)
    for x, y, profile, size in objects:
        ix, iy = round(x), round(y)
        stamp = profile.drawImage(nx=size, ny=size, scale=1, offset=(x - ix, y - iy), dtype=float)
        stamp.setCenter(ix + 1, iy + 1)
        common = stamp.bounds & image.bounds
        if common.isDefined():
            image[common] += stamp[common]
    return image.array


def _observe(truth, rng):
    expected = truth + SKY
    noisy = rng.normal(expected, np.sqrt(expected)).astype(np.float32)
    return Image(noisy, expected.astype(np.float32), np.zeros(truth.shape, np.uint32))


def _stars(shape, x, y, flux):
    rows = zip(x, y, flux, strict=True)
    return _draw(shape, [(a, b, PROFILE.withFlux(f), 41 if f < 2e5 else 101) for a, b, f in rows])


def _noise():
    """Error of a faint star's flux by the matched filter."""
    return np.sqrt(SKY / (PSF.basis[0].astype(float) ** 2).sum())


def test_fluxes_are_unbiased_and_errors_true_from_snr_10_to_1000():
    rng = np.random.default_rng(1)
    step, shape = 45, (1024, 1024)
    y, x = (v.ravel() for v in np.mgrid[step : 1024 - step : step, step : 1024 - step : step])
    x, y = x + rng.uniform(-0.5, 0.5, len(x)), y + rng.uniform(-0.5, 0.5, len(y))
    snr = np.array([10.0, 30.0, 100.0, 1000.0])[np.arange(len(x)) % 4]
    flux = snr * _noise()
    image = _observe(_stars(shape, x, y, flux), rng)
    image = Image(image.flux - np.float32(SKY), image.variance, image.mask)
    c = measure_sources(image, deblend(image, find_footprints(image, PSF)), PSF)
    d, row = KDTree(np.stack([c["x"], c["y"]], 1)).query(np.stack([x, y], 1))
    assert (d < 1.5).all()
    for level in np.unique(snr):
        here = snr == level  # about 110 stars: the mean of pulls is known to .1, their width to .07
        pull = (c["psfFlux"][row] - CAUGHT * flux)[here] / c["psfFluxErr"][row][here]
        assert abs(pull.mean()) < 0.3 + 4e-4 * level, (
            level
        )  # and 4e-4 of the flux: the stamp's edge, interpolation
        assert abs(pull.std() - 1) < 0.22, level
        for name, place in (("x", x), ("y", y)):
            pull = (c[name][row] - place)[here] / c[name + "Err"][row][here]
            assert abs(pull.mean()) < 0.35, level
            assert abs(pull.std() - 1) < 0.25, level


def test_completeness_rises_with_signal_to_noise_as_the_normal_law_says():
    rng = np.random.default_rng(2)
    shape = (1024, 1024)
    y, x = (v.ravel().astype(float) for v in np.mgrid[20:1004:24, 20:1004:24])
    snr = rng.uniform(2, 9, len(x))
    image = _observe(_stars(shape, x, y, snr * _noise() / CAUGHT), rng)
    image = Image(image.flux - np.float32(SKY), image.variance, image.mask)
    c = deblend(image, find_footprints(image, PSF, threshold=5.0))
    d, _ = KDTree(np.stack([c.x, c.y], 1)).query(np.stack([x, y], 1))
    found = d < 3
    assert found[snr > 7.5].mean() > 0.98
    assert 0.35 < found[(snr > 4.75) & (snr < 5.25)].mean() < 0.75  # about one half of 60: 3 x .065
    assert found[snr < 3].mean() < 0.06
    assert (
        KDTree(np.stack([x, y], 1)).query(np.stack([c.x, c.y], 1))[0] > 6
    ).sum() <= 3  # false: 0.3 expected


def test_crowded_field_of_ten_thousand_in_a_megapixel():
    rng = np.random.default_rng(3)
    shape, n, psf = (1000, 1000), 10000, gaussian_psf()
    noise = np.sqrt(SKY * 4 * np.pi * SIGMA**2)
    x, y, flux = rng.uniform(0, 999, n), rng.uniform(0, 999, n), noise * 10 ** rng.uniform(0.7, 3.0, n)
    image = _observe(draw(shape, y, x, flux, wide=15), rng)
    image = subtract_background(image, fit_background(image, box_px=64))
    sources = deblend(image, find_footprints(image, psf))
    c = measure_sources(image, sources, psf)
    assert len(c) > 4000  # at 0.12 sources to the area of a PSF's core a third cannot be told apart
    bright = flux > 300 * noise
    places = np.stack([x[bright], y[bright]], 1)
    apart = KDTree(places).query(places, k=2)[0][:, 1] > 6
    d, row = KDTree(np.stack([c["x"], c["y"]], 1)).query(places[apart])
    assert (d < 1.5).mean() > 0.97
    assert abs(np.median(c["psfFlux"][row] / flux[bright][apart]) - 1) < 0.05
    assert np.isfinite(c["psfFlux"]).mean() > 0.999


def test_wings_of_a_bright_galaxy_stay_when_it_is_masked():
    rng = np.random.default_rng(4)
    galaxy = galsim.Convolve(galsim.Sersic(n=2.0, half_light_radius=25, flux=3e6), PROFILE)
    image = _observe(_draw((1024, 1024), [(512.0, 512.0, galaxy, 601)]), rng)
    first = subtract_background(image, fit_background(image, box_px=256))
    marked = mark_detected(first, find_footprints(first, PSF, threshold=3.0), grow_px=30)
    model = fit_background(Image(image.flux, image.variance, marked.mask), box_px=256)
    y, x = np.mgrid[:1024, :1024]
    inside = np.hypot(x - 512, y - 512) < 150
    lost = (background_map(model) - SKY)[inside].sum()
    assert abs(lost) / 3e6 < 0.01


def test_galaxies_are_told_from_stars():
    rng = np.random.default_rng(5)
    y, x = (v.ravel().astype(float) for v in np.mgrid[30:994:42, 30:994:42])
    is_galaxy = np.arange(len(x)) % 2 == 1
    flux = _noise() * 60.0
    star = PROFILE.withFlux(flux)
    galaxy = galsim.Convolve(galsim.Exponential(half_light_radius=1.5, flux=flux), PROFILE)
    objects = [(a, b, galaxy if g else star, 61) for a, b, g in zip(x, y, is_galaxy, strict=True)]
    image = _observe(_draw((1024, 1024), objects), rng)
    image = Image(image.flux - np.float32(SKY), image.variance, image.mask)
    c = measure_sources(image, deblend(image, find_footprints(image, PSF)), PSF)
    d, row = KDTree(np.stack([c["x"], c["y"]], 1)).query(np.stack([x, y], 1))
    extended = c["extendedness"][row]
    assert (d < 1.5).mean() > 0.99
    assert extended[is_galaxy & (d < 1.5)].mean() > 0.97
    assert extended[~is_galaxy & (d < 1.5)].mean() < 0.02
    assert np.median(c["kronFlux"][row][is_galaxy] / flux) == pytest.approx(0.94, abs=0.05)
