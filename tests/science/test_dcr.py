"""Templates of a band's parts under refraction, beside the plain mean, on epochs that were held out."""

import numpy as np
import pytest

from gnomon.algorithms.dcr.refraction import EDGES_NM, refractivity, subband_refraction
from gnomon.algorithms.dcr.solve import DcrEpochs, dcr_template, fit_dcr
from gnomon.kernels.coadd import smooth_gaussian

pytestmark = pytest.mark.science

SIDE, SCALE, SKY = 150, np.radians(0.2 / 3600), 900.0
COLOURS = 24  # wavelengths that stars are drawn at
STARS = 30


def scene(seed):
    rng = np.random.default_rng(seed)
    place = rng.uniform(12, SIDE - 12, (2, STARS))
    return place, 10 ** rng.uniform(4.3, 5.2, STARS), rng.uniform(-0.9, 0.9, STARS)


def star(x, y, sigma, side=SIDE, e=0.0):
    """Of widths sigma (1 + e) along x and sigma (1 - e) along y."""
    v, u = np.mgrid[:side, :side]
    a, b = sigma * (1 + e), sigma * (1 - e)
    return np.exp(-0.5 * (((u - x) / a) ** 2 + ((v - y) / b) ** 2)) / (2 * np.pi * a * b)


def draw(sky, sigma, displacement, rng, noise=np.sqrt(SKY), e=0.0):
    """Stars whose light at each wavelength is displaced along a direction, pixels, and noise."""
    image = rng.normal(0, noise, (SIDE, SIDE))
    ramp = np.linspace(-1, 1, COLOURS)
    v, u = np.arange(SIDE), np.arange(SIDE)
    for x, y, f, slope in zip(*sky[0], sky[1], sky[2], strict=True):
        for weight, (dx, dy) in zip((1 + slope * ramp) / COLOURS, displacement, strict=True):
            ways = (v, y + dy, sigma * (1 - e)), (u, x + dx, sigma * (1 + e))
            down, along = (np.exp(-0.5 * ((p - c) / s) ** 2) for p, c, s in ways)
            image += f * weight / (2 * np.pi * sigma**2 * (1 - e**2)) * np.outer(down, along)
    return image.astype(np.float32)


def epochs(sky, n, airmass, seed, wrong=0.0, masked=0.0, parts=3, shapes=0.0):
    """n epochs between two airmasses; their PSFs are told wrong by a share, and differ in shape by ``shapes``."""
    rng = np.random.default_rng(seed)
    edges = EDGES_NM["g"]
    middles = edges[0] + (np.arange(COLOURS) + 0.5) / COLOURS * (edges[1] - edges[0])
    bending = refractivity(middles) - refractivity(middles).mean()
    flux, psf, shift = [], [], []
    for _ in range(n):
        tangent = np.sqrt(rng.uniform(*airmass) ** 2 - 1)
        angle, sigma = rng.uniform(-0.9, 0.9), rng.uniform(1.5, 2.2)
        up = tangent / SCALE * np.array([np.sin(angle), np.cos(angle)])
        e = shapes * rng.standard_normal() if shapes else 0.0
        flux.append(draw(sky, sigma, bending[:, None] * up, rng, e=e))
        psf.append(star(17, 17, sigma * (1 + wrong * rng.standard_normal()), 35, e))
        shift.append(subband_refraction(edges, parts)[:, None] * up)
    good = rng.random((n, SIDE, SIDE)) >= masked
    images = np.where(good, flux, 1e4).astype(np.float32)
    return DcrEpochs(images, good, np.array(psf, np.float32), np.full(n, 1 / SKY), np.array(shift))


def one(some, k):
    return DcrEpochs(*(v[k : k + 1] for v in (some.flux, some.good, some.psf, some.weight, some.shift)))


def left(model, held, sky):
    """Stars that a template leaves beyond five standard deviations anywhere within 4 px."""
    found = 0
    for k in range(len(held.flux)):
        epoch = one(held, k)
        made = dcr_template(model, epoch)
        sigma = 1.8
        rest = smooth_gaussian(epoch.flux[0] - made.flux, sigma)
        noise = np.sqrt(SKY / (4 * np.pi * sigma**2) + smooth_gaussian(np.sqrt(made.variance), sigma) ** 2)
        pull = np.abs(rest) / noise
        for x, y in sky[0].T:
            box = tuple(slice(round(c) - 4, round(c) + 5) for c in (y, x))
            found += bool(pull[box].max() > 5)
    return found


def compare(wrong, masked=0.0, shapes=0.04):
    sky = scene(3)
    seen, held = (
        epochs(sky, n, a, s, wrong, m, shapes=shapes)
        for n, a, s, m in ((30, (1, 1.8), 1, masked), (10, (1.4, 1.9), 2, 0.0))
    )
    flat = [DcrEpochs(e.flux, e.good, e.psf, e.weight, 0 * e.shift[:, :1]) for e in (seen, held)]
    return left(fit_dcr(flat[0]), flat[1], sky), left(fit_dcr(seen), held, sky)


def test_a_tenth_of_the_stars_is_left_with_exact_psfs():
    plain, ours = compare(0.0)
    print(f"exact PSFs: plain {plain}, parts {ours} of {10 * STARS}")
    assert plain > 5 * STARS
    assert ours <= plain / 10


def test_half_of_the_stars_is_left_with_psfs_wrong_by_two_percent_and_masks():
    plain, ours = compare(0.02, masked=0.01)
    print(f"PSFs wrong by 2 %: plain {plain}, parts {ours} of {10 * STARS}")
    assert ours <= plain / 2


def test_parts_add_up_to_the_mean_at_the_zenith():
    sky = scene(5)
    rng = np.random.default_rng(1)
    flux = np.array([draw(sky, 1.8, np.zeros((COLOURS, 2)), rng, noise=0) for _ in range(4)])
    psf = np.repeat(star(17, 17, 1.8, 35)[None].astype(np.float32), 4, 0)
    model = fit_dcr(DcrEpochs(flux, np.ones(flux.shape, bool), psf, np.full(4, 1 / SKY), np.zeros((4, 3, 2))))
    mean = flux.mean(0)
    for x, y in sky[0].T:
        box = tuple(slice(round(c) - 5, round(c) + 6) for c in (y, x))
        assert model.planes[:, *box].sum() == pytest.approx(mean[box].sum(), rel=1e-4)
