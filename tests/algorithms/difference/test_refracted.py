"""Templates displaced as the air does, beside stars that are drawn so."""

import numpy as np
import pytest

from algorithms.scenes import gaussian_stamp
from gnomon.algorithms.dcr.refraction import (
    EDGES_NM,
    horizon,
    refractivity,
    subband_refraction,
    toward_zenith,
)
from gnomon.algorithms.dcr.solve import DcrEpochs, fit_dcr
from gnomon.algorithms.difference.refracted import as_seen, sum_displaced
from gnomon.containers.cellpsf import CellPsf
from gnomon.containers.coadd import Coadd, empty_coadd
from gnomon.containers.image import Image
from gnomon.containers.wcs import tangent_wcs

SIDE, SIGMA, SKY = 120, 1.8, 400.0
SITE = np.radians(-70.7), np.radians(-30.2)
ARCSEC = np.radians(1 / 3600)
WCS = tangent_wcs((1.0, -0.2), (SIDE / 2, SIDE / 2), 0.2 * ARCSEC * np.array([[-1, 0], [0, 1]]))


def star(x, y):
    v, u = np.mgrid[:SIDE, :SIDE]
    return np.exp(-0.5 * ((u - x) ** 2 + (v - y) ** 2) / SIGMA**2) / (2 * np.pi * SIGMA**2)


def test_each_part_moves_by_its_own_way():
    shift = np.array([[0.3, -0.7], [-1.1, 0.2]])
    parts = np.array([5e3 * star(50, 60), 2e3 * star(50, 60)], np.float32)
    wanted = 5e3 * star(50.3, 59.3) + 2e3 * star(48.9, 60.2)
    np.testing.assert_allclose(sum_displaced(parts, shift), wanted, atol=2e-3)  # float32 of 245 nJy
    np.testing.assert_allclose(sum_displaced(parts, 0 * shift), parts.sum(0), atol=1e-4)


def test_the_way_to_the_zenith_is_that_of_the_horizon():
    away, angle = horizon(1.0, -0.2, 61000.3, *SITE)
    x, y = toward_zenith(WCS, SIDE / 2, SIDE / 2, 61000.3, *SITE)
    # east is left; pixels of 0.2 arcsec
    wanted = np.tan(away) / (0.2 * ARCSEC) * np.array([-np.sin(angle), np.cos(angle)])
    np.testing.assert_allclose([x, y], wanted, rtol=1e-4)


def times(low, high, n):
    """Moments at which the field stands at a zenith distance of these airmasses."""
    mjd = 61000 + np.arange(0, 300, 0.013)
    away, _ = horizon(1.0, -0.2, mjd, *SITE)
    airmass = 1 / np.cos(np.where(away < 1.4, away, 1.5))
    right = np.flatnonzero((airmass > low) & (airmass < high) & (away < 1.4))
    return mjd[right[np.linspace(0, len(right) - 1, n).astype(int)]]


def drawn(stars, mjd, rng):
    """Stars of their own colours whose light is displaced wavelength by wavelength, with noise."""
    low, high = EDGES_NM["g"]
    middles = low + (np.arange(16) + 0.5) / 16 * (high - low)
    bending = refractivity(middles) - refractivity(middles).mean()
    up = toward_zenith(WCS, SIDE / 2, SIDE / 2, mjd, *SITE)
    image = rng.normal(0, np.sqrt(SKY), (SIDE, SIDE))
    for x, y, flux, slope in stars:
        for weight, bent in zip((1 + slope * np.linspace(-1, 1, 16)) / 16, bending, strict=True):
            image += flux * weight * star(x + bent * up[0], y + bent * up[1])
    return image.astype(np.float32)


def template(stars, mjds, rng):
    flux = np.array([drawn(stars, t, rng) for t in mjds])
    psf = gaussian_stamp(0, 0, SIGMA, 15).astype(np.float32)
    bent = subband_refraction(EDGES_NM["g"], 3)
    up = toward_zenith(WCS, SIDE / 2, SIDE / 2, mjds, *SITE)
    n = len(mjds)
    epochs = DcrEpochs(
        flux,
        np.ones(flux.shape, bool),
        np.repeat(psf[None], n, 0),
        np.full(n, 1 / SKY),
        up[:, None] * bent[:, None],
    )
    parts = fit_dcr(epochs).planes
    variance = np.full((SIDE, SIDE), SKY / n, np.float32)
    image = Image(flux.mean(0), variance, np.zeros((SIDE, SIDE), np.uint32))
    count = np.full((SIDE, SIDE), n, np.uint16)
    cells = CellPsf(psf[None], 0, SIDE)
    return Coadd(image, count, WCS, cells, "g", parts=parts, refractivity=tuple(bent.tolist()), site=SITE)


def test_high_airmass_leaves_less_of_the_stars_than_a_plain_mean():
    rng = np.random.default_rng(4)
    stars = [
        (*rng.uniform(15, SIDE - 15, 2), 10 ** rng.uniform(4.4, 5.0), rng.uniform(-0.9, 0.9))
        for _ in range(10)
    ]
    made = template(stars, times(1.0, 1.8, 24), rng)
    left = {"plain": 0, "parts": 0}
    for mjd in times(1.5, 1.9, 4):
        science = drawn(stars, mjd, rng)
        for name, flux in (("plain", made.image.flux), ("parts", as_seen(made, float(mjd)).image.flux)):
            rest = (science - flux) / np.sqrt(SKY)
            # matched to the PSF: noise of the sum is the root of the effective area's inverse
            kernel = gaussian_stamp(0, 0, SIGMA, 9)
            for x, y, *_ in stars:
                i, j = round(x), round(y)
                box = rest[j - 9 : j + 10, i - 9 : i + 10]
                seen = max(
                    abs((np.roll(kernel, (a, b), (0, 1)) * box).sum()) / np.sqrt((kernel**2).sum())
                    for a in (-3, 0, 3)
                    for b in (-3, 0, 3)
                )
                left[name] += bool(seen > 5)
    print(f"of 40 stars beyond 5 sigma: {left}")
    assert left["plain"] > 20
    assert left["parts"] <= left["plain"] / 4


def test_a_coadd_without_parts_or_site_stays_as_it_is():
    assert as_seen(empty := empty_coadd("nothing"), 61000.0) is empty
    rng = np.random.default_rng(1)
    made = template([(60.0, 60.0, 1e4, 0.5)], times(1.0, 1.5, 3), rng)
    unknown = Coadd(
        made.image, made.count, WCS, made.psf, "g", parts=made.parts, refractivity=made.refractivity
    )
    assert as_seen(unknown, 61000.0) is unknown
    assert as_seen(made, 61000.0) is not made


def test_the_way_to_the_zenith_has_the_same_length_at_the_pole():
    pole = tangent_wcs((1.0, np.pi / 2), (60.0, 60.0), WCS.cd)
    away, _ = horizon(1.0, np.pi / 2, 61000.3, SITE[0], -SITE[1])
    x, y = toward_zenith(pole, 60.0, 60.0, 61000.3, SITE[0], -SITE[1])
    assert np.hypot(x, y) == pytest.approx(np.tan(away) / (0.2 * ARCSEC), rel=1e-4)
