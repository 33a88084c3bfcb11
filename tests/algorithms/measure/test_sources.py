import numpy as np
import pytest

from algorithms.scenes import SIGMA, draw, gaussian_psf, grid, observe
from gnomon import flags
from gnomon.algorithms.detect import deblend, find_footprints
from gnomon.algorithms.measure import measure_forced, measure_sources
from gnomon.containers.image import Image

SKY = 400.0
NOISE = np.sqrt(SKY * 4 * np.pi * SIGMA**2)
PSF = gaussian_psf()


def _measure(image, **options):
    return measure_sources(image, deblend(image, find_footprints(image, PSF)), PSF, **options)


def _match(catalog, y, x):
    """Rows nearest to each true place, and whether they are within two pixels."""
    d = np.hypot(catalog["y"][:, None] - y, catalog["x"][:, None] - x)
    row = d.argmin(axis=0)
    return row, d[row, np.arange(len(y))] < 2


def _stars(snr, seed, shape=(640, 640)):
    rng = np.random.default_rng(seed)
    y, x = grid(shape, 40, rng)
    flux = np.full(len(y), snr * NOISE)
    image = observe(draw(shape, y, x, flux), SKY, rng)
    catalog = _measure(image)
    row, ok = _match(catalog, y, x)
    assert ok.all()
    return catalog.take(row), y, x, flux


@pytest.mark.parametrize("snr", [20.0, 200.0])
def test_fluxes_and_positions_have_true_errors(snr):
    c, y, x, flux = _stars(snr, 1)
    n = len(y)  # 225 stars: a mean pull is known to .067, its width to .047
    for name in ("psfFlux", "ap06Flux"):
        lost = 1 - np.exp(-0.5 * (6 / SIGMA) ** 2) if name == "ap06Flux" else 1.0
        pull = (c[name] - flux * lost) / c[name + "Err"]
        # at S/N 20 fitting the place raises the PSF flux by about half a sigma^2/flux: .05 sigma
        assert abs(pull.mean()) < 0.27, name
        assert abs(pull.std() - 1) < 0.15, name
    for name, err, truth in (
        ("x", "xErr", x),
        ("y", "yErr", y),
        ("psfX", "psfXErr", x),
        ("psfY", "psfYErr", y),
    ):
        pull = (c[name] - truth) / c[err]
        assert abs(pull.mean()) < 0.2, name
        assert abs(pull.std() - 1) < 0.17, name
    excess = c["sizeExcess"] / c["sizeExcessErr"]
    assert abs(np.median(excess)) < 0.25 and abs(excess.std() - 1) < 0.2
    assert c["extendedness"].mean() < 5 / n + 0.01


def test_moments_of_stars_are_those_of_the_psf():
    c, *_ = _stars(300.0, 2)
    pull = (c["ixx"] - SIGMA**2) / c["ixxErr"]
    assert abs(pull.mean()) < 0.25 and abs(pull.std() - 1) < 0.15
    assert abs(np.mean(c["ixx"]) / c["ixxPSF"][0] - 1) < 0.005


def test_galaxies_are_extended_and_stars_are_not():
    rng = np.random.default_rng(3)
    y, x = grid((640, 640), 40, rng)
    wide = np.where(np.arange(len(y)) % 2 == 0, SIGMA, 1.25 * SIGMA)
    image = observe(draw((640, 640), y, x, np.full(len(y), 60 * NOISE), wide), SKY, rng)
    c = _measure(image)
    row, ok = _match(c, y, x)
    extended = c["extendedness"][row][ok] == 1
    assert extended[wide[ok] > SIGMA].mean() > 0.97
    assert extended[wide[ok] == SIGMA].mean() < 0.03


def test_scaling_the_image_scales_the_fluxes_only():
    rng = np.random.default_rng(4)
    y, x = grid((200, 200), 40, rng)
    image = observe(draw((200, 200), y, x, 50 * NOISE * np.ones(len(y))), SKY, rng)
    double = Image(2 * image.flux, 4 * image.variance, image.mask)
    a, b = _measure(image), _measure(double)
    for name in ("psfFlux", "kronFlux", "ap09Flux", "ap09FluxErr", "gaussFlux"):
        np.testing.assert_allclose(b[name], 2 * a[name], rtol=1e-5)
    for name in ("x", "y", "ixx", "halfLightRad", "kronRad", "xErr"):
        np.testing.assert_allclose(b[name], a[name], rtol=1e-5)
    np.testing.assert_array_equal(a["flags"], b["flags"])


def test_turning_the_image_over_turns_the_fluxes():
    rng = np.random.default_rng(5)
    y, x = grid((200, 200), 40, rng)
    image = observe(draw((200, 200), y, x, 50 * NOISE * np.ones(len(y))), SKY, rng)
    down = Image(-image.flux, image.variance, image.mask)
    a = _measure(image)
    found = find_footprints(down, PSF, threshold=np.inf, negative=5.0)
    b = measure_sources(down, deblend(down, found), PSF)
    np.testing.assert_allclose(b["psfFlux"], -a["psfFlux"], rtol=1e-6)
    np.testing.assert_allclose(b["x"], a["x"], atol=1e-9)
    assert (b["flags"] & flags.SOURCE["negative"]).all()


def test_blended_pair_shares_its_light():
    rng = np.random.default_rng(6)
    y, x = grid((640, 640), 40, rng)
    ys, xs = np.concatenate([y, y + 1.0]), np.concatenate([x, x + 6.0])
    flux = np.concatenate([np.full(len(y), 150 * NOISE), np.full(len(y), 80 * NOISE)])
    image = observe(draw((640, 640), ys, xs, flux), SKY, rng)
    c = _measure(image)
    row, ok = _match(c, ys, xs)
    assert ok.mean() > 0.99
    ratio = c["psfFlux"][row] / flux
    assert abs(np.median(ratio[: len(y)]) - 1) < 0.02
    assert abs(np.median(ratio[len(y) :]) - 1) < 0.03
    assert (c["flags"][row] & flags.SOURCE["deblended"] > 0).mean() > 0.99
    assert 0.0 < np.median(c["blendedness"][row]) < 0.3


def test_forced_fluxes_are_unbiased_at_empty_places():
    rng = np.random.default_rng(7)
    image = observe(np.zeros((500, 500)), SKY, rng)
    x, y = np.meshgrid(np.arange(25, 480, 20.0), np.arange(25, 480, 20.0))
    c = measure_forced(image, x.ravel(), y.ravel(), PSF)
    for name in ("psfFlux", "ap06Flux"):
        pull = c[name] / c[name + "Err"]  # 529 places
        assert abs(pull.mean()) < 0.13 and abs(pull.std() - 1) < 0.1
    np.testing.assert_array_equal(c["x"], x.ravel())


def test_forced_fluxes_of_a_pair_in_another_band_are_those_of_its_shares():
    rng = np.random.default_rng(8)
    y, x, flux = np.array([60.0, 60.0]), np.array([56.5, 63.5]), np.array([150.0, 80.0]) * NOISE
    found = observe(draw((120, 120), y, x, flux), SKY, rng)
    sources = deblend(found, find_footprints(found, PSF, threshold=20.0))
    assert len(sources) == 2
    places = measure_sources(found, sources, PSF)
    row, _ = _match(places, y, x)
    # a band in which both are 2.5 times brighter, and with noise of its own: the shares stay right
    other = observe(draw((120, 120), y, x, 2.5 * flux), SKY, rng)
    shared = measure_forced(other, places["x"], places["y"], PSF, sources=sources)["psfFlux"][row]
    np.testing.assert_allclose(shared, 2.5 * flux, rtol=0.04)  # as of pairs 6 px apart in docs/measurement.md
    alone = measure_forced(other, places["x"], places["y"], PSF)["psfFlux"][row]
    assert (alone > shared).all()  # without shares the neighbour's light is in both


def test_positions_of_other_sources_are_refused():
    image = observe(draw((60, 60), [30.0], [30.0], [100 * NOISE]), SKY, np.random.default_rng(9))
    sources = deblend(image, find_footprints(image, PSF))
    with pytest.raises(ValueError, match="not those"):
        measure_forced(image, [1.0, 2.0], [1.0, 2.0], PSF, sources=sources)


def test_order_of_places_does_not_matter():
    rng = np.random.default_rng(8)
    image = observe(draw((100, 100), [50.0], [50.0], [1e4]), SKY, rng)
    x, y = rng.uniform(10, 90, 20), rng.uniform(10, 90, 20)
    a = measure_forced(image, x, y, PSF)
    b = measure_forced(image, x[::-1], y[::-1], PSF)
    for name, column in a.columns.items():
        np.testing.assert_array_equal(column, b[name][::-1])


def test_flags_come_from_the_mask():
    rng = np.random.default_rng(9)
    y, x = np.array([30.0, 30.0, 30.0, 1.0]), np.array([30.0, 70.0, 110.0, 150.0])
    image = observe(draw((60, 180), y, x, np.full(4, 100 * NOISE)), SKY, rng)
    image.mask[30, 30] |= np.uint32(flags.MASK["SAT"])
    image.mask[30, 73] |= np.uint32(flags.MASK["INTRP"])
    c = _measure(image)
    row, ok = _match(c, y, x)
    assert ok.all()
    bits = c["flags"][row]
    assert bits[0] & flags.SOURCE["saturatedCenter"] and bits[0] & flags.SOURCE["saturated"]
    assert bits[1] & flags.SOURCE["interpolated"] and not bits[1] & flags.SOURCE["interpolatedCenter"]
    assert bits[2] & ~np.uint32(flags.SOURCE["neighbors"]) == 0
    assert bits[3] & flags.SOURCE["edge"]


def test_no_sources_give_an_empty_table_with_all_columns():
    image = observe(np.zeros((64, 64)), SKY, np.random.default_rng(10))
    c = measure_sources(image, deblend(image, find_footprints(image, PSF, threshold=50)), PSF)
    assert len(c) == 0 and "psfFlux" in c and "ap25FluxErr" in c


def test_wrong_use_is_refused():
    image = observe(np.zeros((64, 64)), SKY, np.random.default_rng(11))
    with pytest.raises(ValueError, match="positive"):
        measure_forced(image, [1.0], [1.0], PSF, apertures_px=(-1.0,))
    with pytest.raises(ValueError, match="one list"):
        measure_forced(image, [1.0, 2.0], [1.0], PSF)
    sources = deblend(image, find_footprints(image, PSF))
    with pytest.raises(ValueError, match="shape"):
        measure_sources(image.section(slice(0, 32), slice(0, 32)), sources, PSF)
